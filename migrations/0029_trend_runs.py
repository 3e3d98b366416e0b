"""Runs of the datasets of trends, and numbers of the changes of their points: what pages need to read no more than they show."""

from peewee import SqliteDatabase


def up(migrator, db):
    without_rowid = " WITHOUT ROWID" if isinstance(db, SqliteDatabase) else ""
    db.execute_sql("ALTER TABLE trend_dataset ADD COLUMN changed BIGINT NOT NULL DEFAULT 0")
    db.execute_sql(
        "CREATE TABLE trend_run (dataset_id INTEGER NOT NULL REFERENCES trend_dataset (id), run INTEGER NOT NULL, "
        f"PRIMARY KEY (dataset_id, run)){without_rowid}"
    )
    db.execute_sql(
        "INSERT INTO trend_run (dataset_id, run) SELECT DISTINCT s.dataset_id, p.run "
        "FROM trend_series AS s JOIN trend_point AS p ON p.series_id = s.id"
    )
