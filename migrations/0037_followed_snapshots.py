"""The snapshots of ongoing runs from which the values of requested trends go on."""

from peewee import SqliteDatabase

TABLE = """
CREATE TABLE followed_snapshot (trend_id INTEGER NOT NULL PRIMARY KEY REFERENCES requested_trend (id), sample_version INTEGER NOT NULL,
    run INTEGER NOT NULL, lumi INTEGER NOT NULL, elements {blob} NOT NULL)
"""


def up(migrator, db):
    db.execute_sql(TABLE.format(blob="BLOB" if isinstance(db, SqliteDatabase) else "BYTEA"))
