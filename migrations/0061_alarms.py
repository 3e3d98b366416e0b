"""Alarms on plots: rules, what breaks them, mutes, and notices."""

from peewee import (
    AutoField,
    BigIntegerField,
    BlobField,
    BooleanField,
    DoubleField,
    ForeignKeyField,
    IntegerField,
    Model,
    SqliteDatabase,
    TextField,
)
from playhouse.sqlite_ext import AutoIncrementField


def up(migrator, db):
    class Base(Model):
        # SQLite would give the number of a deleted row to a new one; numbers are in links of mails and in open pages
        id = AutoIncrementField() if isinstance(db, SqliteDatabase) else AutoField()

        class Meta:
            database = db
            legacy_table_names = False

    class AlarmRule(Base):
        name = TextField(unique=True)
        subsystem = TextField()
        condition = TextField()
        limits = TextField()
        dataset = TextField()
        place_kind = TextField()
        place = TextField()
        raise_after = IntegerField(default=1)
        recover_after = IntegerField(default=1)
        calm_s = DoubleField(default=600.0)
        remind_s = DoubleField(default=0.0)
        max_reminders = IntegerField(default=3)
        channels = TextField(default="")
        enabled = BooleanField(default=True)
        user = TextField()
        changed = DoubleField()
        judged = DoubleField(null=True)
        seen = TextField(default="")
        more = IntegerField(default=0)
        more_errors = IntegerField(default=0)
        told_more = IntegerField(default=0)
        told_more_at = DoubleField(null=True)
        judged_problem = TextField(default="")
        problem = TextField(default="")

        class Meta:
            table_name = "alarm_rule"

    class PlotAlarm(Base):
        rule = ForeignKeyField(AlarmRule, on_delete="CASCADE", index=False)
        subject = TextField()
        subject_hash = TextField()
        run = IntegerField()
        run_number = BigIntegerField(default=0)
        lumi = IntegerField(default=0)
        state = TextField()
        detail = TextField()
        is_error = BooleanField(default=True)
        begun = DoubleField()
        raised = DoubleField(null=True)
        judged = DoubleField()
        streak = IntegerField(default=1)
        worse = IntegerField(default=0)
        eased = DoubleField(null=True)
        told = DoubleField(null=True)
        returns = IntegerField(default=0)
        reminders = IntegerField(default=0)
        reminded = DoubleField(null=True)
        acknowledged = DoubleField(null=True)
        acknowledged_by = TextField(default="")
        note = TextField(default="")
        recovered = DoubleField(null=True)
        version = BigIntegerField()

        class Meta:
            table_name = "plot_alarm"
            indexes = ((("rule", "subject_hash"), True), (("state", "raised"), False), (("version",), False))

    class AlarmMute(Base):
        rule = ForeignKeyField(AlarmRule, on_delete="CASCADE", index=False)
        subject = TextField(null=True)
        begins = DoubleField()
        ends = DoubleField()
        reason = TextField()
        user = TextField()

        class Meta:
            table_name = "alarm_mute"
            indexes = ((("rule", "ends"), False),)

    class SeenPlots(Base):
        rule = ForeignKeyField(AlarmRule, on_delete="CASCADE", unique=True)
        run = BigIntegerField()
        lumi = IntegerField()
        names = BlobField()
        absent = TextField()

        class Meta:
            table_name = "alarm_seen_plots"

    class AlarmNotice(Base):
        kind = TextField()
        rule = BigIntegerField()
        rule_name = TextField()
        channels = TextField()
        run = IntegerField()
        run_number = BigIntegerField(default=0)
        lumi = IntegerField(default=0)
        dataset = TextField()
        at = DoubleField()
        title = TextField()
        text = TextField()
        subjects = TextField()
        count = IntegerField()

        class Meta:
            table_name = "alarm_notice"
            indexes = ((("at",), False), (("rule", "at"), False))

    db.create_tables([AlarmRule, PlotAlarm, AlarmMute, SeenPlots, AlarmNotice])
