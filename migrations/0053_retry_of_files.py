"""When a file is read again whose reading failed for reasons outside of it."""


def up(migrator, db):
    db.execute_sql('ALTER TABLE "file" ADD COLUMN "retry_at" DOUBLE PRECISION NOT NULL DEFAULT 0')
