"""Looking rows up by keys of several columns, in time proportional to the keys.

Conditions such as `run IN (...) AND lumi IN (...)` also find all other combinations, which may be many more.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from peewee import JOIN, Select, ValuesList


def with_keys(columns: Sequence[Any], fields: Sequence[Any], keys: Iterable[tuple[Any, ...]]) -> Select:
    """A query of the rows with these keys. It finds each key by an index, whatever the statistics of the database say.

    Args:
        columns: What the query has of each row, all of one table.
        fields: The columns of the key, in the order of an index.
        keys: One to a few thousand different keys, each with a value for each field.
    """
    wanted = ValuesList([*keys], alias="wanted")
    same = [field == getattr(wanted.c, f"column{number}") for number, field in enumerate(fields, 1)]
    return Select([wanted.join(fields[0].model, JOIN.CROSS)], columns).where(*same)
