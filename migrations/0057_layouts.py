"""Layouts and workspaces with their versions, what became active when, and where the active ones are."""

from peewee import BigIntegerField, DoubleField, ForeignKeyField, IntegerField, Model, SqliteDatabase, TextField

APPEND_ONLY = ("arrangement_version", "arrangement_activation")


def sqlite(table):
    refused = f"{table} is append-only"
    return (
        f"CREATE TRIGGER {table}_update BEFORE UPDATE ON {table} BEGIN SELECT RAISE(ABORT, '{refused}'); END",
        f"CREATE TRIGGER {table}_delete BEFORE DELETE ON {table} BEGIN SELECT RAISE(ABORT, '{refused}'); END",
        # REPLACE removes the old row without asking the trigger above
        f"CREATE TRIGGER {table}_replace BEFORE INSERT ON {table} WHEN EXISTS (SELECT 1 FROM {table} WHERE id = NEW.id) "
        f"BEGIN SELECT RAISE(ABORT, '{refused}'); END",
    )


def postgresql(table):
    return (
        f"CREATE FUNCTION {table}_append_only() RETURNS trigger LANGUAGE plpgsql AS $$ "
        f"BEGIN RAISE EXCEPTION '{table} is append-only'; END $$",
        f"CREATE TRIGGER {table}_rows BEFORE UPDATE OR DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION {table}_append_only()",
        f"CREATE TRIGGER {table}_truncate BEFORE TRUNCATE ON {table} FOR EACH STATEMENT EXECUTE FUNCTION {table}_append_only()",
    )


def up(migrator, db):
    class Base(Model):
        class Meta:
            database = db
            legacy_table_names = False

    class Arrangement(Base):
        kind = TextField()
        owner = TextField(default="")
        path = TextField()
        source = TextField(default="")
        position = IntegerField()
        newest = IntegerField()
        active = IntegerField(default=0)
        plots = TextField(default="")
        imported = IntegerField(default=0)
        imported_path = TextField(default="")
        changed = BigIntegerField(default=0)
        link = TextField(null=True, unique=True)

        class Meta:
            indexes = (
                (("kind", "owner", "path"), False),
                (("kind", "imported_path"), False),
                (("changed",), False),
                (("source",), False),
            )

    class ArrangementVersion(Base):
        arrangement = ForeignKeyField(Arrangement, index=False)
        number = IntegerField()
        at = DoubleField()
        user = TextField()
        reason = TextField(default="")
        action = TextField()
        document = TextField()

        class Meta:
            table_name = "arrangement_version"
            indexes = ((("arrangement", "number"), True),)

    class ArrangementActivation(Base):
        arrangement = ForeignKeyField(Arrangement)
        number = IntegerField()
        at = DoubleField()
        user = TextField()
        reason = TextField(default="")

        class Meta:
            table_name = "arrangement_activation"

    class ArrangementPlace(Base):
        arrangement = ForeignKeyField(Arrangement, on_delete="CASCADE")
        kind = TextField()
        scope = TextField()
        path = TextField()

        class Meta:
            table_name = "arrangement_place"
            indexes = ((("kind", "scope", "path"), True),)

    db.create_tables([Arrangement, ArrangementVersion, ArrangementActivation, ArrangementPlace])
    for table in APPEND_ONLY:
        for statement in sqlite(table) if isinstance(db, SqliteDatabase) else postgresql(table):
            db.execute_sql(statement)
