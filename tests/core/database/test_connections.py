"""Connections: one for each thread on SQLite, from a pool on PostgreSQL; none over a network file system."""

from __future__ import annotations

import gc
import socket
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier, Event, Thread
from types import FrameType

import psycopg
import pytest
from peewee import IntegrityError, OperationalError
from playhouse.pool import PooledDatabase

from app.core import database
from app.core.database import POOL_SIZE, UnusableDatabase, file_system
from app.core.settings import Settings
from app.gui.models import Dataset, Sample
from app.queue.models import BackgroundJob
from tests.support.cli import dqmhub
from tests.support.patience import PATIENCE_S
from tests.support.processes import until
from tests.support.raw_server import raw
from tests.support.servers import PostgreSQL

pytestmark = pytest.mark.both_databases

MOUNTS = """\
/dev/sda1 / ext4 rw,relatime 0 0
server:/export /mnt/shared nfs4 rw,vers=4.2 0 0
/dev/sdb1 /mnt/shared/local\\040disk xfs rw 0 0
//pc/plots /données cifs rw 0 0
tmpfs /run/hub tmpfs rw 0 0
eos:/eos /run/hub fuse.eosxd rw 0 0
"""


@pytest.mark.parametrize(
    ("folder", "kind"),
    [
        ("/srv/hub", "ext4"),
        ("/mnt/sharedness", "ext4"),
        ("/mnt/shared", "nfs4"),
        ("/mnt/shared/hub/var", "nfs4"),
        ("/mnt/shared/local disk/var", "xfs"),
        ("/données/var", "cifs"),
        ("/run/hub/var", "fuse.eosxd"),
    ],
)
def test_the_file_system_of_a_folder_is_the_innermost_and_last_mounted(folder: str, kind: str) -> None:
    assert file_system(Path(folder), MOUNTS) == kind


def test_sqlite_on_a_network_file_system_is_refused_with_a_remedy(tmp_path: Path) -> None:
    with pytest.raises(UnusableDatabase, match=r"network file system \(nfs4\).*set data_dir to a folder on a local disk, or database_url"):
        database.refuse_network(tmp_path, f"server:/export {tmp_path} nfs4 rw 0 0\n")
    database.refuse_network(tmp_path, "/dev/sda1 / ext4 rw 0 0\n")


def test_a_data_folder_that_cannot_be_created_is_refused_with_a_remedy(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(UnusableDatabase, match=r"Cannot create .* set data_dir to a writable folder"):
        database.connect(Settings(data_dir=str(tmp_path / "file" / "var")))


def test_sqlite_uses_wal_and_enforces_foreign_keys(settings: Settings) -> None:
    found = database.connect(settings)
    pragmas = {name: found.execute_sql(f"PRAGMA {name}").fetchone()[0] for name in ("journal_mode", "synchronous", "foreign_keys")}
    database.disconnect()
    database.proxy.initialize(None)
    assert pragmas == {"journal_mode": "wal", "synchronous": 1, "foreign_keys": 1}


def test_a_reference_to_a_missing_row_is_refused(hub: Settings) -> None:
    with pytest.raises(IntegrityError), database.proxy.atomic():
        Sample.create(dataset=4711, run=1, lumi=0, file=4711)


def test_threads_that_read_and_then_write_all_succeed(hub: Settings) -> None:
    row = Dataset.create(name="0")
    gate = Barrier(8)

    def add(_: int) -> None:
        gate.wait()
        for _ in range(25):
            with database.proxy.atomic():
                name = Dataset.select().where(Dataset.id == row.id).for_update().get().name if hub.database_url else Dataset.get().name
                Dataset.update(name=str(int(name) + 1)).where(Dataset.id == row.id).execute()
            database.release()
        database.end_thread()

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(add, range(8)))
    assert Dataset.get().name == "200"


def connections(server: PostgreSQL) -> int:
    with psycopg.connect(server.url("postgres")) as admin:
        row = admin.execute("SELECT count(*) FROM pg_stat_activity WHERE datname LIKE 'hub%'").fetchone()
    assert row is not None
    return int(row[0])


@pytest.fixture
def pooled(postgresql: PostgreSQL, settings: Settings) -> Iterator[PostgreSQL]:
    """A PostgreSQL server with the tables bound to a new database."""
    with postgresql.database(postgresql.template()) as url:
        database.connect(Settings(data_dir=settings.data_dir, database_url=url))._wait_timeout = PATIENCE_S  # for a connection of the pool
        yield postgresql
        database.disconnect()
        database.proxy.initialize(None)


@pytest.mark.slow
def test_a_postgresql_connection_returns_to_the_pool_and_serves_the_next_thread(pooled: PostgreSQL) -> None:
    def query(_: int) -> None:
        BackgroundJob.select().count()
        database.release()

    with ThreadPoolExecutor(3 * POOL_SIZE) as pool:  # more threads than the pool has connections
        list(pool.map(query, range(20 * POOL_SIZE)))
    assert 1 <= connections(pooled) <= POOL_SIZE
    database.disconnect()
    until(lambda: connections(pooled) == 0, "the server to end its side of the connections")


@pytest.mark.slow
def test_connections_after_a_restart_of_postgresql_work(pooled: PostgreSQL) -> None:
    gate = Barrier(4)

    def query(_: int) -> None:
        BackgroundJob.select().count()
        gate.wait()
        database.release()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(query, range(4)))
        assert connections(pooled) == 4
        pooled.run("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname LIKE 'hub%'")
        list(pool.map(query, range(4)))


def test_threads_that_wait_for_a_silent_postgresql_share_one_failure(settings: Settings) -> None:
    all_wait = Event()

    def ends_once_all_wait(_: socket.socket, __: bytearray, ended: Event) -> None:
        all_wait.wait(PATIENCE_S)

    def connect(_: int) -> str:
        with pytest.raises(OperationalError) as error:
            database.proxy.connect()
        return str(error.value)

    def is_waiting(frame: FrameType | None) -> bool:
        return frame is not None and (frame.f_code is PooledDatabase.connect.__code__ or is_waiting(frame.f_back))

    with raw(ends_once_all_wait) as server, ThreadPoolExecutor(4) as pool:
        database.connect(settings.replace(database_url=f"postgresql://dqmhub@{server.place}/hub"))
        errors = pool.map(connect, range(4))
        until(lambda: sum(is_waiting(frame) for frame in sys._current_frames().values()) == 4, "four threads that wait")
        all_wait.set()
        assert len(set(errors)) == 1
        assert len(server.received) == 1
    database.proxy.initialize(None)


def test_a_job_in_a_thread_leaves_no_connection_open_when_a_command_connects_anew(hub: Settings) -> None:
    started = Event()

    def job() -> None:
        for _ in range(200):
            BackgroundJob.select().count()
            started.set()
        database.end_thread()

    Thread(target=job, name="job-0").start()
    started.wait()
    dqmhub(hub, "trends", "status")
    gc.collect()  # an open connection is an error when it is collected
