"""Configurations of trends that are made on pages, and requested trends with their points."""

from peewee import SqliteDatabase

TABLES = """
CREATE TABLE trend_page_config (id {id}, subsystem TEXT NOT NULL, name TEXT NOT NULL, title TEXT NOT NULL, y_title TEXT NOT NULL,
    metric TEXT NOT NULL, me TEXT NOT NULL, histo1 TEXT NOT NULL, histo2 TEXT NOT NULL, reference TEXT NOT NULL,
    threshold INTEGER NOT NULL, kept_by TEXT NOT NULL, kept_at DOUBLE PRECISION NOT NULL, removed_by TEXT NOT NULL,
    removed_at DOUBLE PRECISION);
CREATE INDEX trend_page_config_subsystem_name ON trend_page_config (subsystem, name);
CREATE UNIQUE INDEX trend_page_config_used ON trend_page_config (subsystem, name) WHERE removed_at IS NULL;
CREATE TABLE requested_trend (id {id}, key TEXT NOT NULL, kind TEXT NOT NULL, request TEXT NOT NULL, "user" TEXT NOT NULL,
    created DOUBLE PRECISION NOT NULL, seen DOUBLE PRECISION NOT NULL, total INTEGER, note TEXT NOT NULL, version INTEGER NOT NULL);
CREATE UNIQUE INDEX requested_trend_key ON requested_trend (key);
CREATE TABLE requested_point (trend_id INTEGER NOT NULL REFERENCES requested_trend (id), dataset TEXT NOT NULL,
    run INTEGER NOT NULL, lumi INTEGER NOT NULL, value DOUBLE PRECISION, error DOUBLE PRECISION, reason TEXT NOT NULL,
    file TEXT NOT NULL, PRIMARY KEY (trend_id, dataset, run, lumi))
"""


def up(migrator, db):
    number = "INTEGER NOT NULL PRIMARY KEY" if isinstance(db, SqliteDatabase) else "SERIAL NOT NULL PRIMARY KEY"
    for statement in TABLES.format(id=number).split(";"):
        db.execute_sql(statement)
