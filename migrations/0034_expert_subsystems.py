"""The subsystems to which the role of an expert is limited."""


def up(migrator, db):
    db.execute_sql("ALTER TABLE \"user\" ADD COLUMN subsystems TEXT NOT NULL DEFAULT ''")
