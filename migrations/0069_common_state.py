"""What each process has in common with those of other hosts, as fingerprints."""


def up(migrator, db):
    db.execute_sql("ALTER TABLE service ADD COLUMN common TEXT NOT NULL DEFAULT '{}'")
