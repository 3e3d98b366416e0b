"""Trends: configurations with their versions, files, points, and the state of extraction."""

from peewee import SqliteDatabase

TABLES = """
CREATE TABLE trend (id {id}, subsystem TEXT NOT NULL, name TEXT NOT NULL, title TEXT NOT NULL, y_title TEXT NOT NULL,
    place TEXT NOT NULL, retired {boolean} NOT NULL);
CREATE UNIQUE INDEX trend_subsystem_name ON trend (subsystem, name);
CREATE TABLE trend_version (id {id}, trend_id INTEGER NOT NULL REFERENCES trend (id), hash TEXT NOT NULL, metric TEXT NOT NULL,
    me TEXT NOT NULL, histo1 TEXT NOT NULL, histo2 TEXT NOT NULL, reference TEXT NOT NULL, threshold INTEGER NOT NULL,
    created DOUBLE PRECISION NOT NULL, activated INTEGER);
CREATE UNIQUE INDEX trend_version_trend_id_hash ON trend_version (trend_id, hash);
CREATE TABLE trend_dataset (id {id}, name TEXT NOT NULL, primary_dataset TEXT NOT NULL, era TEXT NOT NULL,
    processing TEXT NOT NULL, version INTEGER NOT NULL);
CREATE UNIQUE INDEX trend_dataset_name ON trend_dataset (name);
CREATE TABLE trend_file (id {id}, url TEXT NOT NULL, size BIGINT NOT NULL, mtime_ns BIGINT NOT NULL);
CREATE UNIQUE INDEX trend_file_url_size_mtime_ns ON trend_file (url, size, mtime_ns);
CREATE TABLE trend_series (id {id}, version_id INTEGER NOT NULL REFERENCES trend_version (id),
    dataset_id INTEGER NOT NULL REFERENCES trend_dataset (id));
CREATE UNIQUE INDEX trend_series_dataset_id_version_id ON trend_series (dataset_id, version_id);
CREATE TABLE trend_reason (id {id}, text TEXT NOT NULL);
CREATE UNIQUE INDEX trend_reason_text ON trend_reason (text);
CREATE TABLE trend_point (series_id INTEGER NOT NULL, run INTEGER NOT NULL, value DOUBLE PRECISION, error DOUBLE PRECISION,
    file_id INTEGER NOT NULL, reason_id INTEGER, PRIMARY KEY (series_id, run)){without_rowid};
CREATE TABLE trend_extraction (dataset_id INTEGER NOT NULL REFERENCES trend_dataset (id), run INTEGER NOT NULL,
    file_id INTEGER REFERENCES trend_file (id), sample_file INTEGER NOT NULL, sample_version INTEGER NOT NULL, activated INTEGER NOT NULL, state TEXT NOT NULL, tries INTEGER NOT NULL,
    next_try DOUBLE PRECISION NOT NULL, error TEXT NOT NULL, points INTEGER NOT NULL, without_point INTEGER NOT NULL,
    absent INTEGER NOT NULL, bytes_read BIGINT NOT NULL, finished DOUBLE PRECISION NOT NULL, PRIMARY KEY (dataset_id, run));
CREATE TABLE trend_losing_file (dataset_id INTEGER NOT NULL REFERENCES trend_dataset (id), run INTEGER NOT NULL, url TEXT NOT NULL,
    PRIMARY KEY (dataset_id, run, url))
"""


def up(migrator, db):
    is_sqlite = isinstance(db, SqliteDatabase)
    words = {
        "id": "INTEGER NOT NULL PRIMARY KEY" if is_sqlite else "SERIAL NOT NULL PRIMARY KEY",
        "boolean": "INTEGER" if is_sqlite else "BOOLEAN",
        # points are stored in the order of their key, without a second tree: half the size, and a series is read in one go
        "without_rowid": " WITHOUT ROWID" if is_sqlite else "",
    }
    for statement in TABLES.format(**words).split(";"):
        db.execute_sql(statement)
