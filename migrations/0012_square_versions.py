"""The version of DQM^2 that each machine runs, to warn of one that the grabber was never tried with."""


def up(migrator, db):
    db.execute_sql("ALTER TABLE square_host ADD COLUMN software TEXT NOT NULL DEFAULT ''")
