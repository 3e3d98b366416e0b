"""Dumps a PostgreSQL database by pg_dump, and checks the dump by pg_restore."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from typing import NamedTuple
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit

from app.core import database
from app.ops.backup.errors import BackupError

PATTERN = """'"' || replace(current_schema(), '"', '""') || '"'"""
"""The schema as pg_dump takes it: a pattern, in which quotes make a name mean itself."""
PACKAGES = "pgsql-*/bin"
"""Folders in /usr, beside the path, in which the packages of postgresql.org have the programs."""


class Server(NamedTuple):
    """Address and environment with which the programs of PostgreSQL reach a database."""

    address: str  # URL without a password, which other users of the machine could see
    environment: dict[str, str]


def server_of(url: str) -> Server:
    """The server of the setting `database_url`."""
    parts = urlsplit(url)
    query = dict(parse_qsl(parts.query, keep_blank_values=True))
    password = query.pop("password", unquote(parts.password or ""))
    host = parts.netloc.rpartition("@")[2]
    netloc = f"{parts.username}@{host}" if parts.username else host
    options = urlencode(query, quote_via=quote)
    address = f"{parts.scheme}://{netloc}{parts.path}" + (f"?{options}" if options else "")  # geturl() drops // before no host
    return Server(address, os.environ | ({"PGPASSWORD": password} if password else {}))


def program(name: str) -> str:
    """The path of a program of PostgreSQL. Raises BackupError if it is missing."""
    folders = [os.environ.get("PATH", os.defpath), *map(str, sorted(Path("/usr").glob(PACKAGES), reverse=True))]
    found = shutil.which(name, path=os.pathsep.join(folders))
    if found is None:
        raise BackupError(f"{name} is not on this machine: install the client programs of PostgreSQL (package postgresql)")
    return found


def dump(url: str, target: Path) -> tuple[dict[str, int], tuple[str, ...]]:
    """Dump the connected database into a new file; its rows by table, and its migrations, all of one moment."""
    server = server_of(url)
    with database.proxy.atomic():
        database.proxy.execute_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        snapshot, schema = database.proxy.execute_sql(f"SELECT pg_export_snapshot(), {PATTERN}").fetchone()
        options = ["--format=custom", "--no-owner", "--no-privileges", f"--schema={schema}", f"--snapshot={snapshot}"]
        run([program("pg_dump"), *options, f"--file={target}", f"--dbname={server.address}"], server)
        migrations = tuple(name for (name,) in database.proxy.execute_sql("SELECT name FROM schema_migration ORDER BY name").fetchall())
        return row_counts(), migrations


def has_tables_of(file: Path, schema: str) -> bool:
    """Whether a dump has the tables of DQM Hub in the schema of this name. Raises BackupError if it cannot be read."""
    listed = run([program("pg_restore"), "--list", str(file)], Server("", dict(os.environ)))
    return f" TABLE {schema} schema_migration " in listed


def check(file: Path) -> None:
    """Raise BackupError unless a dump can be read to its end."""
    try:
        run([program("pg_restore"), f"--file={os.devnull}", str(file)], Server("", dict(os.environ)))
    except BackupError as error:
        raise BackupError(f"The database in {file} is damaged: {error}") from error


def row_counts() -> dict[str, int]:
    """The number of rows of each table of the connected database."""
    query = (
        "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = quote_ident(current_schema())::regnamespace ORDER BY relname"
    )
    names = [name for (name,) in database.proxy.execute_sql(query).fetchall()]
    return {name: database.proxy.execute_sql(f'SELECT count(*) FROM "{name}"').fetchone()[0] for name in names}


def run(command: list[str], server: Server) -> str:
    """What a program of PostgreSQL prints. Raises BackupError with its last message."""
    done = subprocess.run(command, env=server.environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    if done.returncode:
        name, messages = Path(command[0]).name, done.stderr.strip().splitlines()
        raise BackupError(f"{name} failed: {messages[-1] if messages else f'exit code {done.returncode}'}")
    return done.stdout
