"""What happened when: runs and jobs by their last report."""


def up(migrator, db):
    db.execute_sql("CREATE INDEX square_job_system_reported ON square_job (system, reported)")
    db.execute_sql("CREATE INDEX square_run_system_last ON square_run (system, last)")
