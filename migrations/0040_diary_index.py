"""The index of the jobs of the diary: words, places in lists, tallies. A task indexes the jobs that are there: their places are negative."""

from peewee import SqliteDatabase

INDEX = """
CREATE TABLE diary_index (place {number} NOT NULL PRIMARY KEY, job BIGINT NOT NULL, digest BIGINT NOT NULL, state TEXT NOT NULL,
    review TEXT NOT NULL, verdict TEXT NOT NULL, source TEXT NOT NULL, "user" TEXT NOT NULL, project TEXT NOT NULL, run TEXT NOT NULL,
    tags TEXT NOT NULL, name TEXT {by_code} NOT NULL, user_key TEXT {by_code} NOT NULL, changed DOUBLE PRECISION NOT NULL,
    ended DOUBLE PRECISION NOT NULL)
"""
ORDERS = ("changed DESC", "ended DESC", "name", "user_key")
TALLY = """
CREATE TABLE diary_tally (id {number} NOT NULL PRIMARY KEY, source TEXT NOT NULL, state TEXT NOT NULL, review TEXT NOT NULL,
    verdict TEXT NOT NULL, field TEXT NOT NULL, value TEXT NOT NULL, jobs BIGINT NOT NULL)
"""
SQLITE_WORDS = """
CREATE VIRTUAL TABLE diary_words USING fts5(words, detail=none, columnsize=0, prefix='1 2 3 4 5 6 7 8 9 10',
    tokenize="ascii tokenchars '_=#'")
"""
POSTGRESQL_WORDS = "CREATE TABLE diary_words (place BIGINT NOT NULL PRIMARY KEY, vector TSVECTOR NOT NULL)"
POSTGRESQL_TEXT = "CREATE TABLE diary_text (place BIGINT NOT NULL PRIMARY KEY, words TEXT NOT NULL)"  # apart: counts read no texts
EXISTING = """
INSERT INTO diary_index (job, place, digest, state, review, verdict, source, "user", project, run, tags, name, user_key, changed, ended)
    SELECT id, -id, 0, state, 'open', 'none', source, '', '', '', '', '', '', changed, 0 FROM diary_job
"""


def up(migrator, db):
    is_sqlite = isinstance(db, SqliteDatabase)
    db.execute_sql(INDEX.format(number="INTEGER" if is_sqlite else "BIGINT", by_code="" if is_sqlite else 'COLLATE "C"'))
    db.execute_sql("CREATE UNIQUE INDEX diary_index_job ON diary_index (job)")
    for order in ORDERS:
        name = order.partition(" ")[0]
        db.execute_sql(f"CREATE INDEX diary_index_{name} ON diary_index ({order}, place DESC)")
    db.execute_sql(TALLY.format(number="INTEGER" if is_sqlite else "SERIAL"))
    db.execute_sql("CREATE UNIQUE INDEX diary_tally_key ON diary_tally (field, value, source, state, review, verdict)")
    db.execute_sql(SQLITE_WORDS if is_sqlite else POSTGRESQL_WORDS)
    if not is_sqlite:
        db.execute_sql(POSTGRESQL_TEXT)
        db.execute_sql("CREATE INDEX diary_words_vector ON diary_words USING gin (vector)")
    db.execute_sql(EXISTING)
