"""Inserting or updating of many rows of a table at once."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from peewee import Database, Model

from app.core.database import proxy
from app.square.models import Document, Job, Run

FIRST_STATE_COLUMNS: dict[type[Model], tuple[str, ...]] = {Document: ("created",), Job: ("started", "stopped_by"), Run: ("doubt",)}
"""Columns that the first state of a document sets, and later ones do not change."""


@lru_cache(maxsize=16)
def _upsert_sql(table: type[Model], database: Database) -> str:
    """The statement, cached because peewee takes longer to build it than the database to insert the row."""
    fields = {name: field for name, field in table._meta.fields.items() if name != "id"}
    unique = table._meta.indexes[0][0]
    changed = [field for name, field in fields.items() if name not in (*unique, *FIRST_STATE_COLUMNS.get(table, ()))]
    target = [fields[name] for name in unique]
    sql: str = table.insert(dict.fromkeys(fields.values(), 0)).on_conflict(conflict_target=target, preserve=changed).sql()[0]
    return sql


def upsert(table: type[Model], found: list[dict[str, Any]], version: int) -> None:
    """Insert rows, or update those that are there by the first index of the table; all get this version. found: values by column."""
    if found:
        names = [name for name in table._meta.sorted_field_names if name != "id"]
        values = [[version if name == "version" else row[name] for name in names] for row in found]
        proxy.execute_many(_upsert_sql(table, proxy.obj), values)
