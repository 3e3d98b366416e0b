"""Of each merge: the clients without a ROOT file, and how many histograms have bins with more than their type holds."""


def up(migrator, db):
    db.execute_sql('ALTER TABLE "transfer_merge" ADD COLUMN "missing" TEXT NOT NULL DEFAULT \'[]\'')
    db.execute_sql('ALTER TABLE "transfer_merge" ADD COLUMN "saturated" BIGINT NOT NULL DEFAULT 0')
    db.execute_sql('ALTER TABLE "transfer_merge" ADD COLUMN "saturated_names" TEXT NOT NULL DEFAULT \'[]\'')
