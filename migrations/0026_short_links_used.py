"""Short links know when they were last used: those that nobody opens are deleted."""


def up(migrator, db):
    db.execute_sql("ALTER TABLE short_link ADD COLUMN used DOUBLE PRECISION NOT NULL DEFAULT 0")
    db.execute_sql("UPDATE short_link SET used = created")
    db.execute_sql("CREATE INDEX short_link_used ON short_link (used)")
