"""Polling of the simulated P5 when machines, the gateway or their responses fail: none waits for another, and nothing is lost."""

from __future__ import annotations

import json
from typing import Any

import pytest

from app.core.settings import Settings
from app.square.models import DeadLetter
from app.square.poller.system_poller import system_poller
from app.square.upstream import P5Unreachable
from tests.square.test_host_poller import job, keys, never, poller, row, turn_of
from tests.support.faulty_p5 import FaultyP5
from tests.support.p5 import CROWDED, FU, P5
from tests.support.processes import until

pytestmark = pytest.mark.slow


def test_pause_of_a_failing_machine_doubles_and_others_are_not_affected(hub: Settings, p5: P5) -> None:
    p5.incident("upload", host=CROWDED, documents=[job(1)])
    p5.incident("host_down", host=FU)
    down, up = poller(hub, p5), poller(hub, p5, CROWDED)
    for failures in range(1, 4):
        down.not_before = 0
        assert not down.poll(never)
        assert row().failures == failures
        assert row().not_before - row().last_error == pytest.approx(2.0 ** (failures - 1), abs=0.1)
        assert up.poll(never)
    assert not down.poll(never), "it is not polled before its time"
    assert "status 500" in row().error
    p5.incident("host_down", host=FU, on=False)
    down.not_before = 0
    assert down.poll(never)
    assert row().failures == 0
    assert row().error, "the last error remains visible"


def test_unreachable_gateway_is_an_error_of_each_machine_and_loses_nothing(hub: Settings, p5: P5) -> None:
    p5.incident("upload", host=FU, documents=[job(1)])
    p5.incident("gateway_down")
    one = poller(hub, p5)
    assert not one.poll(never)
    p5.incident("gateway_down", on=False)
    until(lambda: one.poll(never), "a probe of the gateway")
    assert keys() == {"job-00001"}
    assert not DeadLetter.select().where(DeadLetter.key != "").count()


def test_slow_host_times_out(hub: Settings, p5: P5) -> None:
    p5.incident("upload", host=FU, documents=[job(1)])
    p5.incident("slow", host=FU, seconds=30)
    one = poller(hub, p5, square_timeout_s=0.5)
    assert not one.poll(never)
    assert row().error == "no answer within 0.5 s"


def test_incomplete_responses_are_requested_again(hub: Settings, p5: P5) -> None:
    p5.incident("upload", host=FU, documents=[job(number) for number in range(4)])
    p5.incident("truncate", host=FU, count=1)
    one = poller(hub, p5)
    assert not one.poll(never)
    assert "not JSON" in row().error
    assert DeadLetter.get(DeadLetter.key == "").body
    one.not_before = 0
    assert one.poll(never)
    assert len(keys()) == 4
    assert not DeadLetter.select().count(), "a response that was unusable once no longer matters"


@pytest.mark.parametrize(
    ("garbled", "expected"),
    [
        ({"body": "<html>Sign in</html>"}, "not JSON"),
        ({"body": "[]"}, "no list of messages"),
        ({"body": '{"messages": [7]}'}, "no list of messages"),
        ({"body": '{"messages": ["[]"]}'}, "not an update_headers"),
        ({"body": "gone", "status": 404}, "status 404"),
        ({"hex": "ff00fe"}, "not JSON"),
    ],
)
def test_unusable_response_is_stored_with_the_reason(hub: Settings, p5: P5, garbled: dict[str, Any], expected: str) -> None:
    p5.incident("garble", host=FU, **garbled)
    assert not poller(hub, p5).poll(never)
    letter = DeadLetter.get()
    assert expected in letter.why
    assert expected in row().error
    assert bytes(letter.body)


@pytest.mark.slow
def test_missing_document_delays_the_others_by_one_and_a_half_timeouts(hub: Settings, faulty: FaultyP5) -> None:
    faulty.documents = {f"job-{number:05d}": json.dumps(job(number)) for number in range(10)}
    faulty.slow = {"job-00004": 120.0}
    one = poller(hub, faulty, "dqmrubu-c2a06-03-01", square_timeout_s=16.0)
    assert one.poll(never)
    assert keys() == {f"job-{number:05d}" for number in range(10)} - {"job-00004"}
    assert DeadLetter.get().why == "no answer within 8 s", "half of the time-out for each request"
    assert row("dqmrubu-c2a06-03-01").rev == 10


def test_fetching_one_by_one_stops_when_the_run_of_the_poller_is_over(hub: Settings, faulty: FaultyP5) -> None:
    faulty.documents = {f"job-{number:05d}": json.dumps(job(number)) for number in range(10)} | {"bad": "cut"}
    one = poller(hub, faulty, "dqmrubu-c2a06-03-01")
    looks = iter([False, False, False, True])
    assert one.poll(lambda: next(looks, True))
    assert keys() == {"job-00000", "job-00001", "job-00002"}
    assert (row("dqmrubu-c2a06-03-01").rev, row("dqmrubu-c2a06-03-01").behind) == (3, 8)
    assert one.poll(never), "the next one continues there"
    assert keys() == {f"job-{number:05d}" for number in range(10)}
    assert [letter.key for letter in DeadLetter.select()] == ["bad"]


def test_one_machine_down_is_no_failure_while_others_are_polled(hub: Settings, p5: P5) -> None:
    p5.incident("host_down", host=FU)
    p5.incident("slow", host=CROWDED, seconds=3)
    settings = hub.replace(square_url=p5.address, square_poll_s=0.2)
    with system_poller("production", (FU, CROWDED), settings, turn_of("poll")) as step:
        step()
        p5.incident("host_down", host=CROWDED)

        def is_known() -> bool:
            try:
                step()
            except P5Unreachable as error:
                return "no host of production responds" in str(error)
            return False

        until(is_known, "the outage of both to be known")


def test_newest_headers_are_fetched_if_a_machine_cannot_send_all(hub: Settings, faulty: FaultyP5) -> None:
    faulty.documents = {f"job-{number:05d}": json.dumps(job(number)) for number in range(1000)}
    faulty.most_headers = 100
    one = poller(hub, faulty, "dqmrubu-c2a06-03-01")
    for _ in range(3):
        assert not one.poll(never), "it may be able to give all of them another time"
        one.not_before = 0
    assert one.poll(never)
    assert 1 <= len(keys()) <= 100
    assert max(keys()) == "job-00999"
    assert row("dqmrubu-c2a06-03-01").rev == 1000
    faulty.documents["job-01000"] = json.dumps(job(1000))
    assert one.poll(never)
    assert "job-01000" in keys()


@pytest.mark.usefixtures("clock")
def test_pause_outlasts_one_run_of_the_poller(hub: Settings, p5: P5) -> None:
    p5.incident("host_down", host=FU)
    one = poller(hub, p5)
    for _ in range(5):
        one.not_before = 0
        assert not one.poll(never)
    requests = len(p5.record()["requests"])
    assert not poller(hub, p5).poll(never)
    assert len(p5.record()["requests"]) == requests
