"""The table of golden JSON files."""

from __future__ import annotations

from peewee import DoubleField, IntegerField, TextField

from app.core.database import Table


class GoldenList(Table):
    """A golden JSON that somebody has uploaded."""

    hash = TextField(primary_key=True)  # SHA-256 of the content, in hexadecimal digits
    content = TextField()  # the canonical form
    name = TextField()  # of the file, at its first upload; "" without one
    runs = IntegerField()  # number of runs
    lumis = IntegerField()  # number of lumisections
    user = TextField()  # who has uploaded it first
    created = DoubleField()  # Unix s UTC
    used = DoubleField(index=True)  # Unix s UTC, to the day

    class Meta:
        """Options of peewee."""

        table_name = "golden_list"
