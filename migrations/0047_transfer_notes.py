"""Of each client of a run: which file its error is of, with its attempts so far, and a note on the last file that was sent."""


def up(migrator, db):
    db.execute_sql('ALTER TABLE "transfer_client" ADD COLUMN "error_of" TEXT NOT NULL DEFAULT \'\'')
    db.execute_sql('ALTER TABLE "transfer_client" ADD COLUMN "error_attempts" BIGINT NOT NULL DEFAULT 0')
    db.execute_sql('ALTER TABLE "transfer_client" ADD COLUMN "note" TEXT NOT NULL DEFAULT \'\'')
