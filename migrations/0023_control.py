"""The tables of the control room and of the version counters are named after them, and their columns in plain English."""

TABLES = {"square_command": "control_command", "square_feed": "version_counter"}

COLUMNS = {
    "control_command": {"touched": "impact", "once": "idempotency_key"},
    "version_counter": {"system": "name"},
}


def up(migrator, db):
    for old, new in TABLES.items():
        db.execute_sql(f"ALTER TABLE {old} RENAME TO {new}")
    for table, columns in COLUMNS.items():
        for old, new in columns.items():
            db.execute_sql(f"ALTER TABLE {table} RENAME COLUMN {old} TO {new}")
    for old, new in TABLES.items():
        for index in db.get_indexes(new):
            if index.name.startswith(old) and not index.name.endswith("_pkey"):
                rename_index(db, index, f"{new}_{'_'.join(index.columns)}")


def rename_index(db, index, name):
    """Make an index anew: SQLite cannot rename one."""
    columns = ", ".join(f'"{column}"' for column in index.columns)
    db.execute_sql(f'DROP INDEX "{index.name}"')
    db.execute_sql(f'CREATE {"UNIQUE " if index.unique else ""}INDEX "{name}" ON "{index.table}" ({columns})')
