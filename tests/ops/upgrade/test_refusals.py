"""What ends an upgrade before anything is stopped or changed: services that use the database, another upgrade, no way to a backup."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from app.core import database
from app.core.heartbeat import Heartbeat, Service
from app.core.installation import Release, current
from app.core.settings import Settings
from app.core.version import VERSION
from app.ops.backup import backup_folder, backups
from app.ops.backup.folder import no_other_backup
from app.ops.upgrade import UpgradeError, UpgradeState, go_back, load_state, upgrade
from app.ops.upgrade.services import Services
from app.ops.upgrade.state import one_upgrade, store_state
from render.build import binary
from tests.ops.upgrade.test_upgrade import NEXT, back, command, old, releases, site, state_of, tables
from tests.support.cli import run_command
from tests.support.processes import environment
from tests.support.releases import make_release, run_release
from tests.support.servers import migrate
from tests.support.site import unbind

__all__ = ["command", "old", "releases", "site"]


def heartbeat(site: Settings, host: str) -> None:
    """A service that runs, as far as its heartbeat says."""
    database.connect(site)
    Heartbeat("worker", site).write()
    Service.update(host=host).execute()
    unbind()


def test_a_service_of_another_machine_ends_an_upgrade_before_anything_is_stopped(
    site: Settings, releases: Path, command: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    heartbeat(site, "elsewhere")
    monkeypatch.setattr("app.ops.upgrade.services.STOP_S", 0)
    with pytest.raises(UpgradeError, match=r"Services use the database: worker on elsewhere .*Nothing was changed"):
        upgrade(site, state_of(site), releases, Services([str(command)]), bool, lambda _: None)
    assert load_state(site) is None
    assert not command.with_name("calls").exists()


def test_a_database_with_all_migrations_stays_as_it_is_while_services_of_other_hosts_use_it(
    site: Settings, releases: Path, command: Path
) -> None:
    migrate(site)
    heartbeat(site, "elsewhere")
    done = upgrade(site, state_of(site), releases, Services([str(command)]), bool, lambda _: None)
    assert (done.backup, backups(backup_folder(site))) == ("", [])
    assert current(releases) == Release(releases, NEXT)
    with pytest.raises(UpgradeError, match=f"no way back to {VERSION}, nothing was changed: the database has 9001_next, which that"):
        back(site, releases)
    assert load_state(site) == done
    assert command.with_name("calls").read_text().split() == ["stop", "start"]


def test_services_that_cannot_be_stopped_are_started_again_and_the_state_is_as_before(
    site: Settings, releases: Path, command: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    heartbeat(site, socket.gethostname())
    monkeypatch.setattr("app.ops.upgrade.services.STOP_S", 0)
    services = Services([str(command)])
    with pytest.raises(UpgradeError, match=r"Services use the database: worker on .*Nothing was changed"):
        upgrade(site, state_of(site), releases, services, bool, lambda _: None)
    assert load_state(site) is None
    before = store_state(site, UpgradeState("upgraded", VERSION, NEXT))
    with pytest.raises(UpgradeError, match=r"Services use the database: worker on .*Nothing was changed"):
        go_back(site, before, releases, services, lambda _: None)
    assert load_state(site) == before
    assert command.with_name("calls").read_text().split() == ["stop", "start"] * 2


def test_one_upgrade_runs_at_a_time(site: Settings) -> None:
    with one_upgrade(site):
        refused = run_command(environment(site), "upgrade")
    assert "Another upgrade is running; wait for its end" in refused.stderr
    assert run_command(environment(site), "upgrade").returncode == 0


def test_nothing_is_upgraded_while_services_run_that_it_cannot_stop(site: Settings, releases: Path) -> None:
    database.connect(site)
    Heartbeat("live", site).write()
    unbind()
    with pytest.raises(UpgradeError, match=r"Services use the database: live on .*or name a command for that with --services"):
        upgrade(site, state_of(site), releases, Services([]), lambda: None, lambda _: None)
    assert tables(site) == (10, False)
    assert backups(backup_folder(site)) == []


def test_a_backup_that_cannot_be_made_ends_the_upgrade_before_anything_is_stopped(site: Settings, releases: Path, command: Path) -> None:
    occupied = site.replace(backup_dir=str(command))
    with pytest.raises(UpgradeError, match=rf"^Cannot write to {command} .*\. Nothing was changed$"):
        upgrade(occupied, state_of(site), releases, Services([str(command)]), lambda: None, lambda _: None)
    with (
        no_other_backup(backup_folder(site)),
        pytest.raises(UpgradeError, match=r"^Another backup is being made, .*\. Nothing was changed$"),
    ):
        upgrade(site, state_of(site), releases, Services([str(command)]), lambda: None, lambda _: None)
    assert not command.with_name("calls").exists()
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
