"""Facts of runs from OMS and the Run Registry, and the state of these two sources."""

from peewee import BigIntegerField, BooleanField, DoubleField, IntegerField, Model, TextField


def up(migrator, db):
    class Base(Model):
        class Meta:
            database = db
            legacy_table_names = False

    class RunFacts(Base):
        run = IntegerField(primary_key=True)
        enrolled = DoubleField()
        oms_state = TextField(default="")
        oms_at = DoubleField(null=True)
        oms_due = DoubleField(null=True)
        oms_failures = IntegerField(default=0)
        oms_error = TextField(default="")
        start = DoubleField(null=True)
        end = DoubleField(null=True)
        fill = IntegerField(null=True)
        fill_type = TextField(null=True)
        stable_beam = BooleanField(null=True)
        injection_scheme = TextField(null=True)
        era = TextField(null=True)
        duration = DoubleField(null=True)
        delivered_lumi = DoubleField(null=True)
        recorded_lumi = DoubleField(null=True)
        end_lumi = DoubleField(null=True)
        b_field = DoubleField(null=True)
        energy = DoubleField(null=True)
        l1_rate = DoubleField(null=True)
        hlt_physics_rate = DoubleField(null=True)
        l1_key = TextField(null=True)
        hlt_key = TextField(null=True)
        last_lumi = IntegerField(null=True)
        units = TextField(default="{}")
        dcs_lumis = IntegerField(null=True)
        rr_state = TextField(default="")
        rr_at = DoubleField(null=True)
        rr_due = DoubleField(null=True)
        rr_failures = IntegerField(default=0)
        rr_error = TextField(default="")
        run_class = TextField(null=True)
        rr_significant = BooleanField(null=True)
        rr_run_state = TextField(null=True)
        components = TextField(default="{}")
        version = BigIntegerField(default=0)

        class Meta:
            table_name = "run_facts"
            indexes = ((("oms_due",), False), (("rr_due",), False))

    class SourceState(Base):
        name = TextField(primary_key=True)
        ok_at = DoubleField(null=True)
        failures = IntegerField(default=0)
        failing_since = DoubleField(null=True)
        retry_at = DoubleField(default=0.0)
        error = TextField(default="")

        class Meta:
            table_name = "run_facts_source"

    db.create_tables([RunFacts, SourceState])
