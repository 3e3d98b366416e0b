"""Restores a PostgreSQL database from a dump, in one transaction. The replaced tables are kept in a schema of their own."""

from __future__ import annotations

import shutil
import subprocess
from tempfile import TemporaryFile
from typing import IO

from app.ops.backup.errors import BackupError
from app.ops.backup.manifest import Backup
from app.ops.backup.postgresql_dump import Server, has_tables_of, program, server_of

BEGIN = "BEGIN; SET LOCAL lock_timeout = '10s';\n"
MOVE = """
DO $move$
DECLARE
    here text := quote_ident(current_schema());
    found record;
BEGIN
    IF NOT EXISTS (SELECT 1 FROM pg_class WHERE relnamespace = here::regnamespace AND relkind = 'r') THEN
        RETURN;
    END IF;
    CREATE SCHEMA "{aside}";
    FOR found IN SELECT oid::regclass AS name FROM pg_class WHERE relnamespace = here::regnamespace AND relkind = 'r' LOOP
        EXECUTE format('ALTER TABLE %s SET SCHEMA %I', found.name, '{aside}');
    END LOOP;
    FOR found IN SELECT oid::regprocedure AS name FROM pg_proc WHERE pronamespace = here::regnamespace AND NOT EXISTS (
        SELECT 1 FROM pg_depend WHERE objid = pg_proc.oid AND deptype = 'e'
    ) LOOP
        EXECUTE format('ALTER ROUTINE %s SET SCHEMA %I', found.name, '{aside}');
    END LOOP;
END
$move$;
"""
"""Moves tables, with their indexes and sequences, and functions, but not those of extensions."""
COUNT = """
DO $count$ BEGIN
    IF (SELECT count(*) FROM {schema}."{table}") <> {count} THEN
        RAISE EXCEPTION 'the table {table} has other rows than the manifest says';
    END IF;
END $count$;
"""


def restore(url: str, backup: Backup, aside: str) -> str:
    """Replace all tables by those of a backup, or none.

    Args:
        aside: Name of the schema for the replaced tables.

    Returns:
        `aside`, or "" if there was nothing to replace.

    Raises:
        BackupError: A program is missing or fails, the backup is of another schema, or the tables have other rows than the manifest says.
    """
    server = server_of(url)
    schema = _query(server, "SELECT current_schema()")
    if not schema:
        raise BackupError("The database has no schema for tables: create one, e.g. CREATE SCHEMA public")
    if not has_tables_of(backup.database, schema):
        raise BackupError(f"The backup {backup.name} is not of the schema {schema}: set search_path in database_url to the schema it is of")
    quoted = _query(server, "SELECT quote_ident(current_schema())")
    reader = [program("pg_restore"), "--no-owner", "--no-privileges", f"--schema={schema}", "--file=-", str(backup.database)]
    with TemporaryFile() as messages, TemporaryFile() as reader_messages:
        with (
            subprocess.Popen(
                _psql(server), env=server.environment, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=messages
            ) as psql,
            subprocess.Popen(reader, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=reader_messages) as script,
        ):
            try:
                _feed(psql, script, BEGIN + MOVE.format(aside=aside), _end(quoted, backup))
            except BrokenPipeError:
                script.kill()
        if script.returncode > 0:
            raise BackupError(f"pg_restore failed, and nothing was changed: {_last_line(reader_messages)}")
        if psql.returncode:
            raise BackupError(f"psql failed, and nothing was changed: {_last_line(messages)}")
    has_aside = _query(server, f"SELECT count(*) FROM pg_namespace WHERE nspname = '{aside}'")
    return aside if has_aside == "1" else ""


def _end(schema: str, backup: Backup) -> str:
    counts = "".join(COUNT.format(schema=schema, table=table, count=count) for table, count in sorted(backup.counts.items()))
    return f"{counts}COMMIT;\n"


def _feed(psql: subprocess.Popen[bytes], script: subprocess.Popen[bytes], begin: str, end: str) -> None:
    """Let psql run the script between a begin and an end. Without the end, also if this process is killed, the server rolls all back."""
    assert psql.stdin is not None
    assert script.stdout is not None
    with psql.stdin:
        psql.stdin.write(begin.encode())
        shutil.copyfileobj(script.stdout, psql.stdin)
        if script.wait():
            psql.kill()
        else:
            psql.stdin.write(end.encode())


def _psql(server: Server) -> list[str]:
    return [program("psql"), "--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1", f"--dbname={server.address}"]


def _query(server: Server, statement: str) -> str:
    command = [*_psql(server), "--no-align", "--tuples-only", f"--command={statement}"]
    done = subprocess.run(command, env=server.environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    if done.returncode:
        raise BackupError(f"psql failed: {' '.join(done.stderr.split())}")
    return done.stdout.strip()


def _last_line(messages: IO[bytes]) -> str:
    messages.seek(0)
    lines = messages.read().decode(errors="replace").strip().splitlines()
    return next((line for line in reversed(lines) if "ERROR" in line or "error" in line), lines[-1] if lines else "no message")
