"""Tables of the stub area."""

from __future__ import annotations

from peewee import DoubleField

from app.core.database import Table


class Visit(Table):
    """A visit of the page."""

    at = DoubleField()  # Unix s UTC
