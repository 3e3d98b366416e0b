"""An API token can be limited to areas; those that exist have no limit."""


def up(migrator, db):
    db.execute_sql('ALTER TABLE "token" ADD COLUMN "areas" TEXT NOT NULL DEFAULT \'\'')
