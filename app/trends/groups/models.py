"""Tables of display groups and of the history of their changes."""

from __future__ import annotations

from peewee import BooleanField, DoubleField, IntegerField, TextField

from app.core.database import Table

COUNTER = "trend groups"
"""Who changes positions takes a number first, so that others wait until they are visible; see app.core.counters."""


class TrendGroup(Table):
    """A display group, identified by subsystem and name."""

    subsystem = TextField()
    name = TextField()
    title = TextField()
    y_title = TextField()
    correlation = BooleanField()
    series = TextField()  # JSON: names of trends of the subsystem, in order; also of trends that no configuration has
    position = IntegerField()  # groups are shown in this order
    version = IntegerField()  # grows with each change, and when the group is deleted
    deleted = BooleanField(default=False)  # it can be restored

    class Meta:
        """Options of peewee."""

        table_name = "trend_group"
        indexes = ((("subsystem", "name"), True), (("subsystem", "position"), False))


class TrendGroupChange(Table):
    """A change of a group. Triggers in the database allow only new rows."""

    group = IntegerField(index=True)  # id of the TrendGroup
    version = IntegerField()  # of the group after the change
    at = DoubleField()  # Unix s UTC
    user = TextField()
    action = TextField()  # "add", "edit", "move", "delete", "restore" or "import"
    before = TextField()  # JSON in the original's form; "" if there was no group
    after = TextField()  # the same; "" if there is no group any more

    class Meta:
        """Options of peewee."""

        table_name = "trend_group_change"
