"""CAE Job Diary in its database: SQLite, or MySQL and MariaDB. Nothing is written there."""

from __future__ import annotations

import os
import sqlite3
import sys
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, closing, contextmanager
from typing import Any
from urllib.parse import parse_qs, quote, unquote, urlsplit

from app.diary.importing.old_diary import BadImport, OldJob, OldUser

AT_ONCE = 500
"""Jobs of one query: it ends before they are stored, which may take longer than the server waits."""
CONNECT_S, ANSWER_S = 10, 300
ADDRESS = (
    "The address must be mysql://user:password@host:port/name, if need be with ?unix_socket=PATH. "
    "Write characters such as / and @ of a password as %2F and %40, or set MYSQL_PWD"
)

Query = Callable[..., list[dict[str, Any]]]
"""Rows of a statement with `?` for its arguments; raises BadImport."""


class OldDatabase:
    """The tables that Django made for the original; those of tags are only in some releases."""

    def __init__(self, connect: Callable[[], AbstractContextManager[Query]]) -> None:
        self._connect = connect

    def jobs(self) -> Iterator[OldJob]:
        """All jobs, in the order of their ids. Raises BadImport."""
        with self._connect() as query:
            users = {row["id"]: _user(row) for row in query("SELECT id, username, first_name, last_name, email FROM auth_user")}
            base_runs = _pairs(query, "SELECT from_job_id, to_job_id FROM diary_job_base_runs ORDER BY id")
            tags: Mapping[int, list[str]] = {}
            if query("SELECT 1 FROM information_schema.tables WHERE table_name = 'diary_job_tags'"):
                tags = _pairs(query, "SELECT job_id, tag FROM diary_job_tags JOIN diary_tag ON diary_tag.id = tag_id ORDER BY tag")
            last = -1
            while rows := query(f"SELECT * FROM diary_job WHERE job_id > ? ORDER BY job_id LIMIT {AT_ONCE}", last):
                for row in rows:
                    number = row["job_id"]
                    yield OldJob(row, users.get(row.get("user_id")), tags.get(number, ()), base_runs.get(number, ()))
                last = rows[-1]["job_id"]


def sqlite(path: str) -> OldDatabase:
    """The database in a file."""

    @contextmanager
    def connect() -> Iterator[Query]:
        if not os.path.isfile(path):
            raise BadImport(f"There is no file {path}")

        def query(sql: str, *arguments: Any) -> list[dict[str, Any]]:
            try:
                cursor = connection.execute(
                    sql.replace("information_schema.tables WHERE table_name", "sqlite_master WHERE name"), arguments
                )
                return [dict(zip((column[0] for column in cursor.description), row, strict=True)) for row in cursor]
            except sqlite3.Error as error:
                raise BadImport(f"{path} is not a database of CAE Job Diary: {error}") from error

        with closing(sqlite3.connect(f"file:{quote(os.path.abspath(path))}?mode=ro", uri=True)) as connection:
            connection.text_factory = lambda text: text.decode(errors="replace")
            yield query

    return OldDatabase(connect)


def mysql(address: str) -> OldDatabase:
    """The database of a server, `mysql://user:password@host:port/name`; the password may also be in MYSQL_PWD."""
    if sys.modules.get("pymysql", sys) is None:
        del sys.modules["pymysql"]  # commands leave it out, as peewee would load it in each process
    try:
        import pymysql
        from pymysql.constants import ER
    except ImportError as error:
        raise BadImport("PyMySQL is not installed: `make build` installs it") from error
    try:
        parts = urlsplit(address)
        port = parts.port or 3306
    except ValueError:  # whose message may have a part of the password
        raise BadImport(ADDRESS) from None
    name, where = parts.path.lstrip("/"), {key: values[-1] for key, values in parse_qs(parts.query).items()}
    if not name or {"/", "@"}.intersection(name) or where.keys() - {"unix_socket"}:  # a password with a / would be in the name
        raise BadImport(ADDRESS)
    name = unquote(name)
    options: dict[str, Any] = {"host": parts.hostname or "localhost", "port": port, "unix_socket": where.get("unix_socket")}
    options |= {"user": unquote(parts.username or ""), "password": unquote(parts.password or os.environ.get("MYSQL_PWD", ""))}
    options |= {"database": name, "use_unicode": False, "connect_timeout": CONNECT_S, "read_timeout": ANSWER_S}

    def connection() -> Any:
        try:
            return pymysql.connect(charset="utf8mb4", **options)
        except pymysql.err.OperationalError as error:
            if error.args[0] != ER.UNKNOWN_CHARACTER_SET:  # MySQL before 5.5
                raise
            return pymysql.connect(charset="utf8", **options)

    @contextmanager
    def connect() -> Iterator[Query]:
        def query(sql: str, *arguments: Any) -> list[dict[str, Any]]:
            sql = sql.replace("information_schema.tables WHERE", "information_schema.tables WHERE table_schema = DATABASE() AND")
            try:
                with server.cursor() as cursor:
                    cursor.execute(sql.replace("?", "%s"), arguments)
                    names = [column[0] for column in cursor.description]
                    return [{name: _decoded(value) for name, value in zip(names, row, strict=True)} for row in cursor.fetchall()]
            except pymysql.err.Error as error:
                raise BadImport(f"{name} is not a database of CAE Job Diary: {_words(error)}") from error

        try:
            server = connection()
        except (pymysql.err.Error, RuntimeError) as error:  # such as a way to sign in that it does not know
            raise BadImport(f"{options['host']} cannot be connected to: {_words(error)}") from error
        with closing(server):
            yield query

    return OldDatabase(connect)


def _words(error: Exception) -> str:
    return str(error.args[-1]) if error.args else type(error).__name__


def _decoded(value: Any) -> Any:
    return value.decode(errors="replace") if isinstance(value, bytes) else value


def _user(row: Mapping[str, Any]) -> OldUser:
    return OldUser(row["username"] or "", f"{row['first_name'] or ''} {row['last_name'] or ''}".strip(), row["email"] or "")


def _pairs(query: Query, sql: str) -> dict[int, list[Any]]:
    found = defaultdict(list)
    for row in query(sql):
        number, value = row.values()
        found[number].append(value)
    return found
