"""Samples count their monitor elements with errors and warnings; the job `count-alarms` fills the rows of older versions."""


def up(migrator, db):
    for column in ("errors", "warnings"):
        db.execute_sql(f"ALTER TABLE sample ADD COLUMN {column} INTEGER")
