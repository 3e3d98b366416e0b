"""Tables of publishing are named after it, since DQM^2 is no longer the only area that publishes; editions are called revisions."""

TABLES = {
    "square_outside_series": "publish_series",
    "square_outside_piece": "publish_piece",
    "square_outside_item": "publish_item",
    "square_outside_mirror": "publish_mirror",
    "square_cleaned": "publish_redaction_count",
    "square_pseudonym": "publish_pseudonym",
}

COLUMNS = (
    ("publish_series", "edition", "revision"),
    ("publish_series", "dropped", "forgotten"),
    ("publish_item", "edition", "revision"),
    ("publish_mirror", "have", "revision"),
    ("publish_redaction_count", "times", "count"),
)


def up(migrator, db):
    for old, new in TABLES.items():
        db.execute_sql(f'ALTER TABLE "{old}" RENAME TO "{new}"')
    for table, old, new in COLUMNS:
        db.execute_sql(f'ALTER TABLE "{table}" RENAME COLUMN "{old}" TO "{new}"')
    for old, new in TABLES.items():
        for index in db.get_indexes(new):
            if index.name.startswith(old) and not index.name.endswith("_pkey"):
                rename_index(db, index, f"{new}_{'_'.join(index.columns)}")


def rename_index(db, index, name):
    """SQLite cannot rename an index."""
    columns = ", ".join(f'"{column}"' for column in index.columns)
    db.execute_sql(f'DROP INDEX "{index.name}"')
    db.execute_sql(f'CREATE {"UNIQUE " if index.unique else ""}INDEX "{name}" ON "{index.table}" ({columns})')
