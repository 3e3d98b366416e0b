"""Of each session: when it began and was last used, and of which browser it is. Sessions from before end."""


def up(migrator, db):
    db.execute_sql('DELETE FROM "session"')
    db.execute_sql('ALTER TABLE "session" ADD COLUMN "created" DOUBLE PRECISION NOT NULL DEFAULT 0')
    db.execute_sql('ALTER TABLE "session" ADD COLUMN "last_used" DOUBLE PRECISION NOT NULL DEFAULT 0')
    db.execute_sql('ALTER TABLE "session" ADD COLUMN "address" TEXT NOT NULL DEFAULT \'\'')
    db.execute_sql('ALTER TABLE "session" ADD COLUMN "browser" TEXT NOT NULL DEFAULT \'\'')
