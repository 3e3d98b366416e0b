"""The index of the jobs of the diary: words, and the place in lists. Jobs that are there already get a negative place until a task indexes them."""

from peewee import SqliteDatabase

INDEX = """
CREATE TABLE diary_index (job BIGINT NOT NULL PRIMARY KEY, place BIGINT NOT NULL UNIQUE, state TEXT NOT NULL, review TEXT NOT NULL,
    verdict TEXT NOT NULL, source TEXT NOT NULL, "user" TEXT NOT NULL, project TEXT NOT NULL, run TEXT NOT NULL)
"""
SQLITE_WORDS = """
CREATE VIRTUAL TABLE diary_words USING fts5(words, detail=none, columnsize=0, prefix='1 2 3 4 5', tokenize="ascii tokenchars '_=#'")
"""
POSTGRESQL_WORDS = """
CREATE TABLE diary_words (place BIGINT NOT NULL PRIMARY KEY, words TEXT NOT NULL,
    vector TSVECTOR NOT NULL GENERATED ALWAYS AS (array_to_tsvector(string_to_array(trim(words), ' '))) STORED)
"""
EXISTING = """
INSERT INTO diary_index (job, place, state, review, verdict, source, "user", project, run)
    SELECT id, -id, state, 'open', 'none', source, "user", project, '' FROM diary_job
"""


def up(migrator, db):
    db.execute_sql(INDEX)
    if isinstance(db, SqliteDatabase):
        db.execute_sql(SQLITE_WORDS)
    else:
        db.execute_sql(POSTGRESQL_WORDS)
        db.execute_sql("CREATE INDEX diary_words_vector ON diary_words USING gin (vector)")
    db.execute_sql(EXISTING)
