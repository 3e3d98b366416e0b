"""Accounts, sessions, tokens, failed sign-ins and the append-only audit log."""

from peewee import BooleanField, DoubleField, ForeignKeyField, IntegerField, Model, SqliteDatabase, TextField

SQLITE = (
    "CREATE TRIGGER audit_update BEFORE UPDATE ON audit BEGIN SELECT RAISE(ABORT, 'audit is append-only'); END",
    "CREATE TRIGGER audit_delete BEFORE DELETE ON audit BEGIN SELECT RAISE(ABORT, 'audit is append-only'); END",
    # REPLACE removes the old row without asking the trigger above
    "CREATE TRIGGER audit_replace BEFORE INSERT ON audit WHEN EXISTS (SELECT 1 FROM audit WHERE id = NEW.id) "
    "BEGIN SELECT RAISE(ABORT, 'audit is append-only'); END",
)

POSTGRESQL = (
    "CREATE FUNCTION audit_append_only() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'audit is append-only'; END $$",
    "CREATE TRIGGER audit_rows BEFORE UPDATE OR DELETE ON audit FOR EACH ROW EXECUTE FUNCTION audit_append_only()",
    "CREATE TRIGGER audit_truncate BEFORE TRUNCATE ON audit FOR EACH STATEMENT EXECUTE FUNCTION audit_append_only()",
)


def up(migrator, db):
    class Base(Model):
        class Meta:
            database = db
            legacy_table_names = False

    class User(Base):
        name = TextField(unique=True)
        role = IntegerField()
        password = TextField()
        disabled = BooleanField()
        created = DoubleField()

    class Session(Base):
        sha256 = TextField(unique=True)
        user = ForeignKeyField(User, on_delete="CASCADE")
        expires = DoubleField(index=True)

    class Token(Base):
        sha256 = TextField(unique=True)
        user = ForeignKeyField(User, on_delete="CASCADE")
        name = TextField()
        role = IntegerField()
        created = DoubleField()
        expires = DoubleField()
        last_used = DoubleField(null=True)

    class Attempt(Base):
        key = TextField(unique=True)
        failures = IntegerField()
        until = DoubleField()
        last = DoubleField(index=True)

    class Audit(Base):
        at = DoubleField()
        user = TextField()
        action = TextField()
        target = TextField()
        reason = TextField()
        answer = TextField()

    db.create_tables([User, Session, Token, Attempt, Audit])
    for statement in SQLITE if isinstance(db, SqliteDatabase) else POSTGRESQL:
        db.execute_sql(statement)
