"""A real PostgreSQL, a real Redis and a real MariaDB for the tests: started on demand, on private sockets, and ended with the tests."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import quote

import psycopg
import redis

from app.core import database
from app.core.settings import Settings
from tests.support.patience import PATIENCE_S

MEMORY = Path("/dev/shm")
"""A file system in memory: PostgreSQL creates and deletes 300 files for each test's database, which a disk needs ten times longer for."""
ENOUGH = 1 << 30
"""Free bytes of it that the servers of all workers surely need no more than."""

FILE_COPY = 150000
"""The version of PostgreSQL from which databases are copied by its log, which takes longer than as files when nothing is synced."""


class Missing(RuntimeError):
    """A program that the tests need is not on this machine."""

    def __init__(self, program: str, package: str) -> None:
        super().__init__(f"{program} is not on this machine: `make test` installs it (Debian package {package})")


def _wait(ready: Callable[[], object], process: subprocess.Popen[bytes], log: Path, *errors: type[Exception]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while True:
        try:
            ready()
            return
        except errors as error:
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"a server of the tests did not start: {log.read_text()}") from error
            time.sleep(0.02)


@contextmanager
def _running(command: list[str], log: Path) -> Iterator[subprocess.Popen[bytes]]:
    with log.open("wb") as output:  # setpriv: a killed test run leaves no server behind
        process = subprocess.Popen(["setpriv", "--pdeathsig", "TERM", *command], stdout=output, stderr=output)
    try:
        yield process
    finally:
        process.terminate()
        process.wait(PATIENCE_S)


class PostgreSQL:
    """A server on a UNIX socket; `database()` makes a database, `template()` one with this version's tables."""

    def __init__(self, socket: str) -> None:
        self.socket = socket
        self._numbers = count()
        self._template = ""
        self._connection: psycopg.Connection | None = None

    def url(self, name: str) -> str:
        return f"postgresql://dqmhub@/{name}?host={quote(self.socket, safe='')}"

    def run(self, statement: str) -> None:
        self.connection().execute(statement)

    def connection(self) -> psycopg.Connection:
        """A connection of the owner, which stays open: each new one is a new process of the server."""
        if self._connection is None:
            self._connection = psycopg.connect(self.url("postgres"), autocommit=True)
        return self._connection

    def close(self) -> None:
        """Close the connection."""
        if self._connection is not None:
            self._connection.close()

    @contextmanager
    def database(self, template: str = "template0") -> Iterator[str]:
        """The address of a new database, which is dropped afterwards."""
        name = f"hub{next(self._numbers)}"
        strategy = "STRATEGY FILE_COPY" if self.connection().info.server_version >= FILE_COPY else ""
        self.run(f"CREATE DATABASE {name} TEMPLATE {template} {strategy}")
        try:
            yield self.url(name)
        finally:
            self.run(f"DROP DATABASE {name} WITH (FORCE)")

    def template(self) -> str:
        """The name of a database that has every table."""
        if not self._template:
            self.run("CREATE DATABASE template_hub TEMPLATE template0")
            migrate(Settings(database_url=self.url("template_hub")))
            self._template = "template_hub"
        return self._template


def folder_of_databases() -> str:
    """Where databases of tests are best: in memory where it has room, which it has not in some containers."""
    return str(MEMORY) if os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free > ENOUGH else "/tmp"


def migrate(settings: Settings) -> None:
    """Bring a database to this version and leave no connection open."""
    database.upgrade(database.connect(settings), lambda _: None)
    database.disconnect()
    database.proxy.initialize(None)


@contextmanager
def postgresql() -> Iterator[PostgreSQL]:
    """A PostgreSQL server with nothing in it; it refuses to run as root, so root starts it as the user postgres."""
    programs = max(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: float(path.parent.name), default=None)
    if programs is None or not (programs / "initdb").exists():
        raise Missing("PostgreSQL", "postgresql")
    as_user = ["--reuid", "postgres", "--regid", "postgres", "--clear-groups"] if os.geteuid() == 0 else []
    with TemporaryDirectory(prefix="dqmhub-postgresql-", dir=folder_of_databases(), ignore_cleanup_errors=True) as folder:
        if as_user:
            shutil.chown(folder, "postgres", "postgres")
        data = f"{folder}/data"
        initdb = [str(programs / "initdb"), "-D", data, "-U", "dqmhub", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync"]
        subprocess.run(["setpriv", *as_user, *initdb], check=True, capture_output=True, cwd=folder)
        options = {
            "listen_addresses": "",
            "unix_socket_directories": folder,
            "fsync": "off",
            "synchronous_commit": "off",
            "full_page_writes": "off",
            "max_connections": "200",
            "shared_buffers": "32MB",
            "autovacuum": "off",
        }
        command = [*as_user, str(programs / "postgres"), "-D", data, *(f"--{name}={value}" for name, value in options.items())]
        log = Path(folder, "log")
        with _running(command, log) as process, closing(PostgreSQL(folder)) as server:
            _wait(lambda: server.run("SELECT 1"), process, log, psycopg.OperationalError)
            yield server


@contextmanager
def redis_server() -> Iterator[str]:
    """The address of a Redis server that stores nothing on disk."""
    program = shutil.which("redis-server")
    if program is None:
        raise Missing("redis-server", "redis-server")
    with TemporaryDirectory(prefix="dqmhub-redis-", dir="/tmp") as folder:
        command = [program, "--port", "0", "--unixsocket", f"{folder}/socket", "--save", "", "--appendonly", "no", "--dir", folder]
        log = Path(folder, "log")
        url = f"unix://{folder}/socket"
        with _running(command, log) as process, redis.Redis.from_url(url) as client:
            _wait(client.ping, process, log, redis.ConnectionError)
            yield url


@contextmanager
def mariadb() -> Iterator[str]:
    """The socket of a MariaDB server with nothing in it, whose user root has no password."""
    program, install = shutil.which("mariadbd", path=f"{os.environ['PATH']}:/usr/sbin"), shutil.which("mariadb-install-db")
    if program is None or install is None:
        raise Missing("MariaDB", "mariadb-server")
    with TemporaryDirectory(prefix="dqmhub-mariadb-", dir=folder_of_databases(), ignore_cleanup_errors=True) as folder:
        options = ["--no-defaults", f"--datadir={folder}/data", "--innodb-log-file-size=4M", "--innodb-buffer-pool-size=8M"]
        if os.geteuid() == 0:
            options.append("--user=mysql")
            shutil.chown(folder, "mysql", "mysql")
        log = Path(folder, "log")
        prepare = [install, *options, "--auth-root-authentication-method=normal", "--skip-test-db"]
        subprocess.run(prepare, check=True, capture_output=True, cwd=folder)
        command = [program, *options, f"--socket={folder}/socket", "--skip-networking", f"--pid-file={folder}/pid"]
        with _running(command, log) as process:
            _wait(lambda: _connect(f"{folder}/socket"), process, log, OSError)
            yield f"{folder}/socket"


def _connect(path: str) -> None:
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(path)
