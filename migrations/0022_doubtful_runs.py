"""Runs with wild numbers are doubtful, and operators can hide runs; the newest run is the one that began last."""

from peewee import AutoField, BigIntegerField, DoubleField, Model, TextField

COUNT_HOSTS = """
WITH reports AS (
    SELECT system, run, host FROM square_job WHERE run IS NOT NULL UNION SELECT system, run, host FROM square_graph
), counted AS (SELECT system, run, COUNT(*) AS hosts FROM reports GROUP BY system, run)
UPDATE square_run SET hosts = counted.hosts FROM counted WHERE counted.system = square_run.system AND counted.run = square_run.run
"""


def up(migrator, db):
    class HiddenRun(Model):
        id = AutoField()
        system = TextField()
        run = BigIntegerField()
        user = TextField()
        at = DoubleField()
        reason = TextField()

        class Meta:
            database = db
            table_name = "square_hidden_run"
            indexes = ((("system", "run"), True),)

    db.create_tables([HiddenRun])
    db.execute_sql("ALTER TABLE square_run ADD COLUMN hosts INTEGER NOT NULL DEFAULT 1")
    db.execute_sql("ALTER TABLE square_run ADD COLUMN doubt TEXT NOT NULL DEFAULT ''")
    db.execute_sql(COUNT_HOSTS)
    db.execute_sql("UPDATE square_run SET doubt = 'range' WHERE run < 1 OR run >= 10000000")
    db.execute_sql("CREATE INDEX square_run_system_first ON square_run (system, first)")
