"""Short links to views of the DQM GUI."""


def up(migrator, db):
    db.execute_sql("CREATE TABLE short_link (name TEXT NOT NULL PRIMARY KEY, address TEXT NOT NULL, created DOUBLE PRECISION NOT NULL)")
