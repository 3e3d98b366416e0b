"""Jobs that a command ended are no crashes; P5, which ends them, is the simulator."""

from __future__ import annotations

import pytest

from app.control.models import ANSWERED, FAILED, REFUSED
from app.square.events import events
from app.square.models import CommandedStop, Job, Run
from tests.control.conftest import Room
from tests.support.p5 import FU

pytestmark = pytest.mark.both_databases


def crashes(room: Room) -> list[str]:
    return [event.key for event in events("production", 0, 1e11, kinds=["crash"])]


def jobs_of_host() -> list[Job]:
    return list(Job.select().where(Job.system == "production", Job.host == FU))


def test_a_commanded_restart_of_hltd_is_no_crash_of_its_clients(room: Room) -> None:
    before = {job.key for job in jobs_of_host()}
    assert before
    assert room.do("restart_hltd", host=FU).state == ANSWERED
    room.p5.advance(60)
    room.poll()
    ended = [job for job in jobs_of_host() if job.exit_code is not None]
    assert {(job.key, job.exit_code) for job in ended} == {(key, -15) for key in before}
    assert crashes(room) == []
    run = Run.get(Run.system == "production", Run.run == ended[0].run)
    assert (run.clients, run.running, run.crashed, run.failed) == (31, 31, 0, 0)
    page = room.get("/square").text
    assert page.count("stopped by command") == len(before)
    room.p5.incident("crash", tag="csc_", code=-15)
    room.poll()
    assert len(crashes(room)) == 1, "a signal on another host is no part of the restart"


def test_a_killed_job_is_no_crash(room: Room) -> None:
    job = jobs_of_host()[0]
    row = room.do("kill", system="production", key=job.key, signal="9")
    assert row.state == ANSWERED
    room.poll()
    assert Job.get_by_id(job.id).exit_code == -9
    assert crashes(room) == []
    assert f"/control/commands/{row.id}" in room.get(f"/square/job?key={job.key}").text


def test_a_command_that_p5_refused_ends_no_job(room: Room) -> None:
    job = jobs_of_host()[0]
    room.p5.incident("answer_commands", body="no", status=404)
    assert room.do("restart_hltd", host=FU).state == REFUSED
    room.p5.incident("crash", tag=job.tag, code=-15)
    room.poll()
    assert crashes(room) == [job.key]


def test_a_restart_that_the_original_fails_to_do_leaves_its_clients_alone(room: Room) -> None:
    room.p5.incident("broken_commands")
    assert room.do("restart_hltd", host=FU).state == FAILED
    room.p5.incident("crash", tag=jobs_of_host()[0].tag, code=134)
    room.poll()
    assert len(crashes(room)) == 1


def test_a_query_announces_no_stop(room: Room) -> None:
    assert room.do("get_hltd_versions").state == ANSWERED
    assert not CommandedStop.select().count()
