"""Files with many samples; a list stays until that of a newer file is stored; the first lumisection of a run stands for it."""


def up(migrator, db):
    for statement in (
        "ALTER TABLE file ADD COLUMN tried TEXT NOT NULL DEFAULT ''",
        "ALTER TABLE file ADD COLUMN listed DOUBLE PRECISION",
        "UPDATE file SET state = 'new', error = '', size = NULL, mtime_ns = NULL WHERE state = 'failed'",
        "ALTER TABLE sample ADD COLUMN coming_id INTEGER REFERENCES file (id)",
        "ALTER TABLE sample ADD COLUMN first BOOLEAN NOT NULL DEFAULT TRUE",
        "UPDATE sample SET first = FALSE WHERE lumi > "
        "(SELECT MIN(other.lumi) FROM sample AS other WHERE other.dataset_id = sample.dataset_id AND other.run = sample.run)",
        "CREATE INDEX sample_coming ON sample (coming_id) WHERE coming_id IS NOT NULL",
        "CREATE INDEX sample_first ON sample (run, dataset_id) WHERE first",
        "CREATE INDEX sample_empty ON sample (dataset_id, run, lumi) WHERE me_count = 0",
    ):
        db.execute_sql(statement)
