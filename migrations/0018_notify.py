"""Notifications: tables named after the area, and columns and values in plain English."""

TABLES = {"square_notice": "notify_notification", "square_notice_delivery": "notify_delivery", "square_maintenance": "notify_maintenance"}

COLUMNS = {
    "notify_notification": {"found": "detected", "fate": "outcome"},
    "notify_delivery": {"notice_id": "notification_id", "why": "detail"},
}

VALUES = {
    ("notify_notification", "outcome"): {"told": "notified", "repeated": "duplicate"},
    ("notify_delivery", "state"): {"waiting": "pending", "held": "deferred", "dropped": "suppressed"},
}


def up(migrator, db):
    for old, new in TABLES.items():
        db.execute_sql(f"ALTER TABLE {old} RENAME TO {new}")
    for table, columns in COLUMNS.items():
        for old, new in columns.items():
            db.execute_sql(f"ALTER TABLE {table} RENAME COLUMN {old} TO {new}")
    for (table, column), values in VALUES.items():
        for old, new in values.items():
            db.execute_sql(f"UPDATE {table} SET {column} = '{new}' WHERE {column} = '{old}'")
    for old, new in TABLES.items():
        for index in db.get_indexes(new):
            if index.name.startswith(old) and not index.name.endswith("_pkey"):
                rename_index(db, index, f"{new}_{'_'.join(index.columns)}")


def rename_index(db, index, name):
    """Make an index anew: SQLite cannot rename one."""
    columns = ", ".join(f'"{column}"' for column in index.columns)
    db.execute_sql(f'DROP INDEX "{index.name}"')
    db.execute_sql(f'CREATE {"UNIQUE " if index.unique else ""}INDEX "{name}" ON "{index.table}" ({columns})')
