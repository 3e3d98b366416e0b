"""Permanent links of events: a random mark of each notification; and channels that operators add on a page."""

from peewee import BooleanField, DoubleField, Model, SqliteDatabase, TextField


def up(migrator, db):
    class NotificationChannel(Model):
        kind = TextField()
        name = TextField(unique=True)
        kinds = TextField()
        options = TextField()
        enabled = BooleanField(default=True)
        user = TextField()
        changed = DoubleField()

        class Meta:
            database = db
            legacy_table_names = False
            table_name = "notify_channel"

    is_sqlite = isinstance(db, SqliteDatabase)
    mark = "lower(hex(randomblob(16)))" if is_sqlite else "replace(gen_random_uuid()::text, '-', '')"
    db.execute_sql("ALTER TABLE notify_notification ADD COLUMN mark TEXT NOT NULL DEFAULT ''")
    db.execute_sql(f"UPDATE notify_notification SET mark = {mark}")
    db.execute_sql("CREATE UNIQUE INDEX notify_notification_mark ON notify_notification (mark)")
    db.execute_sql("CREATE INDEX notify_notification_kind_at ON notify_notification (kind, at)")
    db.execute_sql("CREATE INDEX notify_notification_at ON notify_notification (at, id)")
    db.create_tables([NotificationChannel])
