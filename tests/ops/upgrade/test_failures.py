"""Upgrades that fail late, are interrupted, or have no release to go back to: nothing is lost, and the last line says how it stands."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from app.cli.upgrade import interrupted_in_order
from app.core import database, database_schema
from app.core.installation import Release, current
from app.core.settings import Settings
from app.core.version import VERSION
from app.ops.upgrade import UpgradeError, UpgradeState, upgrade
from app.ops.upgrade.services import Services
from app.ops.upgrade.state import load_state, store_state
from tests.ops.doctor.findings import wrong
from tests.ops.upgrade.test_upgrade import NEXT, back, command, releases, run_upgrade, site, state_of, tables, write
from tests.support.cli import run_command
from tests.support.processes import environment
from tests.support.site import unbind

__all__ = ["command", "releases", "site"]


def run(site: Settings, prefix: Path | None, command: Path, check: Callable[[], object] = bool, previous: str = VERSION) -> UpgradeState:
    state = state_of(site)._replace(previous=previous)
    return upgrade(site, state, prefix, Services([str(command)]), check, lambda _: None)


def calls(command: Path) -> list[str]:
    return command.with_name("calls").read_text().split()


@pytest.fixture
def without_start(command: Path) -> Path:
    """A command for services that cannot be started."""
    with command.open("a") as script:
        script.write('[ "$1" = stop ]\n')
    return command


def test_what_was_stored_by_services_of_the_new_release_stays_when_one_of_them_does_not_start(
    site: Settings, releases: Path, without_start: Path
) -> None:
    with pytest.raises(UpgradeError, match=rf"^{NEXT} is in use, but not all of its services run: .* or return with --back: what was "):
        run(site, releases, without_start)
    write(site, range(10, 13))  # by a service that runs
    assert (current(releases), tables(site)) == (Release(releases, NEXT), (13, True))
    assert run_upgrade(site, releases).stage == "upgraded", "it is continued when the cause is removed"
    assert (back(site, releases)[:16], tables(site)) == (". The migrated d", (10, False))


def test_a_release_whose_services_do_not_start_is_left_if_the_one_before_knows_the_database(
    site: Settings, releases: Path, without_start: Path
) -> None:
    known = Release(releases, VERSION).folder / "migrations"
    known.unlink()
    known.symlink_to(database_schema.MIGRATIONS)
    state = migrated_elsewhere(site)
    with pytest.raises(UpgradeError, match=f"^The way back to {VERSION} failed: "):  # which do not start either
        upgrade(site, state, releases, Services([str(without_start)]), bool, lambda _: None)
    assert (current(releases), tables(site)) == (Release(releases, VERSION), (10, True))


def test_a_host_stays_at_the_release_for_a_database_that_another_host_has_migrated_when_its_services_do_not_start(
    site: Settings, releases: Path, without_start: Path
) -> None:
    with pytest.raises(UpgradeError) as error:
        upgrade(site, migrated_elsewhere(site), releases, Services([str(without_start)]), bool, lambda _: None)
    said = str(error.value)
    assert said.startswith(f"{NEXT} is in use, but not all of its services run: ")
    assert f"or restore a backup from before the migration: {VERSION} does not know 9001_next of the database" in said
    assert (current(releases), calls(without_start)[-1]) == (Release(releases, NEXT), "start")
    assert run_upgrade(site, releases).stage == "upgraded", "it is continued when the cause is removed"


def test_a_failed_health_check_starts_no_release_that_does_not_know_the_database(site: Settings, releases: Path, command: Path) -> None:
    def fail() -> None:
        raise UpgradeError("it does not work")

    with pytest.raises(
        UpgradeError, match=f"There is no way back to {VERSION}, which does not know 9001_next of the database, and the ser"
    ):
        upgrade(site, migrated_elsewhere(site), releases, Services([str(command)]), fail, lambda _: None)
    assert set(calls(command)) == {"stop"}
    assert run_upgrade(site, releases).stage == "upgraded", "it is continued when the cause is removed"


def migrated_elsewhere(site: Settings) -> UpgradeState:
    """A new upgrade of a host, after another host has migrated the database."""
    database_schema.upgrade(database.connect(site), lambda _: None)
    unbind()
    return UpgradeState("upgrading", VERSION, NEXT)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_upgrade_goes_back(site: Settings, releases: Path, command: Path, number: signal.Signals) -> None:
    with (
        interrupted_in_order(),
        pytest.raises(UpgradeError, match=f"and {VERSION} is in use again: it was interrupted by {number.name}"),
    ):
        run(site, releases, command, lambda: os.kill(os.getpid(), number))
    assert (current(releases), tables(site), calls(command)[-1]) == (Release(releases, VERSION), (10, False), "start")


def test_a_lost_terminal_does_not_end_an_upgrade(site: Settings, releases: Path, command: Path) -> None:
    with interrupted_in_order():
        run(site, releases, command, lambda: os.kill(os.getpid(), signal.SIGHUP))
    assert current(releases) == Release(releases, NEXT)


@pytest.mark.parametrize("has_releases", [False, True])
def test_an_upgrade_without_a_release_before_is_continued_when_the_cause_of_its_failure_is_removed(
    site: Settings, releases: Path, command: Path, has_releases: bool
) -> None:
    def fail() -> None:
        raise UpgradeError("no page is shown")

    (releases / "current").unlink()
    prefix = releases if has_releases else None
    with pytest.raises(
        UpgradeError, match=r"failed: no page is shown\. There is no release to go back to, and the services are stopped; the "
    ):
        run(site, prefix, command, fail, "")
    assert (tables(site), calls(command)) == ((10, True), ["stop"])
    with pytest.raises(UpgradeError, match=r"no way back, nothing was changed: no release was in use before 9\.0\.0; `dqmhub restore 20"):
        back(site, prefix)
    run(site, prefix, command, bool, "")
    assert calls(command)[-1] == "start"


def test_an_upgrade_whose_end_cannot_be_stored_says_that_it_is_in_use(site: Settings, releases: Path, command: Path) -> None:
    with command.open("a") as script:
        script.write(f'[ "$1" = stop ] || {{ rm {site.data}/upgrade.json; mkdir {site.data}/upgrade.json; }}\n')
    with pytest.raises(UpgradeError, match=f"^{NEXT} is in use, and its services run, but this could not be noted: Cannot write "):
        run(site, releases, command)


def test_services_that_can_be_neither_stopped_nor_started_are_named(site: Settings, releases: Path, tmp_path: Path) -> None:
    with pytest.raises(
        UpgradeError, match=r"No such file .*The database was not changed, but the services could not be started again: .*No such"
    ):
        run(site, releases, tmp_path / "nothing")
    assert load_state(site) is None


def test_an_unfinished_upgrade_is_named_by_doctor_and_the_status_page(hub: Settings, client: FlaskClient) -> None:
    assert "is unfinished" not in client.get("/status").text
    for stage, text in (("upgrading", "upgrade from 0.1.0 to 9.0.0"), ("returning", "way back from 9.0.0 to 0.1.0")):
        store_state(hub, UpgradeState(stage, "0.1.0", NEXT))
        assert ("warning", f"The {text} is unfinished") in wrong(hub, "software")
        assert f"The {text} is unfinished" in client.get("/status").text
    (hub.data / "upgrade.json").write_text("{")
    assert ("warning", "Whether an upgrade is unfinished, is not known") in wrong(hub, "software")


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        ("--back 9.9.9", "With --back no version is named, and 9.9.9 is one"),
        ("--abandon 9.9.9", "With --abandon no version is named, and 9.9.9 is one"),
        ("--yes", "--yes belongs to --back"),
        ("--back --abandon", "--back and --abandon exclude each other"),
        ("--services /no/such", "--services names /no/such, which is no program that can be run"),
        ("--services '\"'", "--services cannot be read: No closing quotation"),
    ],
)
def test_options_that_do_not_fit_are_refused(settings: Settings, words: str, problem: str) -> None:
    done = run_command(environment(settings), "upgrade", *words.replace("'", "").split(" "))
    assert (done.returncode, problem in done.stderr) == (2, True), done.stderr
