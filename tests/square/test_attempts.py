"""A client counts by its newest attempt, on pages, mirrors, notifications and the timeline."""

from __future__ import annotations

import json
import re
import time
from html import unescape
from typing import Any

import pytest
from flask.testing import FlaskClient

from app.core.settings import Settings
from app.publish.publisher import Publisher
from app.publish.redactions import REDACTIONS
from app.square.events import events
from app.square.models import Job, Run
from app.square.published import PUBLISHED
from app.square.stops import announce_stop, mark_stopped
from protocol.snapshot import ItemKey
from tests.notify import seed
from tests.publish.copies import contents
from tests.support.processes import until
from tests.support.stopped_clock import StoppedClock

pytestmark = [pytest.mark.both_databases, pytest.mark.usefixtures("clock")]

RUN = 358792
FU = "dqmfu-c2b03-45-01"


def words(html: str) -> str:
    """The text of a page as a reader sees it."""
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", html)))


def attempt(client: str, ago: float, exit_code: int | None = None) -> Job:
    """A job that began so long ago and reported 5 s later, or just now if it is running."""
    now = time.time()
    reported = now - ago + 5 if exit_code is not None else now - 1
    return seed.job(RUN, client, reported, exit_code, started=now - ago)


@pytest.fixture
def crowd(hub: Settings) -> Settings:
    """31 clients: one is down after three attempts, one is stuck, 29 are running, nine of them after a crash."""
    seed.host(FU, time.time())
    for ago in (300, 200, 100):
        attempt("ecal", ago, 92)
    now = time.time()
    seed.job(RUN, "gem", now - 1000)
    for number in range(29):
        if number < 9:
            attempt(f"client{number:02}", 300, -11)
        attempt(f"client{number:02}", 60)
    return hub


def publish(settings: Settings) -> dict[ItemKey, bytes]:
    """All published items."""
    publisher = Publisher(settings.replace(publish_folder="/nowhere"), [PUBLISHED, REDACTIONS])
    publisher.step()
    until(lambda: publisher.step() or not publisher.incomplete, "everything to be published")
    return contents()


def test_a_run_with_one_client_down_and_eleven_failed_attempts_has_one_client_down(crowd: Settings, client: FlaskClient) -> None:
    text = words(client.get("/square").text)
    assert "1 down 1 stuck 29 running 0 finished 11 earlier attempts failed" in text
    items = publish(crowd)
    for key in (ItemKey("live", "production", 0, "page"), ItemKey("run", "production", RUN, "page")):
        assert "1 down 1 stuck 29 running 0 finished 11 earlier attempts failed" in words(items[key].decode())


def test_the_api_counts_clients_and_jobs(crowd: Settings, client: FlaskClient) -> None:
    (run,) = client.get("/api/v1/square/runs").get_json()["runs"]
    assert (run["jobs"], run["clients"], run["crashed"], run["running"], run["finished"], run["failed"]) == (42, 31, 1, 30, 0, 11)
    attempts = [job["attempt"] for job in client.get(f"/api/v1/square/runs/{RUN}").get_json()["list"] if job["client"] == "ecal"]
    assert attempts == [3, 2, 1]
    table = client.get("/square/statistics.csv").text.splitlines()
    row = dict(zip(table[0].split(","), table[1].split(","), strict=True))
    assert (row["jobs"], row["jobs_crashed"], row["clients"], row["clients_down"]) == ("42", "12", "31", "1")


def test_the_end_of_a_run_is_notified_with_its_clients(crowd: Settings) -> None:
    now = time.time()
    for job in Job.select().where(Job.exit_code.is_null()):
        seed.change(job, exit_code=0, reported=now - 90)
    (event,) = events("production", 0, now, kinds=["run-end"])
    assert event.text == "Clients: 30 finished, 1 crashed; 11 earlier attempts failed"


def cells(html: str) -> list[str]:
    return re.findall(r'class="cell-(\w+)"', html)


def test_the_timeline_shows_the_newest_attempt_of_each_client(crowd: Settings, client: FlaskClient) -> None:
    expected = ["crashed"] + ["running"] * 29 + ["stuck"]
    page = client.get("/square/timeline").text
    assert sorted(cells(page)) == expected
    assert page.count("×2") == 9 + 1, "and in the legend"
    assert sorted(cells(client.get("/square/timeline?bad=1").text)) == expected, "running clients have no exit code 0"
    assert sorted(cells(publish(crowd)[ItemKey("timeline", "production", 358700, "page")].decode())) == expected


def test_a_client_that_recovered_is_found_by_its_failure_and_has_its_newest_state(hub: Settings, client: FlaskClient) -> None:
    attempt("csc", 300, 65)
    attempt("csc", 200, 0)
    attempt("beam", 300, 0)
    page = client.get("/square/timeline?bad=1").text
    assert cells(page) == ["finished"]
    assert "crashed 65" in page


def test_mirrors_know_which_attempts_have_a_successor(crowd: Settings) -> None:
    data: dict[str, Any] = json.loads(publish(crowd)[ItemKey("run", "production", RUN, "data")])
    newest = [client for client in data["clients"] if client[7] not in data["earlier"]]
    assert len(newest) == len({client[3] for client in newest}) == 31
    assert [client[3] for client in newest if client[2] not in (-1, 0)] == ["ecal"]


def test_an_attempt_that_never_reported_its_end_and_has_a_successor_is_not_stuck(hub: Settings) -> None:
    now = time.time()
    seed.host(FU, now)
    seed.job(RUN, "beam", now - 950)
    assert len(events("production", 0, now, kinds=["stuck"])) == 1
    attempt("beam", 940)
    assert events("production", 0, now, kinds=["stuck"]) == []


def stop(host: str = FU, **values: Any) -> None:
    announce_stop("production", host, 12, "Restart hltd", "anna", "hltd lost a client", **values)


def end(job: Job, exit_code: int) -> Job:
    """Store the end of a job as the poller does."""
    seed.change(job, exit_code=exit_code)
    mark_stopped("production", [job.key], time.time())
    seed.change(job, reported=time.time())
    found: Job = Job.get_by_id(job.id)
    return found


def test_an_attempt_that_a_commanded_restart_ended_says_so_and_is_no_crash(hub: Settings, client: FlaskClient, clock: StoppedClock) -> None:
    old = attempt("beam", 300)
    stop()
    end(old, -15)
    text = words(client.get("/square").text)
    assert "0 down 0 stuck 0 running 1 stopped by command 0 finished" in text
    assert "stopped by command -15 SIGTERM by anna" in text
    assert events("production", 0, time.time() + 1, kinds=["crash"]) == []
    clock.advance(1)
    attempt("beam", 60)
    assert "0 down 0 stuck 1 running 0 finished" in words(client.get("/square").text)
    assert "earlier attempt" not in words(client.get("/square").text)
    assert "Ended by Restart hltd of anna" in words(client.get(f"/square/job?key={old.key}").text)
    run = Run.get()
    assert (run.clients, run.running, run.crashed, run.stopped, run.failed) == (1, 1, 0, 0, 0)
    (job,) = [job for job in client.get(f"/api/v1/square/runs/{RUN}").get_json()["list"] if job["state"] == "stopped"]
    assert (job["key"], job["stopped"]["command"], job["stopped"]["user"]) == (old.key, 12, "anna")


def test_mirrors_say_stopped_by_command_without_the_name_of_the_operator(hub: Settings) -> None:
    old = attempt("beam", 300)
    stop()
    end(old, -15)
    items = publish(hub)
    page = items[ItemKey("run", "production", RUN, "page")].decode()
    assert "stopped by command" in page
    assert all(b"anna" not in content for content in items.values())
    data = json.loads(items[ItemKey("run", "production", RUN, "data")])
    assert data["stopped"] == [client[7] for client in data["clients"]]


@pytest.mark.parametrize(
    ("exit_code", "host"),
    [(-11, FU), (65, FU), (-15, "dqmfu-c2b04-45-01")],
    ids=["memory fault during the restart", "exception during the restart", "another host"],
)
def test_a_crash_near_a_restart_remains_a_crash(hub: Settings, exit_code: int, host: str) -> None:
    job = attempt("beam", 300)
    stop(host)
    end(job, exit_code)
    assert [event.kind for event in events("production", 0, time.time() + 1, kinds=["crash"])] == ["crash"]


def test_a_killed_job_is_stopped_by_any_commanded_signal_and_others_of_its_host_are_not(hub: Settings) -> None:
    killed, other = attempt("beam", 300), attempt("csc", 300)
    stop(key=killed.key, signal_number=11)
    assert end(killed, 139).stopped_by is not None, "139 is 128 + SIGSEGV, as a shell reports it"
    assert end(other, -15).stopped_by is None
