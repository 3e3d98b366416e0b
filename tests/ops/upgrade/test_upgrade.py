"""`dqmhub upgrade` with installed releases: to the next one, back by itself when that is broken, and back on demand."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from app.core import database
from app.core.database import MIGRATIONS
from app.core.installation import Release, current, switch
from app.core.settings import Settings
from app.core.version import VERSION
from app.ops.backup import backup_folder, backups
from app.ops.upgrade import UpgradeError, UpgradeState, go_back, load_state, upgrade
from app.ops.upgrade.services import Services
from render.build import binary
from tests.ops.backup.test_backups import add_links
from tests.support.kills import killed_at_each_step
from tests.support.releases import make_release, run_release
from tests.support.site import unbind

NEXT = "9.0.0"
MIGRATION = """def up(migrator, db):
    db.execute_sql("CREATE TABLE next (id INTEGER PRIMARY KEY)")
    db.execute_sql("INSERT INTO next SELECT rowid FROM short_link")
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

    refused = run_release(old, site, "db", "status")
    assert refused.returncode == 1
    expected = f"The database belongs to a newer version of DQM Hub, {NEXT} (it has 9001_next): install {NEXT}, or go back to the backup"
    assert refused.stderr.startswith(f"dqmhub: {expected} made before the upgrade, `dqmhub restore {backup.name}`")
    downgrade = run_release(new, site, "upgrade", VERSION)
    assert f"{VERSION} is older than {NEXT}, which is in use; the way back is `dqmhub upgrade --back`" in downgrade.stderr

    returned = run_release(new, site, "upgrade", "--back", "--services", str(command))
    assert returned.returncode == 0, returned.stderr
    assert returned.stdout.startswith(f"{VERSION} is in use again. The migrated database is kept in {site.data}/replaced-")
    assert (current(old.prefix), tables(site)) == (old, (10, False))
    assert run_release(old, site, "db", "status").returncode == 0
    again = run_release(old, site, "upgrade", "--back")
    assert "There is no upgrade to return from" in again.stderr


@pytest.mark.slow
@pytest.mark.parametrize(
    ("files", "reason"),
    [
        ({"migrations/9001_next.py": FAILING}, "this migration does not work"),
        (
            {"migrations/9001_next.py": MIGRATION, "templates/ops/status.html": "{{ broken("},
            "its web server does not work: /status has status 500",
        ),
    ],
    ids=["migration", "page"],
)
def test_a_broken_release_is_left_by_itself(site: Settings, old: Release, command: Path, files: dict[str, str], reason: str) -> None:
    make_release(old.prefix, NEXT, files)
    done = run_release(old, site, "upgrade", "--services", str(command))
    assert done.returncode == 1
    last = done.stderr.splitlines()[-1]
    assert last.startswith(f"Error: The upgrade to {NEXT} failed, and {VERSION} is in use again: ")
    assert reason in last
    assert (current(old.prefix), tables(site)) == (old, (10, False))
    assert command.with_name("calls").read_text().split()[-1] == "start"


@pytest.fixture
def releases(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The prefix of two releases, of which this process is the new one, with a migration more."""
    migrations = tmp_path / "migrations"
    shutil.copytree(MIGRATIONS, migrations)
    (migrations / "9001_next.py").write_text(MIGRATION)
    monkeypatch.setattr(database, "MIGRATIONS", migrations)
    prefix = tmp_path / "opt"
    for version in (VERSION, NEXT):
        launcher = Release(prefix, version).launcher
        launcher.parent.mkdir(parents=True)
        launcher.touch()
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


def test_a_failing_upgrade_killed_at_each_step_is_taken_back_by_the_next_command(site: Settings, releases: Path, command: Path) -> None:
    services = Services([str(command)])

    def fail() -> None:
        raise UpgradeError("it does not work")

    def run() -> None:
        state = state_of(site)
        if state.stage == "returning":
            go_back(site, state, releases, services, lambda _: None)
        else:
            with pytest.raises(UpgradeError, match="it does not work"):
                upgrade(site, state, releases, services, fail, lambda _: None)

    for _ in killed_at_each_step(run):
        assert tables(site)[0] == 10
    assert tables(site) == (10, False)
    assert current(releases) == Release(releases, VERSION)


def test_nothing_is_upgraded_while_services_run_that_it_cannot_stop(site: Settings, releases: Path) -> None:
    from app.core.heartbeat import Heartbeat

    database.connect(site)
    Heartbeat("live", site).write()
    unbind()
    with pytest.raises(UpgradeError, match=r"Services use the database: live on .*or name a command that does it by --services"):
        upgrade(site, state_of(site), releases, Services([]), lambda: None, lambda _: None)
    assert tables(site) == (10, False)
    assert backups(backup_folder(site)) == []


def test_a_backup_that_cannot_be_made_ends_the_upgrade_with_the_services_started(site: Settings, releases: Path, command: Path) -> None:
    occupied = site.replace(backup_dir=str(command))
    with pytest.raises(UpgradeError, match=f"{VERSION} is in use again: Cannot write to {command}"):
        upgrade(occupied, state_of(site), releases, Services([str(command)]), lambda: None, lambda _: None)
    assert command.with_name("calls").read_text().split() == ["stop", "stop", "start"]
    assert tables(site) == (10, False)


@pytest.mark.slow
def test_a_release_without_a_render_service_is_not_switched_to_from_one_that_has_it(site: Settings, old: Release, command: Path) -> None:
    binary(old.folder).parent.mkdir(parents=True)
    binary(old.folder).touch()
    new = make_release(old.prefix, NEXT)
    done = run_release(old, site, "upgrade", "--services", str(command))
    expected = f"Error: The render service of {NEXT} is not built: run `{new.launcher} render build`, then upgrade again\n"
    assert (done.returncode, done.stderr) == (1, expected)
    assert not command.with_name("calls").exists(), "the services go on"
