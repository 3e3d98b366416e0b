"""Backups are restored after the loss of everything and over an existing database, whole or not at all; what is replaced is kept."""

from __future__ import annotations

import errno
import os
import shutil
import sqlite3
import threading
import time
from contextlib import closing
from pathlib import Path

import psycopg
import pytest

from app import create_app
from app.core import database, database_schema
from app.core.heartbeat import Heartbeat, Service
from app.core.settings import Settings
from app.core.settings.secret_key import load_secret_key
from app.gui.models import ShortLink
from app.ops.backup import Backup, BackupError, backup_folder, backups, make_backup, postgresql_dump, restore, running, sqlite_copy
from app.ops.backup.manifest import file_of, read_manifest, write_manifest
from tests.ops.backup.test_backups import add_links, writer
from tests.support.cli import run_command
from tests.support.kills import killed_at_each_step
from tests.support.processes import environment, until
from tests.support.site import unbind
from tests.support.small_disk import fill_disk, small_disk

pytestmark = pytest.mark.both_databases


def ignore(_: str) -> None:
    pass


@pytest.fixture
def elsewhere(hub: Settings, tmp_path: Path) -> Settings:
    """A hub with a secret and 100 rows, whose backups are not in its data folder."""
    load_secret_key(hub)
    add_links(range(100))
    return hub.replace(backup_dir=str(tmp_path / "backups"))


@pytest.fixture
def made(elsewhere: Settings) -> Backup:
    """A backup, after which 50 rows were added; this process is bound to no database any more."""
    found = make_backup(elsewhere, backup_folder(elsewhere), ignore)
    add_links(range(100, 150))
    unbind()
    return found


def links(settings: Settings) -> int:
    database_schema.check(database.connect(settings))
    count: int = ShortLink.select().count()
    unbind()
    return count


def counts(settings: Settings) -> dict[str, int]:
    """The rows of each table, after a check of the integrity of the database."""
    database_schema.check(database.connect(settings))
    if database.is_sqlite():
        assert database.proxy.execute_sql("PRAGMA integrity_check").fetchone() == ("ok",)
        found = sqlite_copy.row_counts(database.proxy.connection())
    else:
        found = postgresql_dump.row_counts()
    unbind()
    return found


def test_a_backup_made_under_load_is_restored_after_the_loss_of_all_data(elsewhere: Settings, request: pytest.FixtureRequest) -> None:
    ShortLink.delete().execute()
    with writer(elsewhere) as stored:
        until(lambda: len(stored) > 20, "rows")
        make_backup(elsewhere, backup_folder(elsewhere), ignore)
    secret = (elsewhere.data / "secret").read_bytes()
    unbind()
    shutil.rmtree(elsewhere.data)
    lost = elsewhere
    if elsewhere.database_url:
        server = request.getfixturevalue("postgresql")
        new = server.database()
        lost = elsewhere.replace(database_url=new.__enter__())
        request.addfinalizer(lambda: new.__exit__(None, None, None))
    (backup,) = backups(backup_folder(lost))
    restored = restore(lost, backup, ignore)
    assert restored == ("", False)
    assert counts(lost) == backup.counts
    assert (lost.data / "secret").read_bytes() == secret
    assert (lost.data / "secret").stat().st_mode & 0o777 == 0o600
    database_schema.check(database.connect(lost))
    response = create_app(lost).test_client().get("/", base_url="http://127.0.0.1:8889")
    assert response.status_code == 200


def test_what_is_replaced_is_kept_aside(elsewhere: Settings, made: Backup) -> None:
    (elsewhere.data / "secret").write_text("another secret of enough characters")
    restored = restore(elsewhere, made, ignore)
    assert counts(elsewhere) == made.counts
    folder, _, schema = restored.aside.partition(" and schema ")
    assert (Path(folder) / "secret").read_text() == "another secret of enough characters"
    if elsewhere.database_url:
        with psycopg.connect(elsewhere.database_url) as connection:
            query = f'SELECT count(*) FROM "{schema.removesuffix(" of the database")}".short_link'
            assert connection.execute(query).fetchone() == (150,)
            with pytest.raises(psycopg.Error, match="audit is append-only"):
                connection.execute("TRUNCATE audit")
    else:
        with closing(sqlite3.connect(Path(folder) / "dqmhub.db")) as old:
            assert old.execute("SELECT count(*) FROM short_link").fetchone() == (150,)


def test_nothing_is_restored_while_a_service_runs(elsewhere: Settings, made: Backup) -> None:
    database.connect(elsewhere)
    Heartbeat("web", elsewhere).write()
    unbind()
    with pytest.raises(BackupError, match=r"Services use the database: web on .*Stop all of them, then restore again"):
        restore(elsewhere, made, ignore)
    assert links(elsewhere) == 150


def test_nothing_is_restored_when_a_service_starts_during_the_verification(elsewhere: Settings, made: Backup) -> None:
    def start_service(line: str) -> None:
        if line.startswith("Verifying"):
            database.connect(elsewhere)
            Heartbeat("web", elsewhere).write()
            unbind()

    with pytest.raises(BackupError, match="Services use the database: web on "):
        restore(elsewhere, made, start_service)
    assert links(elsewhere) == 150


def test_a_service_of_another_machine_counts_as_running_until_it_is_silent(elsewhere: Settings, made: Backup) -> None:
    database.connect(elsewhere)
    row = {"name": "live", "host": "other", "version": "0.1.0", "started": 0}
    Service.insert(row | {"process": 1, "seen": time.time() - 3600}).execute()
    (number,) = {Service.insert(row | {"process": 2, "seen": time.time()}).execute()}
    unbind()
    with pytest.raises(BackupError, match=r"Services use the database: live on other \(process 2\)\."):
        restore(elsewhere, made, ignore)
    database.connect(elsewhere)
    Service.delete().where(Service.id == number).execute()
    unbind()
    restore(elsewhere, made, ignore)
    assert links(elsewhere) == 100


@pytest.mark.parametrize("is_alive", [False, True])
def test_a_heartbeat_from_the_future_counts_as_running_if_it_changes(
    elsewhere: Settings, monkeypatch: pytest.MonkeyPatch, is_alive: bool
) -> None:
    monkeypatch.setattr(running, "CHANGE_S", 0.2)
    database.connect(elsewhere)
    row = {"name": "live", "host": "other", "version": "0.1.0", "started": 0, "process": 1}
    Service.insert(row | {"seen": time.time() + 300 * 86400}).execute()
    unbind()
    stopped = threading.Event()

    def beat() -> None:
        with closing(
            psycopg.connect(elsewhere.database_url) if elsewhere.database_url else sqlite3.connect(elsewhere.data / "dqmhub.db")
        ) as db:
            while not stopped.wait(0.02):
                db.execute("UPDATE service SET seen = seen + 1 WHERE host = 'other'")
                db.commit()

    thread = threading.Thread(target=beat)
    if is_alive:
        thread.start()
    database.connect(elsewhere)
    try:
        if is_alive:
            until(lambda: running.running_services() == ["live on other (process 1)"], "a heartbeat during a look")
        else:
            assert running.running_services() == []
    finally:
        stopped.set()
        if is_alive:
            thread.join()
        unbind()


def test_a_database_that_any_process_has_open_is_not_replaced(elsewhere: Settings, made: Backup) -> None:
    if elsewhere.database_url:
        pytest.skip("PostgreSQL lets others wait")
    with closing(sqlite3.connect(elsewhere.data / "dqmhub.db")) as other:
        other.execute("SELECT count(*) FROM short_link").fetchone()
        with pytest.raises(BackupError, match=r"Another process has the database .* open: stop all services"):
            restore(elsewhere, made, ignore)
    assert links(elsewhere) == 150


def test_a_damaged_database_is_replaced(elsewhere: Settings, made: Backup) -> None:
    if elsewhere.database_url:
        pytest.skip("this is about files of SQLite")
    file = elsewhere.data / "dqmhub.db"
    file.write_bytes(b"not a database" * 1000)
    restored = restore(elsewhere, made, ignore)
    assert counts(elsewhere) == made.counts
    assert (Path(restored.aside) / "dqmhub.db").read_bytes() == b"not a database" * 1000


def test_a_log_without_its_database_is_kept_beside_the_restored_one(elsewhere: Settings, made: Backup) -> None:
    if elsewhere.database_url:
        pytest.skip("this is about files of SQLite")
    file = elsewhere.data / "dqmhub.db"
    file.unlink()
    file.with_name("dqmhub.db-wal").write_bytes(b"the last changes")
    restored = restore(elsewhere, made, ignore)
    assert counts(elsewhere) == made.counts
    assert (Path(restored.aside) / "dqmhub.db-wal").read_bytes() == b"the last changes"


def test_a_restore_that_fails_changes_nothing(elsewhere: Settings, made: Backup) -> None:
    if elsewhere.database_url:
        write_manifest(made._replace(counts={**made.counts, "short_link": 7}))
        error = "psql failed, and nothing was changed: .*the table short_link has other rows than the manifest says"
    else:
        made.database.write_bytes(made.database.read_bytes()[:-4096])
        error = "its SHA-256 is not that of the manifest"
    (backup,) = backups(backup_folder(elsewhere))
    with pytest.raises(BackupError, match=error):
        restore(elsewhere, backup, ignore)
    assert links(elsewhere) == 150


def test_a_restore_onto_a_full_disk_says_how_much_it_needs_and_leaves_nothing_there(
    elsewhere: Settings, made: Backup, tmp_path: Path
) -> None:
    if elsewhere.database_url:
        pytest.skip("PostgreSQL has its data elsewhere")
    full = elsewhere.replace(data_dir=str(tmp_path / "full"))
    with small_disk(full.data):
        filling = fill_disk(full.data)
        with pytest.raises(BackupError, match=r"the database needs .* GB are free"):
            restore(full, made, ignore)
        assert [path.name for path in full.data.iterdir()] == [filling.name]
        filling.unlink()
        restore(full, made, ignore)
        assert links(full) == 100


def test_a_restore_that_cannot_write_a_file_changes_nothing(elsewhere: Settings, made: Backup) -> None:
    (elsewhere.data / "secret").unlink()
    (elsewhere.data / "secret" / "folder").mkdir(parents=True)
    with pytest.raises(BackupError, match=r"The files of the backup cannot be copied to .*, and nothing was changed: .*Is a directory"):
        restore(elsewhere, made, ignore)
    assert links(elsewhere) == 150
    assert not list(elsewhere.data.glob("*.restoring"))


def test_a_restore_that_fails_after_the_database_says_where_the_replaced_one_is(
    elsewhere: Settings, made: Backup, monkeypatch: pytest.MonkeyPatch
) -> None:
    (elsewhere.data / "secret").write_text("another secret of enough characters")
    replace = Path.replace

    def fail(new: Path, place: Path) -> Path:
        if place.name == "secret":
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        return replace(new, place)

    monkeypatch.setattr(Path, "replace", fail)
    with pytest.raises(BackupError, match=r"Not all is restored: .*Input/output error.* is in .*/replaced-.*Remove the cause, and restore"):
        restore(elsewhere, made, ignore)
    monkeypatch.undo()
    assert links(elsewhere) == 100
    restore(elsewhere, made, ignore)
    assert not list(elsewhere.data.glob("*.restoring"))


def test_a_second_restore_at_the_same_time_is_refused(elsewhere: Settings, made: Backup) -> None:
    second: list[str] = []

    def restore_again(line: str) -> None:
        if line == "Restoring the database":
            with pytest.raises(BackupError) as refused:
                restore(elsewhere, made, ignore)
            second.append(str(refused.value))

    restore(elsewhere, made, restore_again)
    assert second == [f"Another restore into {elsewhere.data} is running; wait for its end"]
    assert links(elsewhere) == 100


def test_a_manifest_with_files_outside_of_the_backup_is_refused(made: Backup) -> None:
    write_manifest(made._replace(files={**made.files, "data/../../../outside": made.files[made.database.name]}))
    with pytest.raises(BackupError, match="outside is not in the folder"):
        read_manifest(made.folder)


def test_a_dump_that_ends_early_changes_nothing(elsewhere: Settings, made: Backup) -> None:
    if not elsewhere.database_url:
        pytest.skip("this is about PostgreSQL dumps")
    from app.ops.backup.postgresql_restore import restore as restore_dump

    made.database.write_bytes(made.database.read_bytes()[:-5000])
    with pytest.raises(BackupError, match=r"pg_restore failed: .* end of file"):
        restore_dump(elsewhere.database_url, made._replace(files={made.database.name: file_of(made.database)}), "replaced-x")
    assert links(elsewhere) == 150


def test_a_restore_killed_at_each_of_its_steps_leaves_one_of_both_databases_and_is_finished_by_the_next(
    elsewhere: Settings, made: Backup
) -> None:
    seen = set()
    for _ in killed_at_each_step(lambda: restore(elsewhere, made, ignore)):
        seen.add(links(elsewhere))
    assert seen == {100, 150}
    assert counts(elsewhere) == made.counts
    kept = list(elsewhere.data.glob("replaced-*/dqmhub.db"))
    assert elsewhere.database_url or any(
        sqlite3.connect(path).execute("SELECT count(*) FROM short_link").fetchone() == (150,) for path in kept
    )


def test_a_backup_of_a_newer_release_or_another_kind_of_database_is_refused(elsewhere: Settings, made: Backup) -> None:
    newer = made._replace(migrations=(*made.migrations, "9999_future"), version="9.0.0")
    with pytest.raises(BackupError, match=r"made by DQM Hub 9\.0\.0, which is newer .* install 9\.0\.0, and restore with it"):
        restore(elsewhere, newer, ignore)
    other = elsewhere.replace(database_url="" if elsewhere.database_url else "postgresql://dqm@/hub")
    with pytest.raises(BackupError, match=r"is for (SQLite|PostgreSQL), and the settings name (SQLite|PostgreSQL): restore it with"):
        restore(other, made, ignore)


def test_the_command_restores_the_newest_backup_and_says_what_to_do_next(elsewhere: Settings, made: Backup) -> None:
    write_manifest(made._replace(migrations=made.migrations[:-1]))
    done = run_command(environment(elsewhere), "restore")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(f"restored {made.name} (")
    assert "is kept in" in done.stdout
    assert done.stdout.endswith("the database is older than this version: run `dqmhub db upgrade`\n")
    unbind()
    assert links(elsewhere) == 100
