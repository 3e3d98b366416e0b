"""Commands of the control room have the same effects and responses as at P5."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from services.simulator.control_room import release_parts
from tests.support.p5 import CROWDED, FU, GATEWAY, P5


def command(p5: P5, what: str, **arguments: str) -> Any:
    query = "&".join(f"{name}={value}" for name, value in {"what": what, **arguments}.items())
    return p5.get(f"/cr/exe?{query}")


def captured_response(dqmsquare: Any, request: str) -> Any:
    return next(row for row in dqmsquare("mirror_api_responses.json") if row["request"] == f"GET /cr/exe?what={request}")


@pytest.mark.parametrize("request_", ["get_dqm_machines", "get_dqm_machines&kind=playback", "get_simulator_runs"])
def test_responses_are_those_in_the_capture(p5: P5, dqmsquare: Any, request_: str) -> None:
    answer = p5.get(f"/cr/exe?what={request_}")
    assert answer.headers["Content-Type"] == "text/html; charset=UTF-8"
    expected = captured_response(dqmsquare, request_)["json"]
    assert answer.json() == expected
    assert json.dumps(answer.json()) == json.dumps(expected)


def test_the_configuration_of_the_player_has_the_keys_of_the_original(p5: P5, dqmsquare: Any) -> None:
    assert command(p5, "get_simulator_config").json().keys() == captured_response(dqmsquare, "get_simulator_config")["json"].keys()


def test_versions_of_each_machine(p5: P5) -> None:
    versions = command(p5, "get_hltd_versions").json()
    assert versions["production_c2a06"][f"{FU}.cms"].startswith("hltd-")


def test_the_configuration_of_the_player_is_the_file_as_the_original_writes_it(p5: P5) -> None:
    text = command(p5, "get_simulator_config").content.decode()
    assert text == json.dumps(json.loads(text), sort_keys=True, indent=2), "fff_cluster.write_config"
    p5.incident("start_run", system="playback")
    assert command(p5, "get_simulator_config").json()["run"] == 500015, "as in the capture: the player does not write its run into it"


def test_the_releases_have_the_form_of_the_original(p5: P5) -> None:
    """Lines of fff_cluster.get_cmssw_info and fff_web.cr_api: playback first, then the release, its pull requests and global tags."""
    text = command(p5, "get_cmssw_info").content.decode()
    info = (
        r"CMSSW_12_4_8\nPRs :\n 39145 ok\n 39162 ok\n 39341 ok\n 39326 ok\n 39353 ok\nGTs:\n"
        r'(/dqmdata/dqm_cmssw/current_%s/src/DQM/Integration/python/config/\w+\.py:GlobalTag\.globaltag = "\w+"\n)+\n'
    )
    expected = rf"\n<strong>Playback:</strong>\n{info % 'playback'}\n<strong>Production:</strong>\n{info % 'production'}"
    assert re.fullmatch(expected, text), text


@pytest.mark.parametrize(
    ("folder", "version", "requests"),
    [
        ("production_1410_CMSSW_12_4_10_patch1_39512_39718", "CMSSW_12_4_10_patch1", ["39512", "39718"]),
        ("production_1611_CMSSW_12_4_11_40021", "CMSSW_12_4_11", ["40021"]),
        ("CMSSW_13_0_0_pre4", "CMSSW_13_0_0_pre4", []),
    ],
)
def test_a_folder_names_a_release_and_its_pull_requests(folder: str, version: str, requests: list[str]) -> None:
    assert release_parts(folder) == (version, requests)


def test_an_unknown_cluster_is_not_found(p5: P5) -> None:
    assert command(p5, "get_cluster_status", cluster="x").status == 404
    assert command(p5, "get_cluster_status").json()[f"{GATEWAY}.cms"] == {"up": True, "msg": None}


def test_restarting_hltd_ends_the_jobs_of_the_machine_and_starts_them_again(p5: P5) -> None:
    p5.incident("start_run", lumis=100)
    p5.advance(100)
    before = {job["pid"] for job in p5.jobs(FU)}
    answer = command(p5, "restart_hltd", host=FU)
    assert (answer.status, answer.content) == (200, b"Ok")
    assert {job["exit_code"] for job in p5.jobs(FU)} == {-15}
    p5.advance(60)
    alive = [job for job in p5.jobs(FU) if "exit_code" not in job]
    assert len(alive) == len(before)
    assert before.isdisjoint(job["pid"] for job in alive)
    assert all("exit_code" not in job for job in p5.jobs(CROWDED))


def test_a_new_playback_run_has_the_requested_parameters(p5: P5) -> None:
    old = p5.incident("start_run", system="playback", lumis=100)["run"]
    p5.advance(100)
    answer = command(p5, "start_playback_run", run_number="run256936", run_key="hi_run", number_of_ls="5")
    assert answer.content == b"start_playback_run Ok"
    p5.advance(400)
    runs = p5.status()["systems"]["playback"]["runs"]
    assert runs[:2] == [old, old + 1]
    (job, *_) = p5.jobs("dqmfu-c2b01-45-01", run=old + 1)
    assert (job["cmdline"][4], job["cmssw_run"], job["cmssw_lumi"]) == ("runkey=hi_run", "256936", "7")
    assert command(p5, "get_simulator_config").json()["number_of_ls"] == 5


def test_a_disabled_client_is_absent_from_the_next_run(p5: P5) -> None:
    config = "csc_dqm_sourceclient-live_cfg.py"
    assert [config, True] in command(p5, "get_dqm_clients", host=CROWDED, playback="0").json()
    assert command(p5, "change_dqm_client", host=CROWDED, client=config, state="0", playback="0").content == b"Ok"
    assert [config, False] in command(p5, "get_dqm_clients", host=CROWDED, playback="0").json()
    p5.incident("start_run")
    p5.advance(100)
    tags = {job["tag"] for job in p5.jobs(FU, CROWDED)}
    assert len(tags) == 30
    assert config.removesuffix("_cfg.py") not in tags


def test_restarting_tools_are_unreachable_for_five_seconds(p5: P5) -> None:
    assert command(p5, "restart_fff", host=FU).status == 200
    assert p5.redirect(FU, {"event": "sync_request", "known_rev": None}).status == 500
    p5.advance(6)
    assert p5.redirect(FU, {"event": "sync_request", "known_rev": None}).status == 200


def test_logs_of_the_daemons_can_be_read(p5: P5) -> None:
    p5.incident("start_run")
    p5.advance(60)
    hltd, _ = command(p5, "get_hltd_logs", host=f"{FU}.cms").json()
    assert "beamspotdip" in hltd
    assert len(command(p5, "get_fff_logs", host=FU).json()) == 1


def test_incident_broken_commands(p5: P5) -> None:
    p5.incident("broken_commands")
    p5.incident("start_run")
    old = p5.incident("start_run", system="playback")["run"]
    p5.advance(60)
    answer = command(p5, "restart_hltd", host=FU)
    assert answer.status == 500
    assert b"has no attribute 'status'" in answer.content
    assert all("exit_code" not in job for job in p5.jobs(FU)), "it fails before restarting anything"
    assert command(p5, "start_playback_run", run_number="run256936").status == 500
    assert p5.status()["systems"]["playback"]["run"] == old
    assert command(p5, "get_simulator_config").json()["source"] == "/fff/playback_files/run256936/", (
        "the configuration is stored for the next run"
    )
    assert command(p5, "get_production_runs").content == b"No actions defined for request get_production_runs"
    assert command(p5, "get_dqm_machines").status == 200


def test_a_production_run_can_be_copied_and_played(p5: P5) -> None:
    run = p5.incident("start_run")["run"]
    assert command(p5, "get_production_runs").json() == [f"run{run}"]
    assert command(p5, "copy_production_runs", run_number="run1").status == 500
    assert command(p5, "copy_production_runs", run_number=f"run{run}", number_of_ls="5").content == b"Ok"
    assert command(p5, "get_simulator_runs").json() == ["run256936", "run349963", f"run{run}", ""]
    assert command(p5, "start_playback_run", run_number=f"run{run}").content == b"start_playback_run Ok"
    p5.advance(120)
    assert {job["cmssw_run"] for job in p5.jobs("dqmfu-c2b01-45-01") if "cmssw_run" in job} == {str(run)}


def test_incident_answer_commands(p5: P5) -> None:
    p5.incident("answer_commands", body="<html>x", repeat=3, status=200)
    assert command(p5, "restart_hltd", host=FU).content == b"<html>x" * 3
    assert command(p5, "get_dqm_machines").status == 200


def test_an_unknown_command_is_named(p5: P5) -> None:
    answer = command(p5, "nope")
    assert (answer.status, answer.content) == (500, b"No actions defined for request nope")


@pytest.mark.parametrize(("signal", "pid", "status"), [(9, 0, 200), (9, 1, 404), (7, 0, 500)])
def test_a_job_is_killed_by_its_pid_and_an_allowed_signal(p5: P5, signal: int, pid: int, status: int) -> None:
    p5.incident("start_run")
    p5.advance(60)
    job = p5.jobs(FU)[0]
    answer = p5.at(FU).post(f"/utils/kill_proc/{job['_id']}", json.dumps({"pid": job["pid"] + pid, "signal": signal}))
    assert answer.status == status
    (after,) = p5.documents(FU, job["_id"])
    assert after.get("exit_code") == (-9 if status == 200 else None)


def test_the_player_accepts_commands_on_its_socket(p5: P5) -> None:
    run = p5.incident("start_run", system="playback")["run"]
    socket = "/utils/control_command/bd68c7bb.fff_simulator"
    assert p5.post(f"{socket}/status").json()["run"] == run
    assert p5.post(f"{socket}/next_lumi").content.decode() == f"run{run}: ok: next lumi will be 1\n"
    assert p5.post(f"{socket}/next_run").content.decode() == f"run{run}: ok: changed state to eor\n"
    assert p5.status()["systems"]["playback"]["run"] == run + 1
    p5.incident("end_run", system="playback", follow=False)
    assert p5.post(f"{socket}/next_run").content.decode() == f"run{run + 1}: error: invalid state stopped\n"
    assert p5.post(f"{socket}/explode").status == 401
