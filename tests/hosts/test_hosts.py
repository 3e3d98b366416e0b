"""A hub on many hosts, each of which is killed and started again under load: nothing is lost or doubled, and pages stay up."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from app.core import database, database_schema
from app.core.database import disconnect, rows
from app.gui.models import READY, Dataset, File, Sample
from app.notify.models import Notification
from app.queue import execution
from app.queue.models import BackgroundJob
from app.queue.periodic import PeriodicTaskState
from app.queue.states import DONE, OPEN
from app.square.models import Document
from tests.hosts.clients import PLOT, SHOWN, Clients
from tests.hosts.site import SERVICES, ManyHosts, many_hosts
from tests.support.gui import demo_files
from tests.support.processes import until
from tests.support.site import bound

pytestmark = pytest.mark.slow

ROUNDS = int(os.environ.get("HOSTS_ROUNDS", "0"))
"""How often each host is lost; 0: one of each kind is, once, as in the suite."""
CABLES = ("web2 cable", "live2 cable", "worker2 cable", "redis cable", "postgresql cable")
SHORT = ("web1", "web2 cable", "live1", "worker1", "redis", "postgresql")
PAUSE_S = 0.25


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ManyHosts]:
    files = tmp_path_factory.mktemp("files")
    with many_hosts(tmp_path_factory.mktemp("site"), files) as site, bound(site.settings):
        execution.connect(site.settings)
        yield site
        execution.disconnect()
    assert "Traceback" not in site.logs()


@pytest.fixture(scope="module")
def clients(site: ManyHosts, tmp_path_factory: pytest.TempPathFactory) -> Clients:
    """Clients, and a sample whose plots they read."""
    file = next(file for file in demo_files(tmp_path_factory) if "StreamExpress" in file.name)
    clients = Clients(site, file, Path(site.settings["file_roots"][0]), PAUSE_S)
    assert clients.register(SHOWN)
    until(lambda: site.get(PLOT).status == 200, "a plot")
    return clients


def test_each_host_may_be_killed_under_load(site: ManyHosts, clients: Clients) -> None:
    site.p5.incident("start_run", lumis=200)
    since, steps = time.monotonic(), steps_of_tasks()
    lost = [*SERVICES, *CABLES] * ROUNDS or SHORT
    with clients.at_work():
        for name in lost:
            confirmed = len(clients.datasets)
            clients.lost.append(name)
            with away(site, name):
                if name.startswith("postgresql"):
                    read = clients.read[503]
                    until(lambda read=read: clients.read[503] > read, f"pages that say that {name} is out")
                else:
                    until(lambda confirmed=confirmed: len(clients.datasets) > confirmed + 2, f"files to be registered without {name}")
                    site.p5.incident("end_run", follow=False)
                    site.p5.incident("start_run", lumis=200)
            until(lambda confirmed=confirmed: len(clients.datasets) > confirmed + 4, f"files to be registered after {name} is back")
            clients.lost.append("")
    assert clients.wrong == [], site.logs("web1", "web2")
    assert clients.broken_off <= sum(name.startswith("web") for name in lost), "a web server handles one registration at a time here"
    assert_nothing_is_lost_or_doubled(site, clients)
    assert site.chat.messages
    frequent = {task: found for task, found in steps_of_tasks().items() if found[0] <= 60}  # news of a run start steps of the others, too
    elapsed = time.monotonic() - since
    for task, (period_s, count) in frequent.items():
        assert count - steps[task][1] <= elapsed / period_s + len(lost) + 2, f"{task} runs on one host at a time"
    registered = f"{len(clients.datasets)} files registered ({clients.broken_off} repeated after 502, {clients.unavailable} after 503)"
    print(f"{len(lost)} hosts lost in {elapsed:.0f} s; {registered}, {len(clients.jobs)} jobs, read: {clients.read}")


@contextmanager
def away(site: ManyHosts, name: str) -> Iterator[None]:
    """A host whose processes are all killed, or whose cable is out, until the end of the block."""
    host, _, cable = name.partition(" ")
    disconnect()
    if cable:
        site.hosts[host].set_link("down")
        yield
        site.hosts[host].set_link("up")
        return
    site.kill(host)
    yield
    site.revive(host)


def steps_of_tasks() -> dict[str, tuple[float, int]]:
    """Period in s, and number of steps so far, of each periodic task."""
    columns = PeriodicTaskState.name, PeriodicTaskState.period_s, PeriodicTaskState.steps
    return {name: (period_s, steps) for name, period_s, steps in rows(PeriodicTaskState.select(*columns))}


def assert_nothing_is_lost_or_doubled(site: ManyHosts, clients: Clients) -> None:
    """Count what was confirmed."""
    until(lambda: not BackgroundJob.select().where(BackgroundJob.state.in_(OPEN)).exists(), "all jobs to end")
    query = Sample.select(Dataset.name).join(Dataset, on=(Sample.dataset == Dataset.id)).where(Sample.lumi == 0)
    found = sorted(name for (name,) in rows(query))
    assert found == sorted(set(found))
    assert set(clients.datasets) <= set(found)
    assert {state for (state,) in rows(File.select(File.state))} == {READY}
    states = dict(rows(BackgroundJob.select(BackgroundJob.id, BackgroundJob.state).where(BackgroundJob.id.in_(clients.jobs))))
    assert states == dict.fromkeys(clients.jobs, DONE)
    assert len(clients.jobs) == len(set(clients.jobs))
    assert not BackgroundJob.select().where(BackgroundJob.state == "failed").exists()
    until(lambda: documents_of_p5(site) == {(key, rev) for key, rev in rows(Document.select(Document.key, Document.rev))}, "all documents")

    def all_notified() -> bool:
        wanted = {event for (event,) in rows(Notification.select(Notification.event).where(Notification.outcome == "notified"))}
        return {message["id"] for message in site.chat.messages} == wanted

    until(all_notified, "all notifications")


def documents_of_p5(site: ManyHosts) -> set[tuple[str, str]]:
    """Key and revision of each document that the polled machines have."""
    polled = site.settings["square_production"]
    return {(entry["id"], entry["rev"]) for entry in site.p5.record()["documents"] if entry["there"] and entry["host"] in polled}


def test_a_migration_disturbs_no_process_of_the_old_release(
    site: ManyHosts, clients: Clients, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with clients.at_work():
        confirmed = len(clients.datasets)
        until(lambda: len(clients.datasets) > confirmed, "a file")
        add_migration(tmp_path, monkeypatch)
        assert database_schema.upgrade(database.proxy.obj, lambda _: None) == ["9999_newer"]
        confirmed = len(clients.datasets)
        until(lambda: len(clients.datasets) > confirmed + 2, "files to be registered after the migration")
    assert clients.wrong == [], site.logs("web1", "web2")
    assert_nothing_is_lost_or_doubled(site, clients)
    assert "The database belongs to a newer version of DQM Hub" in site.get("/status").text
    site.kill("worker1")
    site.hosts["worker1"].boot()
    site.start("worker1")
    until(lambda: "belongs to a newer version of DQM Hub" in site.logs("worker1"), "a process of the old release to refuse the database")


def add_migration(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A newer release, for this process: it adds a column to the tables that are used most."""
    for file in database_schema.MIGRATIONS.glob("0*.py"):
        (folder / file.name).symlink_to(file)
    tables = ("file", "sample", "background_job", "square_document", "periodic_task")
    lines = [f"""    db.execute_sql("ALTER TABLE {table} ADD COLUMN newer TEXT NOT NULL DEFAULT ''")""" for table in tables]
    (folder / "9999_newer.py").write_text("\n".join(["def up(migrator, db):", *lines]))
    monkeypatch.setattr(database_schema, "MIGRATIONS", folder)
