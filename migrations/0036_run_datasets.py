"""Datasets of runs in the Run Registry, with their lumisection ranges."""

import time

from peewee import CompositeKey, IntegerField, Model, TextField


def up(migrator, db):
    class Base(Model):
        class Meta:
            database = db
            legacy_table_names = False

    class RunDataset(Base):
        run = IntegerField()
        name = TextField()
        states = TextField()
        components = TextField()
        ranges = TextField(null=True)
        error = TextField(default="")

        class Meta:
            table_name = "run_facts_dataset"
            primary_key = CompositeKey("run", "name")

    db.create_tables([RunDataset])
    db.execute_sql(f"UPDATE run_facts SET rr_due = {time.time()} WHERE rr_state = 'known'")  # so that their datasets are fetched
