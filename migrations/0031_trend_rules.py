"""Rules about trends, and their violations."""

from peewee import BigIntegerField, BooleanField, DoubleField, ForeignKeyField, IntegerField, Model, TextField


def up(migrator, db):
    class Base(Model):
        class Meta:
            database = db
            legacy_table_names = False

    class TrendRule(Base):
        subsystem = TextField()
        primary_dataset = TextField()
        processing = TextField()
        names = TextField()
        reference = TextField()
        sigmas = DoubleField()
        in_a_row = IntegerField()
        least_points = IntegerField()
        is_robust = BooleanField()
        note = TextField()
        enabled = BooleanField()
        deleted = BooleanField(default=False)
        user = TextField()
        changed = DoubleField()
        version = IntegerField()
        seen = BigIntegerField(null=True)
        evaluated = DoubleField(null=True)
        series = IntegerField(default=0)
        problem = TextField(default="")

        class Meta:
            table_name = "trend_rule"

    class TrendViolation(Base):
        rule = ForeignKeyField(TrendRule, index=False)
        series = TextField()
        first_run = IntegerField()
        last_run = IntegerField()
        shown_run = IntegerField()
        begun = DoubleField()
        title = TextField()
        text = TextField()
        query = TextField()
        ended = DoubleField(null=True, index=True)
        end_run = IntegerField(null=True)
        end_text = TextField(default="")

        class Meta:
            table_name = "trend_violation"
            indexes = ((("begun",), False), (("rule", "ended"), False))

    db.create_tables([TrendRule, TrendViolation])
