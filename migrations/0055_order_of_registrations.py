"""The order of accepted registrations, the number of their entries, and jobs that go on until they are done."""


def up(migrator, db):
    db.execute_sql('ALTER TABLE "registration" ADD COLUMN "place" INTEGER')
    db.execute_sql('ALTER TABLE "registration" ADD COLUMN "count" INTEGER NOT NULL DEFAULT 0')
    db.execute_sql('ALTER TABLE "registration" DROP COLUMN "known"')
    db.execute_sql('ALTER TABLE "background_job" ADD COLUMN "lasting" BOOLEAN NOT NULL DEFAULT FALSE')
    key = '"registration_entry" ("registration_id", "dataset", "run", "lumi")'
    db.execute_sql(f'CREATE INDEX "registration_entry_registration_id_dataset_run_lumi" ON {key}')
    db.execute_sql('DROP INDEX "registration_entry_registration_id"')
