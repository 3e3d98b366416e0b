"""What users want to be notified about for themselves; the ends of jobs of the diary are found by an index."""

from peewee import Model, TextField

ENDS = """
CREATE INDEX diary_event_end ON diary_event (at) WHERE field = 'state' AND new IN ('done', 'failed', 'cancelled', 'lost')
"""


def up(migrator, db):
    class Subscription(Model):
        user = TextField(unique=True)
        address = TextField()
        kinds = TextField()

        class Meta:
            database = db
            legacy_table_names = False
            table_name = "notify_subscription"

    db.create_tables([Subscription])
    db.execute_sql(ENDS)
