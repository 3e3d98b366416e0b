"""`dqmhub upgrade` with installed releases: to the next one, back by itself when that is broken, and back on demand."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from app.core import database, database_schema
from app.core.database_schema import MIGRATIONS
from app.core.installation import Release, current, switch
from app.core.settings import Settings
from app.core.version import VERSION
from app.ops.backup import backup_folder, backups, find_backup, make_backup
from app.ops.backup.manifest import write_manifest
from app.ops.upgrade import UpgradeError, UpgradeState, go_back, load_state, upgrade
from app.ops.upgrade.services import Services
from app.ops.upgrade.state import one_upgrade, store_state
from tests.ops.backup.test_backups import add_links
from tests.support.cli import run_command
from tests.support.kills import killed_at_each_step
from tests.support.processes import environment
from tests.support.releases import make_release, run_release
from tests.support.site import unbind

NEXT = "9.0.0"
MIGRATION = """def up(migrator, db):
    db.execute_sql("CREATE TABLE next (id INTEGER PRIMARY KEY)")
    db.execute_sql("INSERT INTO next SELECT count(*) FROM short_link")
"""
FAILING = MIGRATION + '    raise ValueError("this migration does not work")\n'


@pytest.fixture
def site(hub: Settings, tmp_path: Path) -> Settings:
    """A hub with 10 rows, no service, and a folder of its own for backups."""
    add_links(range(10))
    unbind()
    return hub.replace(backup_dir=str(tmp_path / "backups"))


@pytest.fixture
def old(tmp_path: Path) -> Release:
    """This version as the release in use."""
    made = make_release(tmp_path / "opt", VERSION)
    switch(made.prefix, VERSION)
    return made


@pytest.fixture
def command(tmp_path: Path) -> Path:
    """A command for the services that notes how it is called."""
    path = tmp_path / "services"
    path.write_text(f'#!/bin/sh\necho "$1" >> {tmp_path}/calls\n')
    path.chmod(0o755)
    return path


def tables(site: Settings) -> tuple[int, bool]:
    """The number of rows, and whether the database has the table of the next release."""
    with closing(sqlite3.connect(site.data / "dqmhub.db")) as opened:
        assert opened.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        names = {name for (name,) in opened.execute("SELECT name FROM sqlite_master")}
        return opened.execute("SELECT count(*) FROM short_link").fetchone()[0], "next" in names


@pytest.mark.slow
def test_an_upgrade_and_the_two_ways_back(site: Settings, old: Release, command: Path) -> None:
    new = make_release(old.prefix, NEXT, {"migrations/9001_next.py": MIGRATION})
    done = run_release(old, site, "upgrade", "--services", str(command))
    assert done.returncode == 0, done.stderr
    (backup,) = backups(backup_folder(site))
    assert done.stdout == f"{NEXT} is in use; the backup made before is {backup.name}\n"
    assert (current(old.prefix), tables(site)) == (new, (10, True))
    assert command.with_name("calls").read_text().split() == ["stop", "start"]

    again = run_release(new, site, "upgrade", "--services", str(command))
    assert again.stdout == f"{NEXT} is in use already\n"
    refused = run_command(environment(site), "db", "status")
    unbind()
    assert refused.returncode == 1
    expected = f"The database belongs to a newer version of DQM Hub, {NEXT} (it has 9001_next): install {NEXT}, or go back to the backup"
    assert refused.stderr.startswith(f"dqmhub: {expected} made before the upgrade, `dqmhub restore {backup.name}`")
    downgrade = run_release(new, site, "upgrade", VERSION)
    assert f"{VERSION} is older than {NEXT}, which is in use; the way back is `dqmhub upgrade --back`" in downgrade.stderr

    returned = run_release(new, site, "upgrade", "--back", "--services", str(command))
    assert returned.returncode == 0, returned.stderr
    assert returned.stdout.startswith(f"{VERSION} is in use again. The migrated database is kept in {site.data}/replaced-")
    assert (current(old.prefix), tables(site)) == (old, (10, False))
    assert run_command(environment(site), "db", "status").returncode == 0


@pytest.mark.slow
def test_a_release_with_a_broken_page_is_left_by_itself(site: Settings, old: Release, command: Path) -> None:
    make_release(old.prefix, NEXT, {"migrations/9001_next.py": MIGRATION, "templates/ops/status.html": "{{ broken("})
    private = site.replace(anonymous_read="nobody", log_format="json")
    done = run_release(old, private, "upgrade", "--services", "../services")  # it runs in opt/
    assert done.returncode == 1
    last = done.stderr.splitlines()[-1]
    assert f"The upgrade to {NEXT} failed, and {VERSION} is in use again: " in last
    assert "its web server does not work: /status has status 500 (jinja2.exceptions.TemplateSyntaxError: " in last
    assert (current(old.prefix), tables(site)) == (old, (10, False))
    assert command.with_name("calls").read_text().split()[-1] == "start"


@pytest.mark.slow
def test_a_release_that_is_not_complete_is_refused(site: Settings, old: Release, command: Path) -> None:
    new = make_release(old.prefix, NEXT, {"app/cli/upgrade.py": "import app.core.absent\n"})
    done = run_release(old, site, "upgrade", "--services", str(command))
    said = (
        f"Nothing was changed: the release {NEXT} in {old.prefix} is not complete (ModuleNotFoundError: No module named 'app.core.absent')"
    )
    assert (done.returncode, said in done.stderr.splitlines()[-1]) == (1, True), done.stderr
    assert f"remove {new.folder}, and install it again" in done.stderr
    assert not command.with_name("calls").exists()


@pytest.fixture
def releases(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The prefix of two releases, of which this process is the new one, with a migration more."""
    migrations = tmp_path / "migrations"
    shutil.copytree(MIGRATIONS, migrations)
    (migrations / "9001_next.py").write_text(MIGRATION)
    monkeypatch.setattr(database_schema, "MIGRATIONS", migrations)
    prefix = tmp_path / "opt"
    for version in (VERSION, NEXT):
        launcher = Release(prefix, version).launcher
        launcher.parent.mkdir(parents=True)
        launcher.touch()
    (Release(prefix, VERSION).folder / "migrations").symlink_to(MIGRATIONS)
    switch(prefix, VERSION)
    return prefix


def state_of(site: Settings) -> UpgradeState:
    found = load_state(site)
    return found if found and found.is_unfinished else UpgradeState("upgrading", VERSION, NEXT)


def test_an_upgrade_killed_at_each_step_is_finished_by_the_next(site: Settings, releases: Path, command: Path) -> None:
    def run() -> None:
        upgrade(site, state_of(site), releases, Services([str(command)]), lambda: None, lambda _: None)

    for _ in killed_at_each_step(run):
        assert tables(site)[0] == 10
    run()
    assert tables(site) == (10, True)
    version = current(releases)
    assert version == Release(releases, NEXT)


def test_a_way_back_killed_at_each_step_is_finished_by_the_next(site: Settings, releases: Path, command: Path) -> None:
    run_upgrade(site, releases)

    def run() -> None:
        state = load_state(site)
        assert state is not None
        go_back(site, state, releases, Services([str(command)]), lambda _: None)

    for _ in killed_at_each_step(run):
        assert tables(site)[0] == 10
    assert tables(site) == (10, False)
    assert current(releases) == Release(releases, VERSION)


def run_upgrade(site: Settings, prefix: Path | None, check: Callable[[], object] = bool) -> UpgradeState:
    return upgrade(site, state_of(site), prefix, Services([]), check, lambda _: None)


def back(site: Settings, prefix: Path | None) -> str:
    state = load_state(site)
    assert state is not None
    return go_back(site, state, prefix, Services([]), lambda _: None)


def write(site: Settings, numbers: range) -> None:
    database.connect(site)
    add_links(numbers)
    unbind()


def test_a_release_with_a_failing_migration_is_left_by_itself(site: Settings, releases: Path, command: Path) -> None:
    (database_schema.MIGRATIONS / "9001_next.py").write_text(FAILING)
    with pytest.raises(UpgradeError, match=f"The upgrade to {NEXT} failed, and {VERSION} is in use again: this migration does not work"):
        upgrade(site, state_of(site), releases, Services([str(command)]), bool, lambda _: None)
    assert (current(releases), tables(site)) == (Release(releases, VERSION), (10, False))
    assert command.with_name("calls").read_text().split() == ["stop", "stop", "start"]


def test_the_backup_before_an_upgrade_has_the_version_that_wrote_it_and_is_not_rotated_away(site: Settings, releases: Path) -> None:
    few = site.replace(backup_keep=1)
    done = upgrade(few, UpgradeState("upgrading", "0.0.9", NEXT), releases, Services([]), bool, lambda _: None)
    for _ in range(3):
        database.connect(few)
        newest = make_backup(few, backup_folder(few), lambda _: None)
        unbind()
    assert [(each.name, each.version) for each in backups(backup_folder(few))] == [(newest.name, VERSION), (done.backup, "0.0.9")]


def test_an_upgrade_that_was_killed_before_it_migrated_makes_a_new_backup_when_it_is_continued(site: Settings, releases: Path) -> None:
    database.connect(site)
    early = make_backup(site, backup_folder(site), lambda _: None)
    unbind()
    store_state(site, UpgradeState("upgrading", VERSION, NEXT, early.name))
    write(site, range(10, 13))  # by the previous release, which was started again

    def fail() -> None:
        raise UpgradeError("it does not work")

    with pytest.raises(UpgradeError, match="it does not work"):
        run_upgrade(site, releases, fail)
    assert tables(site) == (13, False)


def test_a_way_back_without_the_previous_release_changes_nothing(site: Settings, releases: Path) -> None:
    done = run_upgrade(site, releases)
    write(site, range(10, 13))
    Release(releases, VERSION).launcher.unlink()
    with pytest.raises(UpgradeError, match=f"no way back to {VERSION}, nothing was changed: it is not installed in .*, only {NEXT}"):
        back(site, releases)
    assert (tables(site), load_state(site)) == ((13, True), done)


@pytest.mark.parametrize("damage", ["missing", "damaged"])
def test_a_way_back_without_its_backup_changes_nothing(site: Settings, releases: Path, damage: str) -> None:
    done = run_upgrade(site, releases)
    folder = backup_folder(site) / done.backup
    if damage == "missing":
        shutil.rmtree(folder)
    else:
        (folder / "database.sqlite").write_bytes(b"")
    with pytest.raises(UpgradeError, match=r"(is lost: There is no backup|nothing was changed: .* is damaged)"):
        back(site, releases)
    assert (tables(site), load_state(site)) == ((10, True), done)


def test_a_way_back_that_fails_says_where_the_replaced_database_is_each_time(site: Settings, releases: Path) -> None:
    run_upgrade(site, releases)
    (releases / "current").unlink()
    (releases / "current").mkdir()  # no link can replace it
    for _ in range(2):
        with pytest.raises(UpgradeError, match=rf"failed: .*The migrated database is kept in {site.data}/replaced-.*--abandon`"):
            back(site, releases)
    (releases / "current").rmdir()
    assert f"kept in {site.data}/replaced-" in back(site, releases)
    assert current(releases) == Release(releases, VERSION)


def test_an_upgrade_of_a_checkout_to_another_version_is_refused(site: Settings) -> None:
    ran = run_command(environment(site), "upgrade", "9.9")
    assert (ran.returncode, ran.stdout, f"There is no release 9.9 here: this is {VERSION} in" in ran.stderr) == (1, "", True), ran.stderr


def test_an_upgrade_to_the_version_in_use_does_nothing_and_keeps_the_way_back(site: Settings, command: Path) -> None:
    done = store_state(site, UpgradeState("upgraded", "0.0.9", VERSION))
    ran = run_command(environment(site), "upgrade", "--services", str(command))
    assert (ran.returncode, ran.stdout) == (0, f"{VERSION} is in use already\n"), ran.stderr
    assert load_state(site) == done
    assert not command.with_name("calls").exists()


def test_a_way_back_that_cannot_be_finished_is_abandoned(site: Settings) -> None:
    store_state(site, UpgradeState("returning", VERSION, NEXT, "2026-01-01T00-00-00Z", replaced="there"))
    done = run_command(environment(site), "upgrade", "--abandon")
    expected = f"the upgrade from {VERSION} to {NEXT} is abandoned; the backup made before is 2026-01-01T00-00-00Z; "
    assert done.stdout.startswith(f"{expected}the migrated database is kept in there\n"), done.stderr
    assert load_state(site) is None
    assert "There is no unfinished upgrade" in run_command(environment(site), "upgrade", "--abandon").stderr


@pytest.mark.both_databases
def test_an_upgrade_and_the_way_back_keep_the_rows_on_each_kind_of_database(site: Settings, releases: Path) -> None:
    def found() -> tuple[int, bool]:
        connection = database.connect(site)
        try:
            return connection.execute_sql("SELECT count(*) FROM short_link").fetchone()[0], "next" in connection.get_tables()
        finally:
            unbind()

    site.data.mkdir(exist_ok=True)
    run_upgrade(site, releases)
    assert found() == (10, True)
    write(site, range(10, 13))
    assert "The migrated database is kept in" in back(site, releases)
    assert found() == (10, False)


def test_the_first_upgrade_makes_the_data_folder(tmp_path: Path) -> None:
    with one_upgrade(Settings(data_dir=str(tmp_path / "a" / "data"))):
        assert (tmp_path / "a" / "data").is_dir()


def test_a_way_back_to_a_backup_older_than_a_day_needs_a_confirmation(site: Settings, releases: Path) -> None:
    done = run_upgrade(site, releases)
    backup = find_backup(backup_folder(site), done.backup)
    write_manifest(backup._replace(made=backup.made - 49 * 3600))
    with pytest.raises(UpgradeError, match=r"Nothing was changed: .*, made 49\.0 h ago; .*`dqmhub upgrade --back --yes`"):
        back(site, releases)
    assert (tables(site), load_state(site)) == ((10, True), done)
    go_back(site, done, releases, Services([]), lambda _: None, is_confirmed=True)
    assert tables(site) == (10, False)


def test_a_state_that_cannot_be_written_leaves_no_file(site: Settings) -> None:
    (site.data / "upgrade.json").mkdir()
    with pytest.raises(UpgradeError, match=f"Cannot write {site.data}/upgrade.json: Is a directory"):
        store_state(site, UpgradeState("upgrading", VERSION, NEXT))
    assert not list(site.data.glob("upgrade.json.*"))
