"""Table of the faulty area."""

from __future__ import annotations

from peewee import TextField

from app.core.database import Table


class FaultyNote(Table):
    """A note."""

    text = TextField()
