"""Tables of alarms: rules, what breaks them, mutes, and notices. Times are Unix s UTC.

Numbers of rows are never used again (the migration sees to it on SQLite): they are in addresses of mails and of open pages.
"""

from __future__ import annotations

import hashlib
from typing import Any

from peewee import BigIntegerField, BlobField, BooleanField, DoubleField, ForeignKeyField, IntegerField, TextField

from app.core.database import Table

COUNTER = "alarms"
"""Grows with each change of a rule, an alarm or a mute; see app.core.counters."""

FOLDER, LAYOUT, WORKSPACE = "folder", "layout", "workspace"
"""Kinds of places that a rule watches."""

PENDING, NEW, REMINDED, ACKNOWLEDGED, RECOVERED = "pending", "new", "reminded", "acknowledged", "recovered"
"""States of an alarm. Pending: the rule is broken, but not yet as often in a row as it asks for; nobody is notified."""

OPEN = (NEW, REMINDED, ACKNOWLEDGED)
UNACKNOWLEDGED = (NEW, REMINDED)

MOST_ALARMS = 1000
"""Errors, and warnings, of a rule that have not recovered; further ones are only counted."""


class AlarmRule(Table):
    """What is watched, and when people are notified."""

    name = TextField(unique=True)  # for people
    subsystem = TextField()  # whose experts may change it, see app.security.subsystems
    condition = TextField()  # name of a module of app.alarms.conditions
    limits = TextField()  # JSON object: the numbers and words of the condition
    dataset = TextField()  # its ongoing run (run 0) is judged, or its newest run where it has no run 0
    place_kind = TextField()  # FOLDER, LAYOUT or WORKSPACE
    place = TextField()  # path of a folder or layout, name of a workspace; "" for the top folder
    raise_after = IntegerField(default=1)  # judgements in a row that break the rule before people are notified
    recover_after = IntegerField(default=1)  # judgements in a row that keep it before an alarm has recovered
    calm_s = DoubleField(default=600.0)  # an alarm that returns within this time of its recovery is the same one and not notified again
    remind_s = DoubleField(default=0.0)  # interval of reminders of alarms that nobody acknowledged; 0: none
    max_reminders = IntegerField(default=3)
    channels = TextField(default="")  # kinds of channels by which it is notified, with blanks between; "": all that want alarms
    enabled = BooleanField(default=True)
    user = TextField()  # who changed it last
    changed = DoubleField()
    judged = DoubleField(null=True)  # last judgement, to about a minute
    seen = TextField(default="")  # mark of the version of the sample that was judged last; "": judge it again
    more = IntegerField(default=0)  # subjects that broke it then beyond MOST_ALARMS
    more_errors = IntegerField(default=0)  # of these, without warnings
    told_more = IntegerField(default=0)  # `more_errors` at the last notice
    told_more_at = DoubleField(null=True)
    judged_problem = TextField(default="")  # what the newest judgement could not watch
    problem = TextField(default="")  # why it could not be judged, or watches less than it should

    class Meta:
        """Options of peewee."""

        table_name = "alarm_rule"


class PlotAlarm(Table):
    """A monitor element (ME), a subsystem or a sample that breaks a rule."""

    rule = ForeignKeyField(AlarmRule, on_delete="CASCADE", index=False)
    subject = TextField()  # path of the ME or folder; "" for the sample as a whole
    subject_hash = TextField()  # for the index: PostgreSQL indexes no text above 2,704 bytes
    run = IntegerField()  # of the newest judgement; 0: the ongoing run
    run_number = BigIntegerField(default=0)  # the same, by the MEs of an ongoing run; 0: unknown
    lumi = IntegerField(default=0)  # newest lumisection of the data then; 0: unknown
    state = TextField()
    detail = TextField()  # one line: what is wrong, such as the failing test with its message
    is_error = BooleanField(default=True)  # False: a warning
    begun = DoubleField()  # first judgement that broke the rule
    raised = DoubleField(null=True)  # when it became NEW; null while it is pending
    judged = DoubleField()  # newest judgement that changed something of it
    streak = IntegerField(default=1)  # judgements in a row for another state: broken while PENDING or RECOVERED, else kept
    worse = IntegerField(default=0)  # judgements in a row that found an error in a warning
    eased = DoubleField(null=True)  # when it became a warning last, after an error
    told = DoubleField(null=True)  # when it was notified; null: not yet, or its recovery was notified too
    returns = IntegerField(default=0)  # how often it came back within `calm_s`
    reminders = IntegerField(default=0)
    reminded = DoubleField(null=True)
    acknowledged = DoubleField(null=True)
    acknowledged_by = TextField(default="")
    note = TextField(default="")  # of the one who acknowledged it
    recovered = DoubleField(null=True)
    version = BigIntegerField()  # of COUNTER at its newest change

    class Meta:
        """Options of peewee."""

        table_name = "plot_alarm"
        indexes = ((("rule", "subject_hash"), True), (("state", "raised"), False), (("version",), False))

    def save(self, *args: Any, **options: Any) -> Any:
        """Store it with the hash of its subject."""
        self.subject_hash = hash_of(self.subject)
        return super().save(*args, **options)


def hash_of(subject: str) -> str:
    """The hash of the subject of an alarm."""
    return hashlib.sha256(subject.encode(errors="surrogatepass")).hexdigest()


class AlarmMute(Table):
    """A time in which nobody is notified of a rule or of one of its subjects; judging goes on."""

    rule = ForeignKeyField(AlarmRule, on_delete="CASCADE", index=False)
    subject = TextField(null=True)  # null for all subjects of the rule
    begins = DoubleField()
    ends = DoubleField()
    reason = TextField()
    user = TextField()

    class Meta:
        """Options of peewee."""

        table_name = "alarm_mute"
        indexes = ((("rule", "ends"), False),)


class SeenPlots(Table):
    """The MEs of a rule about absent ones that its run has had."""

    rule = ForeignKeyField(AlarmRule, on_delete="CASCADE", unique=True)
    run = BigIntegerField()  # number of the run by its MEs
    lumi = IntegerField()  # newest lumisection that was judged
    names = BlobField()  # their paths, joined by NUL, compressed
    absent = TextField()  # JSON object: the newest lumisection that had it, by the path of each one that is absent

    class Meta:
        """Options of peewee."""

        table_name = "alarm_seen_plots"


class AlarmNotice(Table):
    """The alarms of a rule that people are notified of at one moment: the source of an event of notifications."""

    kind = TextField()  # name of an event kind, see app.alarms.event_source
    rule = BigIntegerField()  # its number; the rule may be gone
    rule_name = TextField()
    channels = TextField()  # as in the rule
    run = IntegerField()  # 0: the run that was ongoing
    run_number = BigIntegerField(default=0)  # the same, by the MEs of an ongoing run; 0: unknown
    lumi = IntegerField(default=0)  # newest lumisection of the data; 0: unknown
    dataset = TextField()
    at = DoubleField()
    title = TextField()  # one line
    text = TextField()  # one line, with the first subjects
    subjects = TextField()  # JSON: list of {"subject", "detail", "is_new"}
    count = IntegerField()  # of all subjects; `subjects` has the first ones

    class Meta:
        """Options of peewee."""

        table_name = "alarm_notice"
        indexes = ((("at",), False), (("rule", "at"), False))
