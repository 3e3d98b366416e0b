"""A real PostgreSQL, a real Redis and a real MariaDB for the tests: started on demand, on private sockets, and ended with the tests."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple
from urllib.parse import quote

import psycopg
import redis

from app.core import database, database_schema
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


class ServerProcess:
    """A process of a server, which can be ended and started again.

    Args:
        command: What starts it.
        log: The file with what it prints.
        ready: Raises one of `errors` while the server does not respond.
    """

    def __init__(self, command: list[str], log: Path, ready: Callable[[], object], *errors: type[Exception]) -> None:
        self._command, self._log, self._ready, self._errors = command, log, ready, errors
        self._process: subprocess.Popen[bytes]

    def start(self) -> None:
        """Start it, and wait until it responds."""
        with self._log.open("wb") as output:  # setpriv: a killed test run leaves no server behind
            self._process = subprocess.Popen(["setpriv", "--pdeathsig", "TERM", *self._command], stdout=output, stderr=output)
        deadline = time.monotonic() + PATIENCE_S
        while True:
            try:
                self._ready()
                return
            except self._errors as error:
                if self._process.poll() is not None or time.monotonic() > deadline:
                    raise RuntimeError(f"a server of the tests did not start: {self._log.read_text()}") from error
                time.sleep(0.02)

    @property
    def pid(self) -> int:
        """Number of its process."""
        return self._process.pid

    def end(self, number: int = signal.SIGTERM) -> None:
        """End it by a signal, unless it has ended."""
        self._process.send_signal(number)
        self._process.wait(PATIENCE_S)


@contextmanager
def _running(process: ServerProcess) -> Iterator[None]:
    process.start()
    try:
        yield
    finally:
        process.end()


class PostgreSQL:
    """A server on a UNIX socket; `database()` makes a database, `template()` one with this version's tables.

    Attributes:
        socket: The folder of the socket.
        process: The server itself.
    """

    def __init__(self, socket: str, command: list[str]) -> None:
        self.socket = socket
        self.process = ServerProcess(command, Path(socket, "log"), lambda: self.run("SELECT 1"), psycopg.OperationalError)
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
            self._connection = None

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
    database_schema.upgrade(database.connect(settings), lambda _: None)
    database.disconnect()
    database.proxy.initialize(None)


@contextmanager
def postgresql() -> Iterator[PostgreSQL]:
    """A PostgreSQL server with nothing in it."""
    with new_postgresql() as (folder, command):
        server = PostgreSQL(folder, command)
        with _running(server.process), closing(server):
            yield server


@contextmanager
def new_postgresql(address: str = "", network: str = "") -> Iterator[tuple[str, list[str]]]:
    """The folder of the socket of a new PostgreSQL server, and the command that starts it.

    It refuses to run as root, so root starts it as the user postgres.

    Args:
        address: It listens there, too; "" for on its socket only.
        network: From which clients need no password.
    """
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
        if network:
            with Path(data, "pg_hba.conf").open("a") as access:
                access.write(f"host all all {network} trust\n")
        options = {
            "listen_addresses": address,
            "unix_socket_directories": folder,
            "fsync": "off",
            "synchronous_commit": "off",
            "full_page_writes": "off",
            "max_connections": "200",
            "shared_buffers": "32MB",
            "autovacuum": "off",
        }
        yield folder, [*as_user, str(programs / "postgres"), "-D", data, *(f"--{name}={value}" for name, value in options.items())]


class RedisServer(NamedTuple):
    """A server on a UNIX socket."""

    url: str
    process: ServerProcess


@contextmanager
def redis_server() -> Iterator[RedisServer]:
    """A Redis server that stores nothing on disk."""
    program = shutil.which("redis-server")
    if program is None:
        raise Missing("redis-server", "redis-server")
    with TemporaryDirectory(prefix="dqmhub-redis-", dir="/tmp") as folder:
        command = [program, "--port", "0", "--unixsocket", f"{folder}/socket", "--save", "", "--appendonly", "no", "--dir", folder]
        url = f"unix://{folder}/socket"
        with redis.Redis.from_url(url) as client:
            process = ServerProcess(command, Path(folder, "log"), client.ping, redis.ConnectionError)
            with _running(process):
                yield RedisServer(url, process)


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
        prepare = [install, *options, "--auth-root-authentication-method=normal", "--skip-test-db"]
        subprocess.run(prepare, check=True, capture_output=True, cwd=folder)
        command = [program, *options, f"--socket={folder}/socket", "--skip-networking", f"--pid-file={folder}/pid"]
        process = ServerProcess(command, Path(folder, "log"), lambda: _connect(f"{folder}/socket"), OSError)
        with _running(process):
            yield f"{folder}/socket"


def _connect(path: str) -> None:
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(path)
