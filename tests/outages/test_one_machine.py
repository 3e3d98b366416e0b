"""A hub on a machine whose data folder is gone, whose clock is set, and whose disks fill: named on /status, and over by itself."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.core.settings import Settings
from app.queue import store
from app.queue.models import BackgroundJob
from app.queue.periodic import PeriodicTaskState
from tests.outages.set_clock import SharedClock
from tests.support.ports import free_port
from tests.support.processes import until
from tests.support.running_hub import ONE_OF_EACH, RunningHub, running_hub
from tests.support.site import bound
from tests.support.small_disk import fill_disk, fill_hub, small_disk

pytestmark = pytest.mark.slow

DAY_S = 86400.0


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path) -> Iterator[Path]:
    """A folder with disks of 64 MB for the data and of 1 MB for the logs; the folder of the data is mounted from the first one."""
    folder = tmp_path_factory.mktemp("machine")
    with small_disk(folder / "disk", 64), small_disk(folder / "logs", 1):
        (folder / "disk" / "var").mkdir()
        (folder / "var").mkdir()
        subprocess.run(["cp", "-r", f"{sqlite_template}/.", folder / "disk" / "var"], check=True)
        mount(folder)
        yield folder
        subprocess.run(["umount", "--lazy", folder / "var"], check=True)


def mount(folder: Path) -> None:
    subprocess.run(["mount", "--bind", folder / "disk" / "var", folder / "var"], check=True)


@pytest.fixture(scope="module")
def clock(folder: Path) -> SharedClock:
    """The clock of the services."""
    return SharedClock(folder / "clock")


@pytest.fixture(scope="module")
def hub(folder: Path, clock: SharedClock) -> Iterator[RunningHub]:
    """The services, to whose database this process is bound."""
    settings = Settings(data_dir=str(folder / "var"), web_port=free_port(), **ONE_OF_EACH)
    command = ("-m", "tests.outages.set_clock", str(folder / "clock"))
    with running_hub(settings, folder / "logs", command) as hub, bound(settings):
        yield hub


def steps() -> dict[str, int]:
    """The number of steps so far of the periodic tasks that have one every few seconds."""
    return {task.name: task.steps for task in PeriodicTaskState.select().where(PeriodicTaskState.period_s <= 2)}


def wait_for_steps() -> None:
    """Wait until each of them has taken a step more."""
    before = steps()
    until(lambda: all(count >= before.get(name, 0) + 1 for name, count in steps().items()), "the periodic tasks")


def works(hub: RunningHub, mark: str) -> bool:
    """Whether something is stored, a job is run, the periodic tasks go on, and no service has ended."""
    job = store.enqueue("clean-names", mark)
    until(lambda: BackgroundJob.get_by_id(job.id).state == "done", "a job")
    wait_for_steps()
    until(hub.is_ready, "the hub")
    until(lambda: hub.store_link(f"/browse/1/a/b/{mark}"), "a link")
    return all(one.poll() is None for one in hub.services.values())


def test_a_data_folder_that_is_not_mounted_for_a_while_is_named_and_nothing_is_made_in_its_place(hub: RunningHub, folder: Path) -> None:
    assert works(hub, "before")
    subprocess.run(["umount", "--lazy", folder / "var"], check=True)
    hub.wait_for_status("or its disk cannot be reached: mount it again")
    assert hub.get("/healthz/ready").status == 503
    until(lambda: hub.get("/api/v1/samples").status == 503, "the file to be compared")
    assert not hub.store_link("/browse/1/a/b/c")
    until(lambda: "Periodic tasks wait" in hub.log_text("live"), "the periodic tasks to wait")
    assert os.listdir(folder / "var") == []
    mount(folder)
    until(hub.is_ready, "the hub")
    assert works(hub, "mounted")


@pytest.mark.parametrize("step_s", [3600.0, -3600.0])
def test_a_clock_that_is_set_is_named_until_it_is_corrected_and_stops_nothing(hub: RunningHub, clock: SharedClock, step_s: float) -> None:
    clock.set_ahead(step_s)
    hub.wait_for_status(f"was set {'ahead' if step_s > 0 else 'back'} by 3,6")  # the clock of the machine itself may be corrected, too
    assert works(hub, f"set{step_s:.0f}")
    clock.set_ahead(0.0)
    hub.wait_for_status("was not set, and no heartbeat is in the future")
    assert works(hub, f"corrected{step_s:.0f}")
    assert not re.search(r"-\d+ (s|min|h)", hub.get("/status").text), "no age is negative"


def test_a_clock_that_is_set_years_ahead_deletes_nothing(hub: RunningHub, clock: SharedClock) -> None:
    before = {job.id for job in BackgroundJob.select()}
    clock.set_ahead(1000 * DAY_S)
    hub.wait_for_status("was set ahead by 86,40")
    wait_for_steps()
    assert {job.id for job in BackgroundJob.select()} == before, "no daily job was queued"
    clock.set_ahead(0.0)
    assert works(hub, "back")


def test_a_full_disk_of_the_logs_stops_nothing(hub: RunningHub, folder: Path) -> None:
    filling = fill_disk(folder / "logs")
    assert works(hub, "without-logs")
    filling.unlink()


def test_a_full_disk_of_the_data_is_shown_on_every_page_and_over_by_itself(hub: RunningHub) -> None:
    filling = fill_hub(hub.settings)
    hub.wait_for_status("The disk of DQM Hub is full")
    assert 'data-disk="full" role="alert">' in hub.get("/").text
    assert not hub.store_link("/browse/2/a/b/c")
    filling.unlink()
    assert works(hub, "space")
