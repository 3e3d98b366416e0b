"""The table of walls."""

from __future__ import annotations

from peewee import DoubleField, IntegerField, TextField

from app.core.database import Table


class Wall(Table):
    """A wall with its tabs and panels."""

    name = TextField(unique=True)  # in its address
    definition = TextField()  # JSON, see app.wall.definition
    version = IntegerField()  # grows with each change
    user = TextField()  # who changed it last
    changed = DoubleField()  # Unix s UTC
