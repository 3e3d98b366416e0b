"""The request that queued a background job, which its log lines name."""


def up(migrator, db):
    db.execute_sql("ALTER TABLE background_job ADD COLUMN request TEXT NOT NULL DEFAULT ''")
