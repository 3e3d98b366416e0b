"""Bulk reviews count the jobs that would have had too many tags."""


def up(migrator, db):
    db.execute_sql('ALTER TABLE "diary_bulk_review" ADD COLUMN "skipped" INTEGER NOT NULL DEFAULT 0')
