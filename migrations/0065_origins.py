"""Accounts of directories beside local ones, and what the identity provider calls the sessions that began there."""

from peewee import ForeignKeyField, Model, TextField


def up(migrator, db):
    db.execute_sql('ALTER TABLE "user" ADD COLUMN "origin" TEXT NOT NULL DEFAULT \'local\'')
    db.execute_sql('ALTER TABLE "user" ADD COLUMN "subject" TEXT')
    db.execute_sql('CREATE UNIQUE INDEX "user_origin_subject" ON "user" ("origin", "subject")')

    class Session(Model):
        class Meta:
            database = db
            legacy_table_names = False
            table_name = "session"

    class SignOnSession(Model):
        session = ForeignKeyField(Session, unique=True, on_delete="CASCADE")
        sid = TextField(index=True)
        id_token = TextField()

        class Meta:
            database = db
            legacy_table_names = False

    db.create_tables([SignOnSession])
