"""How often a row of the audit log was repeated within its hour. A count only grows, and none is removed."""

from peewee import SqliteDatabase

SQLITE = (
    "CREATE TRIGGER audit_count_update BEFORE UPDATE ON audit_count WHEN NEW.count < OLD.count OR NEW.row <> OLD.row "
    'OR NEW."window" <> OLD."window" OR NEW.action <> OLD.action OR NEW.sender <> OLD.sender '
    "BEGIN SELECT RAISE(ABORT, 'audit_count only grows'); END",
    "CREATE TRIGGER audit_count_delete BEFORE DELETE ON audit_count BEGIN SELECT RAISE(ABORT, 'audit_count only grows'); END",
)

POSTGRESQL = (
    "CREATE FUNCTION audit_count_grows() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
    'IF TG_OP = \'UPDATE\' AND NEW.count >= OLD.count AND (NEW."row", NEW."window", NEW.action, NEW.sender) '
    '= (OLD."row", OLD."window", OLD.action, OLD.sender) THEN RETURN NEW; END IF; '
    "RAISE EXCEPTION 'audit_count only grows'; END $$",
    "CREATE TRIGGER audit_count_rows BEFORE UPDATE OR DELETE ON audit_count FOR EACH ROW EXECUTE FUNCTION audit_count_grows()",
    "CREATE TRIGGER audit_count_truncate BEFORE TRUNCATE ON audit_count FOR EACH STATEMENT EXECUTE FUNCTION audit_count_grows()",
)


def up(migrator, db):
    db.execute_sql(
        'CREATE TABLE audit_count ("row" BIGINT NOT NULL PRIMARY KEY, "window" BIGINT NOT NULL, action TEXT NOT NULL, '
        'sender TEXT NOT NULL, count BIGINT NOT NULL, "last" DOUBLE PRECISION NOT NULL)'
    )
    db.execute_sql('CREATE UNIQUE INDEX audit_count_window ON audit_count ("window", action, sender)')
    for statement in SQLITE if isinstance(db, SqliteDatabase) else POSTGRESQL:
        db.execute_sql(statement)
