"""Exit codes, signals, summaries and reasons as fields in the words of jobs. A task indexes the jobs again: their places are negative until then."""

from peewee import SqliteDatabase

SQLITE_WORDS = """
CREATE VIRTUAL TABLE diary_words USING fts5(words, detail=none, columnsize=0, prefix='1 2 3 4 5 6 7 8 9 10',
    tokenize="ascii tokenchars '_=#'")
"""


def up(migrator, db):
    if isinstance(db, SqliteDatabase):  # deleting rows of FTS5 would read each
        db.execute_sql("DROP TABLE diary_words")
        db.execute_sql(SQLITE_WORDS)
        db.execute_sql("DELETE FROM diary_tally")
    else:
        db.execute_sql("TRUNCATE diary_words, diary_text, diary_tally")
    db.execute_sql("UPDATE diary_index SET place = -job, digest = 0")
