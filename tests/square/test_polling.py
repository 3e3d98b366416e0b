"""Polls of pages: cheap without changes, complete with them."""

from __future__ import annotations

import gzip
import re
import time
from html import unescape

from flask.testing import FlaskClient

from app.core.settings import Settings
from app.square.models import Host, HostStatus, Job
from app.square.states import STUCK_S
from tests.square import data
from tests.support.processes import until
from tests.support.stopped_clock import StoppedClock

HTMX = {"HX-Request": "true", "HX-Target": "square"}


def poll(page: str) -> str:
    found = re.search(r'hx-get="([^"]*since=[^"]*)"', page)
    assert found
    return unescape(found[1])


def some_key(run: int = 358792) -> str:
    return str(Job.get(Job.run == run).key)


def test_a_poll_with_nothing_new_is_a_few_bytes(filled: Settings, client: FlaskClient) -> None:
    answer = client.get(poll(client.get("/square").text), headers=HTMX)
    assert answer.status_code == 204
    assert answer.data == b""
    assert len(str(answer.headers)) < 300


def test_a_new_report_comes_with_the_next_poll_as_a_fragment(filled: Settings, client: FlaskClient) -> None:
    address = poll(client.get("/square").text)
    data.change(some_key(), lumi=7777)
    answer = client.get(address, headers=HTMX)
    assert answer.status_code == 200
    assert "<html" not in answer.text
    assert 'id="square"' in answer.text
    assert "7777" in answer.text
    assert client.get(poll(answer.text), headers=HTMX).status_code == 204


def test_a_job_becomes_stuck_without_any_report(filled: Settings, client: FlaskClient, clock: StoppedClock) -> None:
    data.change(some_key(), reported=time.time() - STUCK_S + 2)
    page = client.get("/square").text
    assert "0 stuck" in page
    clock.advance(1)
    assert client.get(poll(page), headers=HTMX).status_code == 204
    clock.advance(2)
    until(lambda: "1 stuck" in client.get(poll(page), headers=HTMX).text, "a fragment that is not that of the last second")


def test_stalled_poller_is_shown_by_time_alone(filled: Settings, client: FlaskClient) -> None:
    address = poll(client.get("/square").text)
    Host.update(last_ok=time.time() - 40).execute()
    answer = client.get(address, headers=HTMX)
    assert "P5 is no longer polled" in answer.text
    assert client.get(poll(answer.text), headers=HTMX).status_code == 204


def test_stalled_poller_is_distinguished_from_unreachable_p5(filled: Settings, client: FlaskClient) -> None:
    Host.update(last_ok=time.time() - 900, last_error=time.time() - 50, failures=9, error="refused").execute()
    page = client.get("/square").text
    assert "P5 is unreachable: refused" in page
    Host.update(last_error=time.time() - 160).execute()
    answer = client.get(poll(page), headers=HTMX)
    assert "P5 is no longer polled" in answer.text
    assert client.get(poll(answer.text), headers=HTMX).status_code == 204


def test_machines_without_reports_become_unknown_by_time_alone(filled: Settings, client: FlaskClient) -> None:
    address = poll(client.get("/square").text)
    HostStatus.update(last=time.time() - 130).where(HostStatus.name == "dqmfu-c2b03-45-01").execute()
    answer = client.get(address, headers=HTMX)
    assert "unknown</span></span> <bdi>dqmfu-c2b03-45-01</bdi>" in answer.text
    assert client.get(poll(answer.text), headers=HTMX).status_code == 204


def test_page_of_an_older_run_does_not_change_with_the_newest(filled: Settings, client: FlaskClient) -> None:
    address = poll(client.get("/square/runs/358788").text)
    data.change(some_key(358792), lumi=7777)
    assert client.get(address, headers=HTMX).status_code == 204
    data.change(some_key(358788), lumi=7778)
    assert "7778" in client.get(address, headers=HTMX).text


def test_page_of_the_previous_run_shows_the_next_run(filled: Settings, client: FlaskClient) -> None:
    address = poll(client.get("/square/runs/358792").text)
    live = poll(client.get("/square").text)
    values = dict(Job.get(Job.run == 358792).__data__) | {"key": "next", "run": 358793}
    del values["id"]
    Job.create(**values)
    data.change("next", lumi=1)
    assert "Next run: 358793" in client.get(address, headers=HTMX).text
    assert 'data-run="358793"' in client.get(live, headers=HTMX).text


def test_page_of_a_running_job_follows_its_attempts_to_the_end(filled: Settings, client: FlaskClient) -> None:
    key, own = some_key(), HTMX | {"HX-Target": "job"}
    address = poll(client.get(f"/square/job?key={key}").text)
    assert client.get(address, headers=own).status_code == 204
    data.change(some_key(358788), lumi=1)
    assert client.get(address, headers=own).status_code == 204, "it is another job"
    data.change(key, lumi=7777)
    answer = client.get(address, headers=own)
    assert "7777" in answer.text
    assert "<html" not in answer.text
    data.change(key, reported=time.time() - 1000)
    stuck = client.get(poll(answer.text), headers=own).text
    assert "stuck" in stuck
    values = dict(Job.get(Job.key == key).__data__) | {"key": "again", "started": time.time()}
    del values["id"]
    Job.create(**values)
    assert "Attempts in this run" in client.get(poll(stuck), headers=own).text
    data.change(key, exit_code=65)
    assert "since=" not in client.get(f"/square/job?key={key}").text, "an ended job does not change"


def test_the_other_system_does_not_move_it(filled: Settings, client: FlaskClient) -> None:
    address = poll(client.get("/square?system=playback").text)
    data.change(some_key(), lumi=7777)
    assert client.get(address, headers=HTMX).status_code == 204


def test_simultaneous_polls_share_one_rendered_fragment(filled: Settings, client: FlaskClient) -> None:
    page = client.get("/square").text
    data.change(some_key(), lumi=7777)
    first = client.get(poll(page), headers=HTMX)
    packed = client.get(poll(page), headers={**HTMX, "Accept-Encoding": "gzip"})
    assert packed.content_encoding == "gzip"
    assert gzip.decompress(packed.data) == first.data
    assert len(packed.data) < len(first.data) / 5
    data.change(some_key(), lumi=7778)
    assert "7778" in client.get(poll(page), headers=HTMX).text, "not the state before the change"


def test_other_times_and_systems_have_separate_cached_fragments(filled: Settings, client: FlaskClient) -> None:
    data.change(some_key(), lumi=7777)
    swiss = client.get("/square?since=old", headers=HTMX).text
    assert client.get("/square?since=old&tz=utc", headers=HTMX).text != swiss
    assert "Run" in client.get("/square?since=old&system=playback", headers=HTMX).text
    assert "358788" in client.get("/square/runs/358788?since=old", headers=HTMX).text
