"""Every command takes effect at P5, and its response is shown, errors as errors."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import pytest

from app.control.commands import COMMANDS
from app.control.models import ANSWERED, FAILED, REFUSED, SubmittedCommand
from app.core.settings import TREE
from app.security.models import Audit
from app.square.models import Document, Job
from tests.control.conftest import Room
from tests.support.p5 import CROWDED, FU, GATEWAY

PLAYBACK_FU = "dqmfu-c2b01-45-01"


def alive(room: Room, host: str = FU) -> list[dict[str, Any]]:
    """The jobs of the ongoing run of production."""
    run = room.p5.status()["systems"]["production"]["run"]
    return [job for job in room.p5.jobs(host, run=run) if "exit_code" not in job]


def test_restarting_hltd_shows_the_jobs_that_end_and_those_that_come(room: Room) -> None:
    before = {job["pid"] for job in alive(room)}
    form = room.get(f"/control/restart_hltd?host={FU}").text
    assert f"{len(before)} jobs will stop" in form
    assert all(re.search(rf'<td[^>]* class="number">{pid}</td>', form) for pid in before)
    row = room.do("restart_hltd", host=FU)
    assert (row.state, row.status, row.system, row.user) == (ANSWERED, 200, "production", "operator")
    assert alive(room) == []
    room.p5.advance(60)
    room.poll()
    page = room.page_of(row)
    assert page.count("-15 SIGTERM") == len(before)
    after = {job["pid"] for job in alive(room)}
    assert len(after) == len(before)
    assert all(f"process {pid}<" in page for pid in after)


def test_restarting_the_tools_of_a_machine_ends_no_job(room: Room) -> None:
    form = room.get(f"/control/restart_fff?host={GATEWAY}.cms").text
    assert "It is the gateway: P5 is unreachable meanwhile." in form
    assert "the run being played stops" in form
    before = len(alive(room))
    assert room.do("restart_fff", host=FU).state == ANSWERED
    room.p5.advance(6)
    assert len(alive(room)) == before


def test_a_client_is_switched_off_from_the_next_run_on(room: Room) -> None:
    row = room.do("get_dqm_clients", host=CROWDED)
    assert room.requests()[-1]["query"]["playback"] == "0"
    assert "Disable" in room.page_of(row)
    config = "csc_dqm_sourceclient-live_cfg.py"
    assert room.do("change_dqm_client", host=CROWDED, client=config, state="0").state == ANSWERED
    room.p5.incident("start_run")
    room.p5.advance(60)
    assert "csc_dqm_sourceclient-live" not in {job["tag"] for job in alive(room, CROWDED)}
    assert room.do("change_dqm_client", host=CROWDED, client=config, state="1").state == ANSWERED
    assert room.requests()[-1]["query"] == {
        "what": "change_dqm_client",
        "host": CROWDED,
        "client": config,
        "state": "1",
        "playback": "0",
    }


def test_query_for_clients_names_playback(room: Room) -> None:
    room.do("get_dqm_clients", host=PLAYBACK_FU)
    assert room.requests()[-1]["query"]["playback"] == "1"


def test_playback_run_starts_with_its_arguments(room: Room) -> None:
    refused = room.submit("start_playback_run", run_number="run256936")
    assert refused.status_code == 400
    assert refused.get_json()["errors"] == [
        {"field": "run_number", "problem": "The runs of the player are not known yet; query them first"}
    ]
    assert "Play" in room.page_of(room.do("get_simulator_runs"))
    old = room.p5.status()["systems"]["playback"]["run"]
    form = room.get("/control/start_playback_run?run_number=run256936&run_key=hi_run&number_of_ls=5").text
    assert f"Run {old} of playback ends: its 31 clients" in form
    row = room.do("start_playback_run", run_number="run256936", run_key="hi_run", number_of_ls="5")
    assert (row.state, row.system) == (ANSWERED, "playback")
    assert room.p5.status()["systems"]["playback"]["run"] == old + 1
    config = room.do("get_simulator_config")
    assert "hi_run" in room.page_of(config)
    assert "/fff/playback_files/run256936/" in room.page_of(config)


def test_empty_arguments_are_not_sent(room: Room) -> None:
    room.do("get_simulator_runs")
    assert room.do("start_playback_run", run_number="run349963", run_key="", number_of_ls="").state == ANSWERED
    assert room.requests()[-1]["query"] == {"what": "start_playback_run", "run_number": "run349963"}


def test_the_player_is_moved_on_by_its_socket(room: Room) -> None:
    page = room.get("/control/next_lumi").text
    assert "bd68c7bb.fff_simulator" in page
    assert "No client ends." in page
    before = room.p5.status()["systems"]["playback"]
    assert room.do("next_lumi", socket="bd68c7bb.fff_simulator").state == ANSWERED
    assert room.p5.status()["systems"]["playback"]["lumi"] == before["lumi"] + 1
    assert room.do("next_run", socket="bd68c7bb.fff_simulator").state == ANSWERED
    assert room.p5.status()["systems"]["playback"]["run"] == before["run"] + 1
    assert room.requests()[-1]["path"] == "/utils/control_command/bd68c7bb.fff_simulator/next_run"


def test_error_of_a_stopped_player_is_no_success(room: Room) -> None:
    room.p5.incident("end_run", system="playback", follow=False)
    row = room.do("next_lumi", socket="bd68c7bb.fff_simulator")
    assert row.state == FAILED
    assert "error: invalid state stopped" in row.error


def test_a_run_of_production_is_copied_and_can_then_be_played(room: Room) -> None:
    run = f"run{room.p5.status()['systems']['production']['run']}"
    assert "Copy" in room.page_of(room.do("get_production_runs"))
    assert room.do("copy_production_runs", run_number=run, number_of_ls="5").state == ANSWERED
    room.do("get_simulator_runs")
    assert room.do("start_playback_run", run_number=run).state == ANSWERED


def test_a_job_is_killed_at_its_own_machine(room: Room) -> None:
    job = alive(room)[0]
    form = room.get(f"/control/kill?key={job['_id']}&signal=9").text
    assert "1 job will stop" in form
    row = room.do("kill", system="production", key=job["_id"], signal="9")
    assert row.state == ANSWERED
    sent = room.requests()[-1]
    assert (sent["method"], sent["path"], sent["host"]) == ("POST", f"/utils/kill_proc/{job['_id']}", FU)
    assert json.loads(sent["body"]) == {"pid": job["pid"], "signal": 9}
    (after,) = room.p5.documents(FU, job["_id"])
    assert after["exit_code"] == -9


def test_killing_an_ended_job_is_refused_by_p5(room: Room) -> None:
    job = alive(room)[0]
    room.p5.incident("crash", tag=job["tag"])
    row = room.do("kill", system="production", key=job["_id"], signal="15")
    assert (row.state, row.status, row.error) == (REFUSED, 404, "P5 responded with status 404: Process already died.")


def test_unknown_machine_in_a_document_is_never_contacted(room: Room) -> None:
    job = alive(room)[0]
    strange = {**job, "_id": "dqm-source-state-strange", "hostname": "database.example"}
    room.p5.incident("upload", host=FU, documents=[{name: value for name, value in strange.items() if name != "_rev"}])
    room.poll()
    assert Job.get(Job.key == "dqm-source-state-strange").host == "database.example"
    assert room.submit("kill", system="production", key="dqm-source-state-strange", signal="9").status_code == 400
    page = room.get(f"/control/drop?run={job['run']}").text
    assert "Documents of database.example (1) are not deleted, because no such host is known." in page


def test_dropping_a_run_deletes_documents_at_p5_and_keeps_them_here(room: Room) -> None:
    run = room.p5.status()["systems"]["production"]["run"]
    ours = Document.select().where(Document.run == run).count()
    form = room.get(f"/control/drop?run={run}").text
    assert f"{ours} in total" in form
    assert "The data stored in this hub stays." in form
    assert "their next report, within 30 s, creates their documents again" in form
    row = room.do("drop", system="production", run=str(run))
    assert row.state == ANSWERED
    assert {part["machine"] for part in json.loads(room.get(f"/api/v1/control/commands/{row.id}").text)["responses"]} >= {FU, CROWDED}
    assert room.p5.jobs(FU, CROWDED, run=run) == []
    assert Document.select().where(Document.run == run).count() == ours


def test_machines_versions_and_states_are_tables(room: Room) -> None:
    examples = {
        "get_dqm_machines": "lookarea_c2a06",
        "get_hltd_versions": "hltd-2.9.12",
        "get_fff_versions": "fff_dqmtools-1.10.1",
        "get_cmssw_info": "GlobalTag",
        "get_hltd_logs": "anelastic.log",
        "get_fff_logs": "fff_web",
    }
    for name, words in examples.items():
        row = room.do(name, **({"host": FU} if name.endswith("logs") else {}))
        assert row.state == ANSWERED, row.error
        assert words in room.page_of(row)
    room.p5.incident("host_down", host=FU)
    page = room.page_of(room.do("get_cluster_status", cluster="production"))
    room.p5.incident("host_down", host=FU, on=False)
    assert "down" in page
    assert "ConnectionRefusedError" in page
    assert "dqmrubu-c2a06-05-01" in room.get("/control").text, "a machine that P5 has named is known from then on"


@pytest.mark.both_databases
def test_run_keys_are_known_without_p5(room: Room) -> None:
    before = len(room.requests())
    answer = room.submit("get_simulator_run_keys")
    assert answer.get_json()["state"] == ANSWERED
    assert "cosmic_run" in room.page_of(SubmittedCommand.get_by_id(answer.get_json()["id"]))
    assert len(room.requests()) == before


def test_failed_command_shows_the_known_fault(room: Room) -> None:
    room.do("get_simulator_runs")
    room.p5.incident("broken_commands")
    broken: dict[str, dict[str, str]] = {
        "restart_hltd": {"host": FU},
        "restart_fff": {"host": FU},
        "start_playback_run": {"run_number": "run349963"},
        "next_run": {"socket": "bd68c7bb.fff_simulator"},
        "get_production_runs": {},
    }
    for name, arguments in broken.items():
        row = room.do(name, **arguments)
        assert (row.state, row.status) == (FAILED, 500)
        assert row.error.startswith("P5 responded with status 500: ")
        page = room.page_of(row)
        assert COMMANDS[name].known_fault in page
        assert "Confirmed by P5" not in page
    assert len(alive(room)) == 4, "and nothing was restarted"


def test_a_text_of_an_error_with_status_200_is_no_success(room: Room) -> None:
    room.p5.incident("answer_commands", body="No such client: x")
    config = f"{alive(room)[0]['tag']}_cfg.py"
    row = room.do("change_dqm_client", host=FU, client=config, state="0")
    assert (row.state, row.status, row.error) == (FAILED, 200, "P5 responded: No such client: x")


def test_command_and_response_are_in_the_audit_log_once(room: Room) -> None:
    room.do("restart_hltd", host=FU)
    (row,) = Audit.select().where(Audit.action == "Restart hltd")
    assert (row.user, row.target, row.reason, row.answer) == ("operator", f"host={FU}", "tests need it", "answered: Ok")
    room.p5.incident("broken_commands")
    room.do("restart_hltd", host=FU)
    assert (
        Audit.select()
        .where(Audit.action == "Restart hltd")
        .order_by(Audit.id.desc())
        .first()
        .answer.startswith("failed: P5 responded with status 500")
    )


def test_key_that_looks_like_arguments_is_quoted_in_the_audit_log(room: Room) -> None:
    key = "a-job host=dqmfu signal=9"
    strange = {**alive(room)[0], "_id": key}
    room.p5.incident("upload", host=FU, documents=[{name: value for name, value in strange.items() if name != "_rev"}])
    room.poll()
    room.do("kill", system="production", key=key, signal="15")
    assert Audit.get(Audit.action == "Kill a job").target == "system=production key='a-job host=dqmfu signal=9' signal=15"


def test_each_command_has_a_form_that_an_operator_can_open(room: Room) -> None:
    for name, spec in COMMANDS.items():
        answer = room.get(f"/control/{name}")
        assert answer.status_code == 200, name
        assert spec.title in answer.text
    assert room.get("/control/explode").status_code == 404


def test_every_command_is_documented_for_operators() -> None:
    page = (TREE / "docs" / "operators" / "control.md").read_text()
    assert [name for name in COMMANDS if f"`{name}`" not in page] == []
    for spec in COMMANDS.values():
        assert not spec.changes or f"| {spec.title} (`{spec.name}`)" in page or spec.name in ("next_run", "next_lumi")


def test_jobs_of_other_systems_and_runs_that_ended_are_not_offered(room: Room, room_of: Callable[..., Room]) -> None:
    key = Job.get(Job.host == PLAYBACK_FU).key
    answer = room.submit("kill", system="production", key=key, signal="9")
    assert answer.status_code == 400
    assert [wrong["field"] for wrong in answer.get_json()["errors"]] == ["key"]
