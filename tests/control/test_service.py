"""A command is submitted once, with a confirmed impact and a reason, and sent at most once, also when processes die."""

from __future__ import annotations

import json
import os
import re
import signal
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from html import unescape
from typing import Any

import pytest

from app.control import service
from app.control.models import ANSWERED, FAILED, QUEUED, REFUSED, SENDING, UNKNOWN, SubmittedCommand
from app.control.responses import MachineResponse
from app.core import database
from app.core.heartbeat import Service
from app.queue.models import BackgroundJob
from app.security.models import Audit
from tests.control.conftest import HOME, Room
from tests.support.p5 import CROWDED, FU
from tests.support.patience import PATIENCE_S
from tests.support.processes import service as start_service
from tests.support.processes import until

pytestmark = [pytest.mark.both_databases, pytest.mark.slow]


def requests_of(room: Room, what: str) -> list[dict[str, Any]]:
    return [request for request in room.requests() if request["query"].get("what") == what]


def hidden(page: str) -> dict[str, str]:
    """The fields of the confirmation that the browser sends."""
    form = page[page.index('aria-label="Confirmation"') :]
    return {unescape(name): unescape(value) for name, value in re.findall(r'type="hidden" name="([^"]*)" value="([^"]*)"', form)}


def post(room: Room, name: str, **form: str) -> Any:
    return room.client.post(f"/control/{name}", data=form, headers=room.operator, base_url=HOME)


def test_command_is_queued_for_the_queue_live(room: Room) -> None:
    response = room.submit("restart_hltd", host=FU)
    assert response.headers["Location"] == f"/api/v1/control/commands/{response.get_json()['id']}"
    assert response.get_json()["state"] == QUEUED
    work = BackgroundJob.get(BackgroundJob.kind == service.JOB_KIND)
    assert (work.queue, work.key) == ("live", str(response.get_json()["id"]))
    assert "Waiting to be sent." in room.page_of(SubmittedCommand.get_by_id(response.get_json()["id"]))


def test_invalid_arguments_are_named_and_nothing_is_submitted(room: Room) -> None:
    wrong = {
        "restart_hltd": ({"host": "evil; rm -rf"}, "host"),
        "kill": ({"system": "production", "key": "no such", "signal": "9"}, "key"),
        "change_dqm_client": ({"host": FU, "client": "../../etc_cfg.py", "state": "0"}, "client"),
        "drop": ({"system": "production", "run": "0x7"}, "run"),
        "get_cluster_status": ({"cluster": "everything"}, "cluster"),
        "get_hltd_logs": ({}, "host"),
        "get_cmssw_info": ({"host": FU}, "host"),
        "next_run": ({"socket": "other.fff_simulator"}, "socket"),
        "get_dqm_clients": ({"host": "dqmrubu-c2a06-01-01"}, "host"),
    }
    job = room.p5.jobs(FU)[0]["_id"]
    before = len(room.requests())
    for name, (arguments, field) in wrong.items():
        answer = room.submit(name, **arguments)
        assert answer.status_code == 400, name
        assert [error["field"] for error in answer.get_json()["errors"]] == [field], name
    for signal_number in ("0", "1", "19", "-9", ""):
        assert room.submit("kill", system="production", key=job, signal=signal_number).status_code == 400
    assert SubmittedCommand.select().count() == 0
    assert len(room.requests()) == before


def test_command_needs_a_reason_and_a_query_none(room: Room) -> None:
    for reason in ("", "  ", "no"):
        answer = room.submit("restart_hltd", reason, host=FU)
        assert (answer.status_code, answer.get_json()["errors"][0]["field"]) == (400, "reason")
    assert room.submit("get_dqm_machines", "").status_code == 202


def test_form_sent_twice_submits_one_command(room: Room) -> None:
    fields = hidden(room.get(f"/control/restart_hltd?host={FU}").text) | {"reason": "it hangs"}
    first = post(room, "restart_hltd", **fields)
    assert first.status_code == 303
    assert post(room, "restart_hltd", **fields).headers["Location"] == first.headers["Location"]
    row = room.execute(SubmittedCommand.get().id)
    assert post(room, "restart_hltd", **fields).headers["Location"] == first.headers["Location"], "also when it is over"
    assert (SubmittedCommand.select().count(), row.reason) == (1, "it hangs")
    key = "a-script-of-its-own-choice"
    numbers = {room.submit("restart_fff", host=FU, idempotency_key=key).get_json()["id"] for _ in range(2)}
    assert len(numbers) == 1


def test_unconfirmed_command_shows_its_preview(room: Room) -> None:
    answer = post(room, "restart_hltd", host=FU, reason="it hangs")
    assert answer.status_code == 400
    assert "check its effect and confirm it below" in answer.text
    assert "4 jobs will stop" in answer.text
    assert 'value="it hangs"' in answer.text
    assert SubmittedCommand.select().count() == 0
    assert post(room, "restart_hltd", **hidden(answer.text), reason="it hangs").status_code == 303


def test_changed_impact_needs_a_new_confirmation(room: Room) -> None:
    fields = hidden(room.get(f"/control/restart_hltd?host={FU}").text) | {"reason": "it hangs"}
    room.p5.incident("crash", tag="ecalgpu", restart=False)
    room.poll()
    answer = post(room, "restart_hltd", **fields)
    assert answer.status_code == 409
    assert "its effect has changed since the preview" in answer.text
    assert set(re.findall(r"\d+ jobs? will stop", answer.text)) == {"3 jobs will stop"}
    assert SubmittedCommand.select().count() == 0


def test_one_command_at_a_time_changes_a_machine(room: Room) -> None:
    first = room.submit("restart_hltd", host=FU).get_json()["id"]
    second = room.submit("restart_fff", host=FU)
    assert second.status_code == 409
    assert f"command {first} of operator, Restart hltd, is in progress on {FU}" in second.get_json()["message"]
    assert room.submit("restart_hltd", host=CROWDED).status_code == 202
    assert room.submit("get_hltd_logs", host=FU).status_code == 202, "a question changes nothing"
    room.execute(first)
    assert room.submit("restart_fff", host=FU).status_code == 202


def test_simultaneous_commands_to_a_machine_submit_one(room: Room) -> None:
    start = threading.Barrier(4)

    def give(reason: str) -> int:
        try:
            start.wait(PATIENCE_S)
            return int(room.submit("restart_hltd", reason, host=FU).status_code)
        finally:
            database.end_thread()

    with ThreadPoolExecutor(4) as pool:
        statuses = list(pool.map(give, ["first", "second", "third", "fourth"]))
    assert sorted(statuses) == [202, 409, 409, 409]
    assert SubmittedCommand.select().count() == 1


def test_simultaneous_clicks_submit_one_command(room: Room) -> None:
    fields = hidden(room.get(f"/control/restart_hltd?host={FU}").text) | {"reason": "it hangs"}
    start = threading.Barrier(4)

    def click(_: int) -> tuple[int, str]:
        try:
            headers = room.operator | {"Content-Type": "application/x-www-form-urlencoded"}
            start.wait(PATIENCE_S)
            answer = room.app.test_client().post("/control/restart_hltd", data=fields, headers=headers, base_url=HOME)
            return answer.status_code, str(answer.headers.get("Location"))
        finally:
            database.end_thread()

    with ThreadPoolExecutor(4) as pool:
        (answer,) = set(pool.map(click, range(4)))
    assert answer == (303, f"/control/commands/{SubmittedCommand.get().id}")
    assert SubmittedCommand.select().count() == 1


def test_idempotency_key_of_another_command_is_refused(room: Room) -> None:
    key = "a-script-of-its-own-choice"
    number = room.submit("restart_fff", idempotency_key=key, host=FU).get_json()["id"]
    again = room.submit("restart_fff", idempotency_key=key, host=f" {FU}.cms")
    assert (again.status_code, again.get_json()["id"]) == (202, number)
    for name, host in (("restart_fff", CROWDED), ("restart_hltd", FU)):
        other = room.submit(name, idempotency_key=key, host=host)
        assert (other.status_code, other.get_json()["errors"][0]["field"]) == (409, "idempotency_key")
    assert SubmittedCommand.select().count() == 1


def test_command_not_sent_within_a_minute_is_refused(room: Room) -> None:
    number = room.submit("restart_hltd", host=FU).get_json()["id"]
    SubmittedCommand.update(created=time.time() - service.MAX_QUEUED_S - 1).execute()
    before = len(requests_of(room, "restart_hltd"))
    row = room.execute(number)
    assert row.state == REFUSED
    assert "not sent: no worker took it within 60 s" in row.error
    assert len(requests_of(room, "restart_hltd")) == before
    assert Audit.select().where(Audit.action == "Restart hltd").get().answer.startswith("refused: not sent")
    other = room.submit("restart_hltd", host=CROWDED).get_json()["id"]
    SubmittedCommand.update(created=time.time() - service.MAX_QUEUED_S - 1).where(SubmittedCommand.id == other).execute()
    assert room.submit("restart_fff", host=CROWDED).status_code == 202, "it does not block the machine"
    assert SubmittedCommand.get_by_id(other).state == REFUSED
    last = room.submit("get_dqm_machines").get_json()["id"]
    SubmittedCommand.update(created=time.time() - service.MAX_QUEUED_S - 1).where(SubmittedCommand.id == last).execute()
    assert "Not sent" in room.page_of(SubmittedCommand.get_by_id(last)), "the page shows it although no consumer is running"


def test_second_execution_sends_nothing(room: Room) -> None:
    row = room.do("restart_hltd", host=FU)
    before = len(requests_of(room, "restart_hltd"))
    assert room.execute(row.id).state == ANSWERED
    assert len(requests_of(room, "restart_hltd")) == before


def test_late_response_is_recorded(room: Room) -> None:
    number = room.submit("restart_hltd", host=FU).get_json()["id"]
    SubmittedCommand.update(state=SENDING, sent_at=time.time()).execute()
    assert room.execute(number).state == UNKNOWN
    service.record_outcome(number, (SENDING, UNKNOWN), [MachineResponse(FU, 200, "Ok", ANSWERED, "")])
    assert SubmittedCommand.get_by_id(number).state == ANSWERED


def test_without_p5_nothing_can_be_submitted(room: Room) -> None:
    nowhere = Room(room.settings.replace(square_url=""), room.p5)
    answer = nowhere.submit("restart_hltd", host=FU)
    assert answer.status_code == 409
    assert "setting square_url" in answer.get_json()["message"]
    assert "commands are disabled." in nowhere.get("/control").text


def test_responses_are_deleted_with_logs_and_commands_are_kept(room: Room) -> None:
    row = room.do("get_fff_logs", host=FU)
    assert service.delete_old_responses(time.time() - 60) == 0
    assert service.delete_old_responses(time.time() + 60) == 1
    assert SubmittedCommand.get_by_id(row.id).state == ANSWERED
    assert "fff_web" not in room.page_of(row)
    assert room.get(f"/control/commands/{row.id}/0.txt").status_code == 404


@pytest.mark.parametrize("hub", ["sqlite"], indirect=True)
def test_a_command_whose_sender_was_killed_is_unknown_and_is_not_sent_again(room: Room) -> None:
    settings = room.settings.replace(job_lease_s=3.0, square_production=(), square_playback=())
    before = len(requests_of(room, "restart_hltd"))
    room.p5.incident("slow", seconds=PATIENCE_S)
    with start_service(settings, "live") as consumer:
        until(lambda: Service.select().where(Service.name == "live").exists(), "the consumer, for which a command waits a minute at most")
        number = room.submit("restart_hltd", host=FU).get_json()["id"]
        until(lambda: len(requests_of(room, "restart_hltd")) > before, "the command to be sent")
        assert SubmittedCommand.get_by_id(number).state == SENDING
        os.kill(consumer.pid, signal.SIGKILL)
    room.p5.incident("slow", seconds=0.0)
    assert "Sent; no response from P5 yet." in room.page_of(SubmittedCommand.get_by_id(number))
    with start_service(settings, "live"):
        until(lambda: SubmittedCommand.get_by_id(number).state == UNKNOWN, "the command to be considered lost")
        other = room.submit("get_dqm_machines").get_json()["id"]
        until(lambda: SubmittedCommand.get_by_id(other).state == ANSWERED, "the next one to be answered")
    assert len(requests_of(room, "restart_hltd")) == before + 1
    row = SubmittedCommand.get_by_id(number)
    assert re.fullmatch(r"it was being sent at [\d-]+ [\d:]+ CES?T when its worker ended; check the hosts before you repeat it", row.error)
    assert row.error[1:] in room.page_of(row), "the page begins it with a capital letter"
    (line,) = Audit.select().where(Audit.action == "Restart hltd")
    assert line.answer == f"unknown: {row.error}"
    assert json.loads(BackgroundJob.get(BackgroundJob.key == str(number)).args) == {}


def test_timeout_leaves_a_command_unknown_and_a_query_failed(room: Room) -> None:
    patience = Room(room.settings.replace(square_command_timeout_s=1.0), room.p5)
    room.p5.incident("slow", seconds=PATIENCE_S)
    row = patience.do("restart_hltd", host=FU)
    assert (row.state, row.error) == (UNKNOWN, "no answer within 1 s")
    assert patience.do("get_dqm_machines").state == FAILED
    room.p5.incident("slow", seconds=0.0)
    room.p5.incident("gateway_down")
    row = room.do("restart_hltd", host=CROWDED)
    assert row.state == UNKNOWN, "P5 received it and closed the connection"
    assert "the connection ended without an answer" in row.error


def test_unreachable_p5_fails_with_nothing_was_sent(room: Room) -> None:
    unreachable = Room(room.settings.replace(square_url="http://127.0.0.1:1"), room.p5)
    row = unreachable.do("restart_hltd", host=FU)
    assert row.state == FAILED
    assert row.error.startswith("nothing was sent to ")
