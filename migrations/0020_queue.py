"""The tables of background jobs and periodic tasks are named after them, and so are their indexes."""

INDEXES = (
    ("work_state_queue_lease_until", "INDEX background_job_state_queue_lease_until ON background_job (state, queue, lease_until)"),
    ("work_kind_key", "INDEX background_job_kind_key ON background_job (kind, key)"),
    (
        "work_open_kind_key",
        "UNIQUE INDEX background_job_open_kind_key ON background_job (kind, key) WHERE state IN ('queued', 'running')",
    ),
    ("loop_name", "UNIQUE INDEX periodic_task_name ON periodic_task (name)"),
)


def up(migrator, db):
    db.execute_sql("ALTER TABLE work RENAME TO background_job")
    db.execute_sql("ALTER TABLE loop RENAME TO periodic_task")
    for old, new in INDEXES:  # SQLite cannot rename an index
        db.execute_sql(f"DROP INDEX {old}")
        db.execute_sql(f"CREATE {new}")
