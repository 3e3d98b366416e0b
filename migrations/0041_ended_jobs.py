"""The background jobs that ended since a time are found by an index: the job diary asks for them every few seconds."""


def up(migrator, db):
    db.execute_sql('CREATE INDEX "background_job_finished" ON "background_job" ("finished")')
