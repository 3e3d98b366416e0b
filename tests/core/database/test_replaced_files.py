"""A database file that was replaced is never opened with the log of the one before, which would destroy it."""

from __future__ import annotations

import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from app.core import database, database_schema
from app.core.database import UnusableDatabase
from app.core.settings import TREE, Settings
from app.gui.models import Dataset
from app.ops.doctor import examine
from tests.support.site import unbind

WRITE = """
import sys
from app.core import database, database_schema
from app.core.settings import Settings
from app.gui.models import Dataset
database_schema.check(database.connect(Settings(data_dir=sys.argv[1])))
for number in range(50):
    Dataset.create(name=f"/{number}/b/{'c' * 1000}")
print("written", flush=True)
sys.stdin.read()
"""


@contextmanager
def writer(data: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process of the hub, which has written rows that are in its log alone."""
    command = [sys.executable, "-c", WRITE, str(data)]
    with subprocess.Popen(command, cwd=TREE, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "written\n"
        yield process
        process.kill()


@pytest.fixture
def data(settings: Settings, sqlite_template: Path) -> Iterator[Path]:
    """A data folder with a database and a backup of it; this process has opened none of them."""
    shutil.copytree(sqlite_template, settings.data)
    with closing(sqlite3.connect(settings.data / "dqmhub.db")) as file:
        file.execute("INSERT INTO dataset (name) VALUES ('/of/the/backup')")
        file.commit()
        file.execute(f"VACUUM INTO '{settings.data / 'backup.db'}'")
    yield settings.data
    unbind()


def replace(data: Path, way: str) -> None:
    """Put the backup in the place of the database."""
    file, backup = data / "dqmhub.db", data / "backup.db"
    if way == "removed":
        file.unlink()
    elif way == "moved":
        backup.rename(file)
    elif way == "copied over":
        shutil.copy(backup, file)
    else:  # with an inode that the file system may use again
        file.unlink()
        shutil.copy(backup, file)


def refused(data: Path) -> None:
    settings, before = Settings(data_dir=str(data)), {path.name: path.read_bytes() for path in data.glob("dqmhub.db*")}
    with pytest.raises(UnusableDatabase, match=r"stop all its services, restore the database as docs/operators/backup\.md says"):
        database_schema.check(database.connect(settings))
    (found,) = [finding for _, finding in examine(settings, "", ["database"])]
    assert (found.level, found.remedy.startswith("Stop all its services")) == ("error", True)
    assert {path.name: path.read_bytes() for path in data.glob("dqmhub.db*")} == before


def names(data: Path) -> set[str]:
    database_schema.check(database.connect(Settings(data_dir=str(data))))
    assert database.proxy.execute_sql("PRAGMA integrity_check").fetchone() == ("ok",)
    found = {row.name for row in Dataset.select()}
    unbind()
    return found


@pytest.mark.parametrize("way", ["moved", "copied over", "removed and copied", "removed"])
@pytest.mark.parametrize("state", ["running", "killed"])
def test_a_replaced_database_is_not_opened_with_the_log_of_the_one_before(data: Path, way: str, state: str) -> None:
    with writer(data) as process:
        if state == "killed":
            process.send_signal(signal.SIGKILL)
            process.wait()
        replace(data, way)
        refused(data)


@pytest.mark.parametrize("state", ["ended", "killed"])
def test_a_database_restored_as_documented_is_opened(data: Path, state: str) -> None:
    with writer(data) as process:
        if state == "killed":
            process.send_signal(signal.SIGKILL)
        else:
            process.communicate()
        process.wait()
    for path in data.glob("dqmhub.db*"):
        if path.name in ("dqmhub.db", "dqmhub.db-wal", "dqmhub.db-shm"):
            path.rename(data / f"before-{path.name}")
    (data / "backup.db").rename(data / "dqmhub.db")
    assert names(data) == {"/of/the/backup"}
    with writer(data) as process:
        process.kill()
    assert len(names(data)) == 51


def test_the_log_of_killed_processes_is_read(data: Path) -> None:
    with writer(data) as process:
        process.kill()
    assert (data / "dqmhub.db-wal").stat().st_size > 0
    assert len(names(data)) == 51


def test_a_database_with_a_log_that_an_older_version_left_is_opened(data: Path) -> None:
    with writer(data) as process:
        process.kill()
    (data / "dqmhub.db.inode").unlink()
    assert len(names(data)) == 51


def test_a_folder_that_was_moved_as_a_whole_is_opened_after_the_remedy(data: Path, tmp_path: Path) -> None:
    with writer(data) as process:
        process.kill()
    shutil.copytree(data, tmp_path / "moved")
    refused(tmp_path / "moved")
    with pytest.raises(UnusableDatabase, match=r"unless the whole folder was moved: then remove dqmhub\.db\.inode"):
        database_schema.check(database.connect(Settings(data_dir=str(tmp_path / "moved"))))
    (tmp_path / "moved" / "dqmhub.db.inode").unlink()
    assert len(names(tmp_path / "moved")) == 51
