"""Backups are made while others write, verified, listed only when they are complete, and rotated."""

from __future__ import annotations

import errno
import fcntl
import os
import shutil
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from app.core import database
from app.core.settings import Settings
from app.core.settings.secret_key import load_secret_key
from app.gui.models import ShortLink
from app.ops.backup import BackupError, backup_folder, backups, find_backup, make_backup, postgresql_dump, verify
from app.ops.backup.manifest import MANIFEST, write_manifest
from app.ops.backup.status import status_lines
from app.ops.gauges import metrics
from tests.support.cli import dqmhub
from tests.support.processes import until

pytestmark = pytest.mark.both_databases


def add_links(numbers: range) -> None:
    ShortLink.insert_many(
        [{"name": f"name{number}", "address": f"/browse/{number}", "created": 0, "used": 0} for number in numbers]
    ).execute()


def make(settings: Settings) -> object:
    return make_backup(settings, backup_folder(settings), lambda _: None)


@contextmanager
def writer(settings: Settings) -> Iterator[list[int]]:
    """Another thread that adds a row in a transaction of its own, again and again; the numbers of the rows that were stored."""
    stored: list[int] = []
    stop = threading.Event()

    def write() -> None:
        while not stop.is_set():
            add_links(range(len(stored), len(stored) + 1))
            stored.append(len(stored))
        database.end_thread()

    thread = threading.Thread(target=write)
    thread.start()
    try:
        yield stored
    finally:
        stop.set()
        thread.join()


def test_a_backup_beside_a_writer_has_all_rows_stored_before_it_and_the_keys(hub: Settings) -> None:
    load_secret_key(hub)
    (hub.data / "publish").mkdir()
    (hub.data / "publish" / "key").write_text("PEM")
    with writer(hub) as stored:
        until(lambda: len(stored) > 20, "rows")
        before = len(stored)
        made = make_backup(hub, backup_folder(hub), lambda _: None)
        after = len(stored)
        until(lambda: len(stored) > after, "the writer to go on")
    assert before <= made.counts["short_link"] <= after + 1
    assert made.migrations == tuple(
        row[0] for row in database.proxy.execute_sql("SELECT name FROM schema_migration ORDER BY name").fetchall()
    )
    assert {name for name in made.files if name.startswith("data/")} == {"data/secret", "data/publish/key"}
    assert (made.folder / "data/secret").read_bytes() == (hub.data / "secret").read_bytes()
    assert made.folder.stat().st_mode & 0o777 == 0o700
    verify(made)


def test_every_kind_of_damage_is_found(hub: Settings) -> None:
    load_secret_key(hub)
    made = make_backup(hub, backup_folder(hub), lambda _: None)
    verify(made)
    content = bytearray(made.database.read_bytes())
    content[len(content) // 2] ^= 0xFF
    made.database.write_bytes(content)
    with pytest.raises(BackupError, match=f"{made.database} is damaged: its SHA-256"):
        verify(made)
    (made.folder / "data/secret").unlink()
    made.database.unlink()
    with pytest.raises(BackupError, match="cannot be read: No such file"):
        verify(made)
    with pytest.raises(BackupError, match="has no database"):
        verify(made._replace(files={}))


def test_commands_that_need_a_damaged_backup_name_the_one_before(hub: Settings) -> None:
    older, newest = (make_backup(hub, backup_folder(hub), lambda _: None) for _ in range(2))
    newest.database.write_bytes(b"damaged")
    for command in (["backup", "verify"], ["restore"], ["restore", str(newest.folder)]):
        done = dqmhub(hub, *command)
        assert done.returncode == 1
        assert done.stderr.splitlines()[-1] == (
            f"Error: {newest.database} is damaged: its SHA-256 is not that of the manifest; "
            f"the one before is {older.name}: dqmhub restore {older.folder}"
        )
    assert dqmhub(hub, "restore", str(older.folder)).returncode == 0
    older.database.write_bytes(b"damaged")
    assert dqmhub(hub, "backup", "verify", older.name).stderr.endswith("its SHA-256 is not that of the manifest\n")


def test_a_database_that_lost_rows_before_its_checksum_was_made_is_found(hub: Settings) -> None:
    if not database.is_sqlite():
        pytest.skip("the rows of a PostgreSQL dump are counted when it is restored")
    made = make_backup(hub, backup_folder(hub), lambda _: None)
    with pytest.raises(BackupError, match="has other rows than its manifest says, in short_link"):
        verify(made._replace(counts={**made.counts, "short_link": 1}))


def test_a_dump_that_is_cut_is_found_although_its_checksum_is_right(hub: Settings, tmp_path: Path) -> None:
    if database.is_sqlite():
        pytest.skip("this is about PostgreSQL dumps")
    add_links(range(2000))
    made = make_backup(hub, backup_folder(hub), lambda _: None)
    cut = tmp_path / "cut"
    cut.write_bytes(made.database.read_bytes()[:-2000])
    with pytest.raises(BackupError, match="is damaged: pg_restore failed"):
        postgresql_dump.check(cut)


def test_the_newest_backups_are_kept_and_the_last_one_of_another_version(hub: Settings) -> None:
    few = hub.replace(backup_keep=2)
    made = [make_backup(few, backup_folder(few), lambda _: None)]
    older = [made[0]._replace(folder=made[0].folder.with_name(f"2020-01-0{day}T00-00-00Z"), version="0.0.9", made=day) for day in (1, 2)]
    for backup in older:
        shutil.copytree(made[0].folder, backup.folder)
        write_manifest(backup)
    lines: list[str] = []
    made += [make_backup(few, backup_folder(few), lines.append) for _ in range(2)]
    assert [each.name for each in backups(backup_folder(few))] == [made[2].name, made[1].name, older[1].name]
    assert [line for line in lines if line.startswith("Removed")] == [f"Removed the old backup {each.name}" for each in (older[0], made[0])]


def test_the_backup_just_made_stays_when_the_clock_was_set_back(hub: Settings) -> None:
    few = hub.replace(backup_keep=1)
    future = make_backup(few, backup_folder(few), lambda _: None)
    write_manifest(future._replace(made=time.time() + 1e6))
    with pytest.raises(BackupError, match=rf"The clock was ahead when the backups in .* were made, .* name one: {future.name}"):
        find_backup(backup_folder(few), "")
    assert find_backup(backup_folder(few), future.name).name == future.name
    made = make_backup(few, backup_folder(few), lambda _: None)
    assert [each.name for each in backups(backup_folder(few))] == [made.name]


def test_what_is_unfinished_or_unreadable_is_no_backup_and_the_leftovers_are_removed(hub: Settings) -> None:
    folder = backup_folder(hub)
    assert backups(folder) == []
    made = make_backup(hub, folder, lambda _: None)
    shutil.copytree(made.folder, folder / ".partial-2026-01-01T00-00-00Z")
    for name, content in [("2026-01-02T00-00-00Z", "{"), ("2026-01-03T00-00-00Z", "[]"), ("2026-01-04T00-00-00Z", '{"made": 1}')]:
        (folder / name).mkdir()
        (folder / name / MANIFEST).write_text(content)
    (folder / "2026-01-05T00-00-00Z").mkdir()
    assert [each.name for each in backups(folder)] == [made.name]
    make_backup(hub, folder, lambda _: None)
    assert not (folder / ".partial-2026-01-01T00-00-00Z").exists()
    for name in ("2026-01-02T00-00-00Z", str(folder / "2026-01-02T00-00-00Z")):
        with pytest.raises(BackupError, match=r"its manifest\.json cannot be read"):
            find_backup(folder, name)


def test_a_second_backup_at_the_same_time_is_refused(hub: Settings) -> None:
    folder = backup_folder(hub)
    folder.mkdir(parents=True)
    with (folder / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(BackupError, match="Another backup is being made"):
            make(hub)
    make(hub)


def test_a_backup_of_a_wrong_clock_is_not_the_newest(hub: Settings) -> None:
    folder = backup_folder(hub)
    wrong, right = [make_backup(hub, folder, lambda _: None) for _ in range(2)]
    write_manifest(wrong._replace(made=time.time() + 30 * 86400))
    assert [each.name for each in backups(folder)] == [right.name, wrong.name]
    assert find_backup(folder, "").name == right.name
    shutil.rmtree(right.folder)
    (line,) = status_lines(hub)
    assert (line.state, line.text) == ("warn", "there is none yet")


def test_a_folder_of_backups_that_cannot_be_read_is_named(hub: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    make(hub)
    monkeypatch.setattr(Path, "iterdir", failing_disk)
    (line,) = status_lines(hub)
    assert (line.state, line.text) == ("warn", "the folder cannot be read")
    values = {family.name: [sample.value for sample in family.samples] for family in metrics(hub)}
    assert values["dqmhub_backups"] == [0]
    assert len(values["dqmhub_disk_free_bytes"]) == 2
    with pytest.raises(BackupError, match="cannot be read: Input/output error"):
        find_backup(backup_folder(hub), "")


def failing_disk(_: Path) -> Iterator[Path]:
    raise OSError(errno.EIO, os.strerror(errno.EIO))


def test_a_failed_backup_leaves_nothing_and_says_why_in_one_line(hub: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    load_secret_key(hub)
    (hub.data / "publish").mkdir()
    os.symlink("nowhere", hub.data / "publish" / "key")
    with pytest.raises(BackupError, match=f"Not all files in {hub.data}/publish can be copied: .*/key: .*No such file"):
        make(hub)
    assert [entry.name for entry in backup_folder(hub).iterdir()] == [".lock"]
    occupied = hub.replace(backup_dir=str(hub.data / "secret"))
    done = dqmhub(occupied, "backup")
    assert (done.returncode, "set backup_dir to a folder of this user" in done.stderr) == (1, True), done.stderr


def test_missing_programs_of_postgresql_are_named(hub: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    if database.is_sqlite():
        pytest.skip("SQLite needs no programs")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(BackupError, match="pg_dump is not on this machine: install the client programs of PostgreSQL"):
        make(hub)


def test_passwords_are_not_among_the_arguments_of_programs() -> None:
    server = postgresql_dump.server_of("postgresql://dqm:s%2Fcret@db.example:5433/hub?sslmode=verify-full")
    assert server.address == "postgresql://dqm@db.example:5433/hub?sslmode=verify-full"
    assert server.environment["PGPASSWORD"] == "s/cret"
    socket = postgresql_dump.server_of("postgresql://dqm@/hub?host=/run/postgresql&password=other")
    assert (socket.address, socket.environment["PGPASSWORD"]) == ("postgresql://dqm@/hub?host=%2Frun%2Fpostgresql", "other")


@pytest.mark.parametrize("address", ["postgresql:///hub", "postgresql:///hub?host=%2Frun%2Fpostgresql"])
def test_the_address_of_a_server_on_a_socket_stays_one(address: str) -> None:
    assert postgresql_dump.server_of(address).address == address


def test_commands_make_list_and_verify_backups(hub: Settings) -> None:
    assert dqmhub(hub, "backup", "verify").stderr.startswith("Error: There is no backup in")
    empty = dqmhub(hub, "backup", "ls", "--json")
    assert (empty.returncode, empty.stdout) == (0, "")
    assert empty.stderr.startswith(f"There is no backup in {backup_folder(hub)}; ")
    made = dqmhub(hub, "backup")
    assert made.returncode == 0, made.stderr
    name = Path(made.stdout.split(" ")[0]).name
    assert name in dqmhub(hub, "backup", "ls").stdout
    (backup_folder(hub) / "2026-01-01T00-00-00Z").mkdir()
    listed = dqmhub(hub, "backup", "ls", "--json")
    assert f'"name": "{name}"' in listed.stdout
    assert "2026-01-01T00-00-00Z is not a backup: it has no manifest.json" in listed.stderr
    assert dqmhub(hub, "backup", "verify").stdout.startswith(f"{name}: OK")
    assert f"the newest is {name}" in dqmhub(hub, "backup", "verify", "2020-01-01T00-00-00Z").stderr
