"""The table of the files of watched folders."""

from __future__ import annotations

from peewee import BigIntegerField, BooleanField, DoubleField, IntegerField, TextField

from app.core.database import Table


class LayoutFile(Table):
    """A file of a watched folder as it was read last, or a watched folder that could not be read."""

    path = TextField(unique=True)
    version = TextField(default="")  # size and time of change; "" before the first reading
    contents = IntegerField(default=0)  # layouts and workspaces of it that are shown
    problem = TextField(default="")  # the first thing that is wrong; "" for nothing
    problems = IntegerField(default=0)
    broken = BooleanField(default=False)  # its layouts from before the problem are still shown
    seen = BigIntegerField(default=0)  # value of COUNTER when a part of it was refused, since that may change with other layouts
    read = DoubleField()  # time of the last reading, Unix s UTC

    class Meta:
        """Options of peewee."""

        table_name = "layout_file"
