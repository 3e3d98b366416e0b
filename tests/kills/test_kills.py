"""Processes are killed all the time while clients use the hub: nothing that was confirmed is lost or doubled, and nothing is left behind."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import time
from contextlib import closing, suppress
from pathlib import Path

import pytest
from peewee import fn

from app.core.database import rows
from app.gui.files.register import IMPORT
from app.gui.models import READY, Dataset, File, NameList, Sample, ShortLink
from app.publish import revisions
from app.queue import execution, store
from app.queue.models import BackgroundJob
from app.queue.states import DONE, FAILED
from app.security.models import Audit
from tests.kills.clients import DATASET, UNAVAILABLE, Clients
from tests.kills.system import READER, KilledSystem, killed_system
from tests.support.gui import demo_files
from tests.support.processes import until
from tests.support.site import bound
from tests.support.storms import TIMES, chance, note_kills

pytestmark = [pytest.mark.slow, pytest.mark.storm]

LOOPS = int(os.environ.get("KILLS_LOOPS", str(30 * TIMES)))
"""Kills; those of the chain and of the transfer have tests of their own."""
PAUSE_S = 0.3
KILLS_PER_PROGRESS = 10
"""After so many kills each client must get on, or there would be nothing that can be lost."""


def test_processes_that_are_killed_all_the_time_lose_nothing_and_double_nothing(
    tmp_path: Path, sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    files, temporary = tmp_path / "files", tmp_path / "tmp"
    files.mkdir()
    temporary.mkdir()
    monkeypatch.setenv("TMPDIR", str(temporary))
    shutil.copytree(sqlite_template, tmp_path / "var")
    smallest = min(demo_files(tmp_path_factory), key=lambda file: file.stat().st_size)
    dice = chance(20)
    with killed_system(tmp_path, dice, file_roots=(str(files),)) as system, bound(system.hub.settings):
        execution.connect(system.hub.settings)
        before = set(os.listdir(tmp_path / "var"))
        clients = Clients(system.hub, smallest, files, PAUSE_S)
        jobs = []
        with clients.at_work():
            for number in system.storm(LOOPS):
                jobs.append(store.enqueue("clean-names", f"kill {number}").id)
                if number % KILLS_PER_PROGRESS == 0:
                    wait_for_progress(clients)
                time.sleep(dice.uniform(0, PAUSE_S))  # the moment of the kill
        system.revive()
        until(system.hub.is_ready, "the hub")
        assert clients.wrong == []
        assert_nothing_is_lost_or_doubled(system, clients, jobs)
        assert_databases_are_whole(tmp_path)
        assert left_behind(tmp_path / "var", before) == []
        execution.disconnect()
        assert len(processes_that_name(tmp_path)) >= len(system.hub.services)
    until(lambda: processes_that_name(tmp_path) == [], "all processes to end, of any session")
    assert os.listdir(temporary) == []
    assert [str(path) for path in tmp_path.rglob("*") if path.is_socket()] == []
    assert sum(system.kills.values()) == LOOPS
    note_kills("hub and mirror", system.kills)
    print(f"{len(clients.links)} links, {len(clients.runs)} files, {len(jobs)} jobs")


def wait_for_progress(clients: Clients) -> None:
    """Wait until a link, a file and a page more than now are confirmed."""
    before = clients.confirmed()
    until(lambda: all(now > then for now, then in zip(clients.confirmed(), before, strict=True)), f"more than {before} links, files, pages")


def assert_nothing_is_lost_or_doubled(system: KilledSystem, clients: Clients, jobs: list[int]) -> None:
    """Count what was confirmed."""
    links = [view for (view,) in rows(ShortLink.select(ShortLink.address))]
    assert set(clients.links) <= set(links)
    assert len(links) == len(set(links))
    query = Sample.select(Sample.run).join(Dataset, on=(Sample.dataset == Dataset.id)).where(Dataset.name == DATASET)
    found = sorted(run for (run,) in rows(query))
    assert found == sorted(set(found))
    assert set(clients.runs) <= set(found)
    for run in found:
        until(lambda run=run: system.hub.get(f"/browse/{run}{DATASET}").status == 200, f"the page of run {run}")
    until(lambda: not BackgroundJob.select().where(BackgroundJob.state.in_(("queued", "running"))).exists(), "all jobs to end")
    states = dict(rows(BackgroundJob.select(BackgroundJob.id, BackgroundJob.state).where(BackgroundJob.id.in_(jobs))))
    assert states == dict.fromkeys(jobs, DONE)
    others = BackgroundJob.kind != IMPORT  # one that was given up is queued again by the next request, and each file is ready
    assert not BackgroundJob.select().where(others, BackgroundJob.state == FAILED).exists()
    assert {state for (state,) in rows(File.select(File.state))} <= {READY}
    assert_jobs_that_ran_again_had_one_effect(system, len(found))
    until(lambda: mirror_has(system) == (revisions.current().name, revisions.current().revision), "the mirror to have all")


def assert_jobs_that_ran_again_had_one_effect(system: KilledSystem, registered: int) -> None:
    """Count what imports and registrations store. A killed job may run again; tests/jobs/test_running_twice.py has each kind."""
    again = BackgroundJob.select(BackgroundJob.kind, fn.COUNT(BackgroundJob.id)).where(BackgroundJob.attempts > 1)
    ran_again = dict(rows(again.group_by(BackgroundJob.kind)))
    print(f"jobs that ran again: {ran_again}")
    assert ran_again.get(IMPORT, 0) > 0 or not system.kills.get(f"child of {READER}")
    versions = Sample.select(Sample.version).join(Dataset, on=(Sample.dataset == Dataset.id)).where(Dataset.name == DATASET)
    assert {version for (version,) in rows(versions)} == {2}, "the list of each sample is stored once"
    assert NameList.select().count() == 1, "all files have the same names"
    assert Audit.select().where(Audit.action == "register").count() == registered


def mirror_has(system: KilledSystem) -> tuple[str, int] | None:
    """Series and revision of the mirror; None while it is being restarted."""
    (url,) = system.hub.settings["publish_mirrors"]
    answer = system.hub.fetch(f"{url}/status")
    if answer.status in UNAVAILABLE:
        return None
    status = json.loads(answer.text)
    return status["series"], status["have"]


def assert_databases_are_whole(folder: Path) -> None:
    """Let SQLite check each database."""
    files = [file for place in ("var", "mirror") for file in (folder / place).rglob("*.db")]
    assert len(files) >= 3
    for file in files:
        with closing(sqlite3.connect(file)) as opened:
            assert opened.execute("PRAGMA integrity_check").fetchall() == [("ok",)], file


MADE_LATER = {"queue.db", "queue.db-wal", "queue.db-shm", "dqmhub.db-wal", "dqmhub.db-shm", "snapshots"}
"""What services make in the data folder, some of it after the hub is ready."""


def left_behind(data: Path, before: set[str]) -> list[str]:
    """Files of killed processes in the data folder."""
    new = [name for name in os.listdir(data) if name not in before | MADE_LATER]
    return new + [str(path.relative_to(data)) for path in data.rglob("*") if path.suffix in (".tmp", ".part", ".new")]


def processes_that_name(folder: Path) -> list[str]:
    """Other processes that live and have a folder in their arguments or variables: all of a hub with its data there, in any session."""
    found = []
    for entry in Path("/proc").iterdir():
        with suppress(OSError):  # it has ended
            if entry.name.isdigit() and int(entry.name) != os.getpid():
                words = (entry / "cmdline").read_bytes()
                if os.fsencode(folder) in words + (entry / "environ").read_bytes():
                    found.append(f"{entry.name}: {words.decode(errors='replace')}")
    return found
