"""Display groups of trends, and the append-only history of their changes."""

from peewee import BooleanField, DoubleField, IntegerField, Model, SqliteDatabase, TextField

TABLE = "trend_group_change"
REFUSED = f"{TABLE} is append-only"

SQLITE = (
    f"CREATE TRIGGER {TABLE}_update BEFORE UPDATE ON {TABLE} BEGIN SELECT RAISE(ABORT, '{REFUSED}'); END",
    f"CREATE TRIGGER {TABLE}_delete BEFORE DELETE ON {TABLE} BEGIN SELECT RAISE(ABORT, '{REFUSED}'); END",
    # REPLACE removes the old row without asking the trigger above
    f"CREATE TRIGGER {TABLE}_replace BEFORE INSERT ON {TABLE} WHEN EXISTS (SELECT 1 FROM {TABLE} WHERE id = NEW.id) "
    f"BEGIN SELECT RAISE(ABORT, '{REFUSED}'); END",
)

POSTGRESQL = (
    f"CREATE FUNCTION {TABLE}_append_only() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION '{REFUSED}'; END $$",
    f"CREATE TRIGGER {TABLE}_rows BEFORE UPDATE OR DELETE ON {TABLE} FOR EACH ROW EXECUTE FUNCTION {TABLE}_append_only()",
    f"CREATE TRIGGER {TABLE}_truncate BEFORE TRUNCATE ON {TABLE} FOR EACH STATEMENT EXECUTE FUNCTION {TABLE}_append_only()",
)


def up(migrator, db):
    class Base(Model):
        class Meta:
            database = db
            legacy_table_names = False

    class TrendGroup(Base):
        subsystem = TextField()
        name = TextField()
        title = TextField()
        y_title = TextField()
        correlation = BooleanField()
        series = TextField()
        position = IntegerField()
        version = IntegerField()
        deleted = BooleanField(default=False)

        class Meta:
            table_name = "trend_group"
            indexes = ((("subsystem", "name"), True), (("subsystem", "position"), False))

    class TrendGroupChange(Base):
        group = IntegerField(index=True)
        version = IntegerField()
        at = DoubleField()
        user = TextField()
        action = TextField()
        before = TextField()
        after = TextField()

        class Meta:
            table_name = TABLE

    db.create_tables([TrendGroup, TrendGroupChange])
    for statement in SQLITE if isinstance(db, SqliteDatabase) else POSTGRESQL:
        db.execute_sql(statement)
