"""Each session has its begin, its last use, its address and its browser. Existing sessions end: nobody knows these of them."""


def up(migrator, db):
    db.execute_sql('DELETE FROM "session"')
    db.execute_sql('ALTER TABLE "session" ADD COLUMN "created" DOUBLE PRECISION NOT NULL DEFAULT 0')
    db.execute_sql('ALTER TABLE "session" ADD COLUMN "last_used" DOUBLE PRECISION NOT NULL DEFAULT 0')
    db.execute_sql('ALTER TABLE "session" ADD COLUMN "address" TEXT NOT NULL DEFAULT \'\'')
    db.execute_sql('ALTER TABLE "session" ADD COLUMN "browser" TEXT NOT NULL DEFAULT \'\'')
