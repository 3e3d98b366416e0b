"""Alarms on plots: rules, what breaks them, mutes, and what was told."""

from peewee import BigIntegerField, BlobField, BooleanField, DoubleField, ForeignKeyField, IntegerField, Model, TextField


def up(migrator, db):
    class Base(Model):
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
        problem = TextField(default="")

        class Meta:
            table_name = "alarm_rule"

    class PlotAlarm(Base):
        rule = ForeignKeyField(AlarmRule, on_delete="CASCADE", index=False)
        subject = TextField()
        run = IntegerField()
        state = TextField()
        detail = TextField()
        is_error = BooleanField(default=True)
        begun = DoubleField()
        raised = DoubleField(null=True)
        judged = DoubleField()
        streak = IntegerField(default=1)
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
            indexes = ((("rule", "subject"), True), (("state", "raised"), False), (("version",), False))

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
