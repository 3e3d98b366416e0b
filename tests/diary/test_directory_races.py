"""Jobs that move while a scan looks at them, and how much a scan reads."""

from __future__ import annotations

import errno
import os
import shutil
import threading
from collections.abc import Callable

import pytest

from app.core.settings import Settings
from app.diary.models import DiaryEvent, DiaryJob, DiaryQuarantine
from app.diary.sources.registry import source_kinds
from app.diary.sources.runner import scan_source
from app.diary.sources.source import JobSource
from tests.diary.audit import Event, audited
from tests.diary.caejobs import Site, options, readme
from tests.diary.observations import only_job
from tests.support.processes import until
from tests.support.storms import TIMES

ID = 1234567
JOBS = 300 if TIMES == 1 else min(5000 * TIMES, 100_000)
"""Jobs of the test of what is read."""


def once(event: Event, act: Callable[[], object]) -> Callable[[Event], None]:
    """Do something just before the first call of a kind on a path."""
    done = []

    def before(found: Event) -> None:
        if found == event and not done:
            done.append(event)
            act()

    return before


def end(site: Site, native_id: int) -> None:
    """What the end of a job does: its directory comes from the scratch disk, its script goes."""
    os.rename(site.scratch / str(native_id), site.work / str(native_id))
    (site.work / f"{native_id}.dyn-dmp.x99xx123.16.sh").unlink()


@pytest.mark.parametrize("moment", ["the list", "the script", "its directory", "the readme"])
def test_a_job_that_ends_just_before_something_is_read_is_done_in_the_same_scan(
    moment: str, hub: Settings, site: Site, source: JobSource
) -> None:
    site.submit(ID)
    path = site.running(ID)
    file = readme(path)
    event = {
        "the list": ("os.scandir", str(site.work)),
        "the script": ("open", str(site.work / f"{ID}.dyn-dmp.x99xx123.16.sh")),
        "its directory": ("os.listdir", str(path)),
        "the readme": ("open", str(file)),
    }[moment]
    with audited(once(event, lambda: end(site, ID))) as events:
        scan_source(source, hub)
    assert event in events
    assert (only_job().state, only_job().name, only_job().workdir) == ("done", "deck.key", str(site.work / str(ID)))
    assert not DiaryQuarantine.select().exists()


def test_a_readme_that_is_removed_just_before_it_is_read_hides_no_state(hub: Settings, site: Site, source: JobSource) -> None:
    site.submit(ID)
    file = readme(site.running(ID))
    with audited(once(("open", str(file)), file.unlink)):
        scan_source(source, hub)
    assert (only_job().state, only_job().name) == ("running", "i_main_deck_name_01.dyn")


def test_a_submission_log_that_is_removed_just_before_it_is_read_hides_no_other(hub: Settings, site: Site, source: JobSource) -> None:
    file = site.submit(ID)
    site.submit(ID + 1)
    with audited(once(("open", str(file)), file.unlink)):
        assert scan_source(source, hub).found == 1
    site.submit(ID)
    assert scan_source(source, hub).found == 1


@pytest.mark.parametrize("number", [errno.ESTALE, errno.EIO, errno.EACCES, errno.ENOENT, errno.ENOTDIR])
@pytest.mark.parametrize("name", ["os.scandir", "os.listdir", "open"])
def test_a_file_system_that_fails_for_a_moment_loses_no_job(number: int, name: str, hub: Settings, site: Site, source: JobSource) -> None:
    for native_id in (ID, ID + 1):
        site.submit(native_id)
        readme(site.running(native_id))
    scan_source(source, hub)
    site.submit(ID + 2)
    readme(site.running(ID + 2))

    def fail(event: Event) -> None:
        if event[0] == name and event[1].startswith((str(site.work), str(site.scratch))):
            raise OSError(number, os.strerror(number), event[1])

    with audited(fail):
        scan_source(source, hub)
    states = {job.native_id: job.state for job in DiaryJob.select()}
    assert states.keys() >= {str(ID), str(ID + 1)}
    assert set(states.values()) <= {"running", "unknown"}
    scan_source(source, hub)
    jobs = list(DiaryJob.select())
    assert [(job.state, job.name) for job in jobs] == [("running", "deck.key")] * 3


@pytest.mark.storm
def test_jobs_that_live_while_the_source_is_scanned_go_through_their_states_in_order(hub: Settings, site: Site, source: JobSource) -> None:
    ids = range(ID, ID + 40 * TIMES)

    def live() -> None:
        for native_id in ids:
            site.submit(native_id)
            waiting = site.pending(native_id)
            readme(waiting)
            readme(site.running(native_id))
            shutil.rmtree(waiting)
            end(site, native_id)

    jobs = threading.Thread(target=live)
    jobs.start()
    while jobs.is_alive():
        scan_source(source, hub)
    jobs.join()
    scan_source(source, hub)
    assert DiaryJob.select().where(DiaryJob.state == "done", DiaryJob.name == "deck.key").count() == len(ids)
    order = ["unknown", "pending", "running", "done"]
    for job in DiaryJob.select():
        states = [
            row.new for row in DiaryEvent.select().where(DiaryEvent.job == job.id, DiaryEvent.field == "state").order_by(DiaryEvent.id)
        ]
        assert states == sorted(states, key=order.index), job.native_id
    assert not DiaryQuarantine.select().exists()


def reads(source: JobSource, hub: Settings, site: Site) -> list[str]:
    """What a scan opens and lists, below the site."""
    with audited() as events:
        scan_source(source, hub)
    root = str(site.work.parent)
    return [
        path.removeprefix(f"{root}/") for name, path in events if name in ("open", "os.listdir", "os.scandir") and path.startswith(root)
    ]


@pytest.mark.slow
@pytest.mark.storm
def test_scans_read_nothing_that_did_not_change(hub: Settings, site: Site, source: JobSource) -> None:
    for native_id in range(ID, ID + JOBS):
        site.submit(native_id)
        path = site.running(native_id) if native_id % 10 == 0 else site.finished(native_id)
        if native_id % 5 == 0:
            readme(path)
    while DiaryJob.select().count() < JOBS:
        scan_source(source, hub)
    until(lambda: not reads(source, hub, site), "a scan that reads nothing")
    site.submit(ID + JOBS)
    new = {"logs", f"logs/{site.log_name(ID + JOBS)}", "work"}
    assert set(reads(source, hub, site)) == new
    until(lambda: not reads(source, hub, site), "a scan that reads nothing")
    changed = readme(site.scratch / str(ID // 10 * 10 + 10))
    assert reads(source, hub, site) == [str(changed.relative_to(site.work.parent))]
    again = source_kinds()["directory"].make("cae", options(site), hub)
    read = set(reads(again, hub, site))
    assert {path for path in read if path.startswith("logs/")} == set(), "a new process reads no submission log again"
    assert not any(path.startswith("work/") and path.endswith("README") for path in read), "nor the README of a job that has ended"
