"""Tables of rules and of their violations. Times are Unix s UTC."""

from __future__ import annotations

from peewee import BigIntegerField, BooleanField, DoubleField, ForeignKeyField, IntegerField, TextField

from app.core.database import Table

COUNTER = "trend rules"
"""Name of the version counter of rules and violations, see app.core.counters."""


class TrendRule(Table):
    """A rule: points of some series of a selection shall be within the band of their reference runs."""

    subsystem = TextField()
    primary_dataset = TextField()
    processing = TextField()
    names = TextField()  # name of a trend, or a pattern with * and ?
    reference = TextField()  # text form of a RunChoice
    sigmas = DoubleField()  # half the width of the band
    in_a_row = IntegerField()  # points outside that are a violation
    least_points = IntegerField()  # points in the reference runs that a band needs
    is_robust = BooleanField()  # median and MAD instead of mean and standard deviation
    note = TextField()
    enabled = BooleanField()
    deleted = BooleanField(default=False)  # its violations stay
    user = TextField()  # who made the last change
    changed = DoubleField()
    version = IntegerField()  # grows with each change
    seen = BigIntegerField(null=True)  # change number of the selection at the last evaluation; null: evaluate it again
    evaluated = DoubleField(null=True)
    series = IntegerField(default=0)  # that were evaluated
    problem = TextField(default="")  # why series could not be evaluated; a sentence

    class Meta:
        """Options of peewee."""

        table_name = "trend_rule"


class TrendViolation(Table):
    """A series that was outside its band for so many runs in a row, from the run where that began to the first one inside."""

    rule = ForeignKeyField(TrendRule, index=False)
    series = TextField()  # text form of its key
    first_run = IntegerField()  # the first run outside
    last_run = IntegerField()  # the last run outside when it was noticed
    shown_run = IntegerField()  # where charts of it begin: some runs before
    begun = DoubleField()  # when it was noticed
    title = TextField()
    text = TextField()
    query = TextField()  # band=, sigma= and robust= of the rule then, for charts
    ended = DoubleField(null=True, index=True)  # when its end was noticed
    end_run = IntegerField(null=True)  # the first run inside; null if it goes on, or if it ended with its rule
    end_text = TextField(default="")

    class Meta:
        """Options of peewee."""

        table_name = "trend_violation"
        indexes = ((("begun",), False), (("rule", "ended"), False))
