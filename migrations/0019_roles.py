"""Roles of users and tokens by name, in place of numbers that change when a role is added."""

NAMES = {1: "viewer", 2: "shifter", 3: "expert", 4: "operator", 5: "admin"}


def up(migrator, db):
    cases = " ".join(f"WHEN {number} THEN '{name}'" for number, name in NAMES.items())
    for table in ("user", "token"):
        db.execute_sql(f"ALTER TABLE \"{table}\" ADD COLUMN role_name TEXT NOT NULL DEFAULT 'viewer'")
        db.execute_sql(f"UPDATE \"{table}\" SET role_name = CASE role {cases} ELSE 'viewer' END")
        db.execute_sql(f'ALTER TABLE "{table}" DROP COLUMN role')
        db.execute_sql(f'ALTER TABLE "{table}" RENAME COLUMN role_name TO role')
