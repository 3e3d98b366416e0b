"""Polling of the simulated P5: everything arrives exactly once despite failures, and bad documents become dead letters."""

from __future__ import annotations

import json
import threading
import time
from contextlib import nullcontext
from typing import Any

import pytest
import zstandard

from app.core.counters import version_of
from app.core.settings import Settings
from app.queue.periodic import PeriodicTask, TaskRun
from app.square.models import DeadLetter, Document, Host, Job, Log, Run
from app.square.poller.host_poller import BATCH, HostPoller
from app.square.poller.system_poller import system_poller
from tests.support import storms
from tests.support.faulty_p5 import FaultyP5
from tests.support.p5 import BU, CROWDED, FU, P5
from tests.support.processes import service, until

pytestmark = [pytest.mark.both_databases, pytest.mark.slow]


def never() -> bool:
    return False


def poller(hub: Settings, p5: P5 | FaultyP5, host: str = FU, **settings: Any) -> HostPoller:
    changes: dict[str, Any] = {"square_url": p5.address, "square_timeout_s": 60.0} | settings
    return HostPoller("production", host, hub.replace(**changes))


def row(host: str = FU) -> Host:
    found: Host = Host.get(Host.name == host)
    return found


def whole(key: str) -> Any:
    found = json.loads(zstandard.decompress(bytes(Document.get(Document.key == key).body)))
    if log := Log.get_or_none(Log.key == key):
        found["extra"] |= json.loads(zstandard.decompress(bytes(log.body)))
    return found


def job(number: int, **fields: Any) -> dict[str, Any]:
    return {
        "_id": f"job-{number:05d}",
        "type": "dqm-source-state",
        "hostname": FU,
        "run": 7,
        "tag": "beam",
        "report_timestamp": time.time(),
        **fields,
    }


def keys() -> set[str]:
    return {key for (key,) in Document.select(Document.key).tuples()}


def assert_all_there(p5: P5, *hosts: str) -> None:
    """Each document of these hosts in the simulator is stored unchanged."""
    record = [entry for entry in p5.record(bodies=True)["documents"] if entry["host"] in hosts and entry["there"]]
    assert record
    for entry in record:
        assert whole(entry["id"]) == entry["document"]
    assert {entry["id"] for entry in record} <= keys()


def test_every_document_of_a_run_arrives_as_it_is(hub: Settings, p5: P5) -> None:
    p5.incident("start_run", lumis=5)
    p5.advance(200)
    for host in (BU, FU, CROWDED):
        assert poller(hub, p5, host).poll(never)
    assert_all_there(p5, BU, FU, CROWDED)
    run = Run.select().order_by(Run.run).first()
    assert (run.jobs, run.finished, run.crashed) == (31, 31, 0)
    assert run.lumi == 5


@pytest.mark.usefixtures("clock")  # after a gap the poller looks whether P5 has begun anew
def test_second_poll_fetches_only_changes(hub: Settings, p5: P5) -> None:
    p5.incident("upload", host=FU, documents=[job(number) for number in range(5)])
    one = poller(hub, p5)
    assert one.poll(never)
    before, requests = version_of("production"), len(p5.record()["requests"])
    assert one.poll(never)
    assert version_of("production") == before
    assert len(p5.record()["requests"]) == requests + 1
    p5.incident("upload", host=FU, documents=[job(3, exit_code=65)])
    assert one.poll(never)
    assert Job.get(Job.key == "job-00003").exit_code == 65
    assert [found.key for found in Document.select().where(Document.version > before)] == ["job-00003"]


def test_backlog_is_fetched_in_batches_with_the_number_left(hub: Settings, p5: P5) -> None:
    count = 5 * BATCH
    p5.incident("backlog", host=FU, count=count)
    one, left = poller(hub, p5), []

    def over() -> bool:
        if found := Host.get_or_none(Host.name == FU):
            left.append(found.behind)
        return len(left) == 3

    assert one.poll(over)
    assert left == [0, count - BATCH, count - 2 * BATCH]
    assert len(keys()) == 2 * BATCH
    assert poller(hub, p5).poll(never), "another process continues where this one stopped"
    assert len(keys()) == count
    assert row().behind == 0
    assert_all_there(p5, FU)


def test_machine_with_reset_revisions_is_read_from_the_beginning(hub: Settings, p5: P5) -> None:
    p5.incident("upload", host=FU, documents=[job(number) for number in range(5)])
    one = poller(hub, p5)
    assert one.poll(never)
    p5.incident("reset_revisions", host=FU)
    assert one.poll(never)
    assert (row().rev, row().resets) == (0, 1)
    p5.incident("upload", host=FU, documents=[job(number) for number in range(3, 8)])
    assert one.poll(never)
    assert len(keys()) == 8
    assert row().rev == 5


def test_revision_reset_is_detected_after_revisions_passed_the_old_ones(hub: Settings, p5: P5) -> None:
    p5.incident("upload", host=FU, documents=[job(number) for number in range(3)])
    one = poller(hub, p5)
    assert one.poll(never)
    p5.incident("reset_revisions", host=FU)
    p5.incident("upload", host=FU, documents=[job(number) for number in range(10, 20)])
    assert one.poll(never)
    assert len(keys()) == 13
    assert row().rev == 10


def test_document_dropped_before_fetching_becomes_a_dead_letter_until_it_returns(hub: Settings, p5: P5) -> None:
    p5.incident("upload", host=FU, documents=[job(number) for number in range(4)])
    p5.incident("vanish", host=FU, count=1)
    one = poller(hub, p5)
    assert one.poll(never)
    assert len(keys()) == 3
    (letter,) = DeadLetter.select()
    assert letter.why == "it was dropped at P5 before it was fetched"
    p5.incident("upload", host=FU, documents=[job(int(letter.key[-5:]))])
    assert one.poll(never)
    assert len(keys()) == 4
    assert not DeadLetter.select().count()


BAD_DOCUMENTS = {
    "cut": '{"_id": "bad", "type": "dqm-sou',
    "huge number": f'{{"_id": "bad", "run": {"9" * 5000}}}',
    "too deep": f'{{"_id": "bad", "extra": {"[" * 100_000}{"]" * 100_000}}}',
}


@pytest.mark.parametrize("text", BAD_DOCUMENTS.values(), ids=BAD_DOCUMENTS.keys())
def test_bad_document_becomes_a_dead_letter_and_the_others_are_stored(hub: Settings, faulty: FaultyP5, text: str) -> None:
    faulty.documents = {f"job-{number:05d}": json.dumps(job(number)) for number in range(10)}
    faulty.documents |= {"bad": text, "job-00010": json.dumps(job(10))}
    one = poller(hub, faulty, "dqmrubu-c2a06-03-01")
    assert one.poll(never)
    assert keys() == {f"job-{number:05d}" for number in range(11)}
    (letter,) = DeadLetter.select()
    assert (letter.key, letter.rev) == ("bad", 11)
    assert b"bad" in bytes(letter.body)
    assert one.poll(never)
    assert DeadLetter.get().times == 1, "it is not fetched again at once"


def test_unlisted_machine_is_deleted(hub: Settings, faulty: FaultyP5) -> None:
    for system, name in (("production", FU), ("production", "dqmfu-c2b03-01-01"), ("playback", CROWDED)):
        Host.create(system=system, name=name, role="fu")
    settings = hub.replace(square_url=faulty.address, square_production=(f"{FU}.cms",), square_playback=())
    before = version_of("production")
    with system_poller("production", (f"{FU}.cms",), settings, turn_of("poll")):
        assert [host.name for host in Host.select()] == [FU]
    assert version_of("production") == before + 1, "pages are updated"


def turn_of(name: str) -> TaskRun:
    return TaskRun(PeriodicTask(name, 0.2, lambda _: nullcontext(lambda: None)), threading.Event(), 600)


@pytest.mark.parametrize("when", [1e300, -1e12, "1e200"])
def test_times_beyond_every_calendar_are_none(hub: Settings, faulty: FaultyP5, when: float | str) -> None:
    faulty.documents = {"job-00001": json.dumps(job(1, report_timestamp=when))}
    faulty.timestamp = when
    assert poller(hub, faulty, "dqmrubu-c2a06-03-01").poll(never)
    assert Job.get().reported == pytest.approx(time.time(), abs=600), "then it is when it came"


@pytest.mark.parametrize(
    "text",
    [
        "7",
        '{"_id": 7, "_rev": 1}',
        '{"_id": "a"}',
        '{"_id": "", "_rev": 1}',
        '{"_id": "a", "_rev": 1e30}',
        '{"_id": "a\\u0000", "_rev": 1}',
        '{"_id": "' + 251 * "\U0001f600" + '", "_rev": 1}',
    ],
)
def test_bad_header_is_stored_once_and_others_are_used(hub: Settings, faulty: FaultyP5, text: str) -> None:
    faulty.documents = {"job-00001": json.dumps(job(1))}
    faulty.header_texts = [text]
    one = poller(hub, faulty, "dqmrubu-c2a06-03-01")
    for _ in range(2):
        assert one.poll(never)
    assert keys() == {"job-00001"}
    assert DeadLetter.get().times == 1


def test_unknown_types_are_kept_and_warned_of(hub: Settings, p5: P5, caplog: pytest.LogCaptureFixture) -> None:
    p5.incident("upload", host=FU, documents=[{"_id": "new", "type": "dqm-next", "hostname": FU}])
    assert poller(hub, p5).poll(never)
    assert whole("new")["type"] == "dqm-next"
    assert "unknown type 'dqm-next'" in caplog.text


def test_missed_end_of_an_older_run_is_fetched_later(hub: Settings, p5: P5) -> None:
    p5.incident("upload", host=FU, documents=[job(1), job(2, run=8)])
    one = poller(hub, p5)
    assert one.poll(never)
    p5.incident("upload", host=FU, documents=[job(1, exit_code=0)])
    Host.update(rev=3, rev_key="job-00001").execute()  # as if the new state had been read, but was lost
    assert one.poll(never)
    assert Job.get(Job.key == "job-00001").exit_code is None
    one.is_rechecked = False
    assert one.poll(never)
    assert Job.get(Job.key == "job-00001").exit_code == 0


@pytest.mark.slow
@pytest.mark.storm
def test_live_service_polls_both_systems_and_survives_a_kill(hub: Settings, p5: P5) -> None:
    settings = hub.replace(square_url=p5.address, square_poll_s=0.2)
    for _ in range(storms.TIMES):
        p5.incident("start_run", lumis=20)
        p5.incident("start_run", system="playback", lumis=20)
        with service(settings, "live") as live:
            before = version_of("production")
            p5.advance(60)
            until(lambda before=before: version_of("production") > before, "something to arrive")
            live.kill()
    with service(settings, "live"):
        newest = {entry["id"]: entry["rev"] for entry in p5.record()["documents"] if entry["there"]}
        until(lambda: set(newest) <= keys(), "every document to arrive")
    assert len(keys()) == Document.select().count()
    for entry in p5.record(bodies=True)["documents"]:
        if entry["host"] in (FU, CROWDED, BU):
            assert whole(entry["id"])["_id"] == entry["id"]
    assert {run.system for run in Run.select()} == {"production", "playback"}
