"""The stored places of monitor elements have more columns: the files are read again when somebody looks."""


def up(migrator, db):
    db.execute_sql("UPDATE file SET state = 'new', size = NULL, mtime_ns = NULL")
    db.execute_sql("UPDATE sample SET namelist_id = NULL, columns = NULL, facts = NULL, me_count = NULL")
