"""Something of every area in the database: what `fill` in tests/<area>/seed.py stores, otherwise a row in each table of the area."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable, Iterator
from importlib import import_module
from importlib.util import find_spec
from typing import Any

import peewee

from app.core.area import Area
from app.core.database import Table, proxy
from app.core.settings import Settings

WORD = "A word of somebody"
"""The text of generated rows."""


def package(area: Area) -> str:
    """The package of an area, such as app.gui."""
    declaring = (name for name, module in sys.modules.items() if name.endswith(".area") and getattr(module, "AREA", None) is area)
    return next(declaring).rpartition(".")[0]


def fill(settings: Settings, areas: Iterable[Area]) -> None:
    """Fill the database to which this process is bound."""
    for area in areas:
        seed = f"tests.{area.name}.seed"
        if package(area).startswith("app.") and find_spec(f"tests.{area.name}") and find_spec(seed):
            import_module(seed).fill(settings, time.time())
        elif not package(area).startswith("app."):
            for table in tables(area):
                table.create(**row(table))


def tables(area: Area) -> list[Any]:
    """The tables that the models of an area define."""
    return [table for table in all_tables() if f"{table.__module__}.".startswith(f"{package(area)}.")]


def all_tables(base: Any = Table) -> Iterator[Any]:
    """All tables of the product that this process knows."""
    for table in base.__subclasses__():
        yield table
        yield from all_tables(table)


def row(table: Any) -> dict[str, Any]:
    """Values for all columns that need one."""
    fields = [field for field in table._meta.sorted_fields if not isinstance(field, peewee.AutoField)]
    return {field.name: _value(field) for field in fields if field.default is None and not field.null}


def _value(field: Any) -> Any:
    if isinstance(field, peewee.ForeignKeyField):
        return field.rel_model.select().first()
    if isinstance(field, peewee.BlobField):
        return b""
    return WORD if is_text(field) else 1


def is_text(field: Any) -> bool:
    """Whether a column holds text."""
    return isinstance(field, peewee._StringField)


def check_integrity() -> str:
    """What SQLite says of the file: "ok"."""
    return str(proxy.execute_sql("PRAGMA integrity_check").fetchone()[0])
