"""Runs count clients by their newest job, and jobs that were ended by a command are no crashes."""

from peewee import AutoField, BigIntegerField, DoubleField, IntegerField, Model, TextField

COUNT = """
WITH ranked AS (
    SELECT system, run, exit_code,
        ROW_NUMBER() OVER (PARTITION BY system, run, tag, host ORDER BY started DESC, id DESC) AS place
    FROM square_job WHERE run IS NOT NULL
), counted AS (
    SELECT system, run,
        SUM(CASE WHEN place = 1 THEN 1 ELSE 0 END) AS clients,
        SUM(CASE WHEN place = 1 AND exit_code IS NULL THEN 1 ELSE 0 END) AS running,
        SUM(CASE WHEN place = 1 AND exit_code = 0 THEN 1 ELSE 0 END) AS finished,
        SUM(CASE WHEN place = 1 AND exit_code <> 0 THEN 1 ELSE 0 END) AS crashed,
        SUM(CASE WHEN place > 1 AND exit_code <> 0 THEN 1 ELSE 0 END) AS failed
    FROM ranked GROUP BY system, run
)
UPDATE square_run SET
    clients = counted.clients, running = counted.running, finished = counted.finished, crashed = counted.crashed, failed = counted.failed
FROM counted WHERE counted.system = square_run.system AND counted.run = square_run.run
"""


def up(migrator, db):
    class CommandedStop(Model):
        id = AutoField()
        system = TextField()
        host = TextField()
        key = TextField()
        signal = IntegerField()
        command = BigIntegerField()
        title = TextField()
        user = TextField()
        reason = TextField()
        at = DoubleField()
        until = DoubleField()

        class Meta:
            database = db
            table_name = "square_commanded_stop"
            indexes = ((("system", "until"), False), (("command",), True))

    db.create_tables([CommandedStop])
    for column in ("clients", "stopped", "failed"):
        db.execute_sql(f"ALTER TABLE square_run ADD COLUMN {column} INTEGER NOT NULL DEFAULT 0")
    db.execute_sql("ALTER TABLE square_job ADD COLUMN stopped_by BIGINT")
    db.execute_sql(COUNT)
