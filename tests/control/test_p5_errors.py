"""Errors that P5 sends in place of what was asked for, with status 200, are not taken for an answer."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator

import pytest

from app.control import inventory
from app.control.commands import COMMANDS
from app.control.models import ANSWERED, FAILED, UNKNOWN
from app.control.sending import classify_response
from tests.control.conftest import Room
from tests.support.p5 import CROWDED, FU

SQLITE = pytest.mark.parametrize("hub", ["sqlite"], indirect=True)

OF_A_HOST = ("get_dqm_clients", "get_hltd_logs", "get_fff_logs", "restart_hltd", "restart_fff")


@pytest.fixture
def room(room: Room) -> Iterator[Room]:
    yield room
    for host in (FU, CROWDED):
        room.p5.incident("ssh", host=host)


@pytest.fixture(scope="module")
def ssh_errors() -> list[str]:
    """What the ssh of this system prints when it cannot reach a host."""
    hosts = (["-p", "1", "127.0.0.1"], ["nosuch.invalid"])
    return [
        subprocess.run(["ssh", "-o", "BatchMode=yes", *host, "true"], capture_output=True, text=True, check=False).stderr for host in hosts
    ]


def state(name: str, answer: object, elapsed_s: float = 1.0) -> str:
    text = answer if isinstance(answer, str) else json.dumps(answer)
    return classify_response(COMMANDS[name], FU, 200, text, elapsed_s).state


@SQLITE
@pytest.mark.parametrize("name", OF_A_HOST)
def test_a_refused_ssh_is_a_failure_of_each_command(room: Room, name: str) -> None:
    room.p5.incident("ssh", host=FU, state="refused")
    row = room.do(name, host=FU)
    assert row.state == FAILED
    assert f"ssh: connect to host {FU} port 22: Connection refused" in row.error
    assert row.error in room.page_of(row).replace("&#39;", "'")


@SQLITE
def test_a_client_is_never_an_error_of_ssh(room: Room) -> None:
    room.p5.incident("ssh", host=FU, state="refused")
    room.do("get_dqm_clients", host=FU)
    assert not [name for name in inventory.client_configurations("production", FU) if "ssh" in name]
    config = f"{room.p5.jobs(CROWDED)[0]['tag']}_cfg.py"
    row = room.do("change_dqm_client", host=FU, client=config, state="0")
    assert row.state == FAILED


@SQLITE
def test_the_versions_of_the_other_hosts_are_shown_beside_an_error(room: Room) -> None:
    room.p5.incident("ssh", host=FU, state="refused")
    row = room.do("get_hltd_versions")
    assert row.state == FAILED
    assert f"no version of {FU}.cms: ssh: connect to host" in row.error
    page = room.page_of(row)
    assert "hltd-2.9.12" in page
    assert "unknown" in page


@pytest.mark.slow
@SQLITE
def test_a_restart_whose_ssh_hangs_is_unknown_and_no_success(room: Room) -> None:
    room.p5.incident("ssh", host=FU, state="hangs")
    before = {job["pid"] for job in room.p5.jobs(FU)}
    row = room.do("restart_hltd", host=FU)
    assert row.state == UNKNOWN
    assert "P5 responded: Ok, after more than 15 s" in row.error
    assert {job["pid"] for job in room.p5.jobs(FU)} == before


def test_errors_of_ssh_are_no_version_log_client_or_run(ssh_errors: list[str]) -> None:
    for error in ssh_errors:
        assert error.startswith("ssh: ")
        assert state("get_hltd_versions", {"production": {FU: error}}) == FAILED
        assert state("get_hltd_logs", ["INFO:root:started", error]) == FAILED
        assert state("get_fff_logs", [error]) == FAILED
        assert state("get_dqm_clients", [[error.strip(), False], ["ecal_dqm_sourceclient-live_cfg.py", False]]) == FAILED
        assert state("get_simulator_runs", ["run123456", *error.splitlines()]) == FAILED
        assert state("restart_hltd", error) == FAILED
        assert state("get_cmssw_info", error) == FAILED


@pytest.mark.parametrize(
    "error",
    [
        "cat: /var/log/hltd/hltd.log: No such file or directory",
        "Host key verification failed.",
        "Permission denied (publickey,gssapi-keyex,gssapi-with-mic).",
        "Warning: Permanently added 'dqmfu' (ED25519) to the list of known hosts.\nConnection closed by 10.176.1.1 port 22",
        "@@@@@@@@@@@@@@@@@@@@@@@@@@@\n@    WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED!     @",
        "host argument not defined",
    ],
)
def test_other_errors_are_no_log(error: str) -> None:
    assert state("get_fff_logs", [error]) == FAILED


def test_a_log_that_mentions_errors_of_ssh_is_a_log() -> None:
    log = "INFO:root:trying dqmfu\nssh: connect to host dqmfu port 22: Connection refused\n"
    assert state("get_fff_logs", [log]) == ANSWERED
    assert state("get_fff_logs", ["ssh: started\n" + "INFO:root:a line\n" * 100]) == ANSWERED


@pytest.mark.parametrize("version", ["hltd-2.9.12-0.x86_64\n", "fff_dqmtools-1.10.1-1.noarch\n", "hltd-1.0~rc1-1.el8.x86_64"])
def test_names_of_packages_are_versions(version: str) -> None:
    assert state("get_hltd_versions", {"production": {FU: version}}) == ANSWERED


@pytest.mark.parametrize("text", ["", "\n", "file /opt/hltd is not owned by any package", "hltd", "bash: rpm: command not found"])
def test_other_texts_are_no_versions(text: str) -> None:
    assert state("get_hltd_versions", {"production": {FU: text}}) == FAILED


def test_what_looks_cut_after_the_time_limit_of_the_gateway_is_no_answer() -> None:
    assert state("get_dqm_clients", []) == ANSWERED, "a release without clients answers at once"
    assert state("get_dqm_clients", [], 15.0) == FAILED
    off, on = ["hlt_cfg.py", False], ["ecal_cfg.py", True]
    assert state("get_dqm_clients", [off], 15.2) == FAILED, "the second ssh, for those that are on, can hang, too"
    assert state("get_dqm_clients", [off, on], 15.2) == ANSWERED
    assert state("get_fff_logs", [""], 2) == ANSWERED, "a log can be empty"
    assert state("get_fff_logs", [""], 30.1) == FAILED
    assert state("change_dqm_client", "Ok", 14.9) == ANSWERED
    for name in ("change_dqm_client", "restart_hltd", "restart_fff"):
        assert state(name, "Ok", 15.0) == UNKNOWN


GREETING = "* Authorised users only. *\n*" + "-" * 60 + "*"
"""A greeting as hosts print it before ssh reports its error."""


@pytest.mark.parametrize(
    "error",
    [
        "Connection to dqmfu closed by remote host.",
        "client_loop: send disconnect: Broken pipe",
        "Received disconnect from 10.176.1.1 port 22:2: Too many authentication failures",
        "Unable to negotiate with 10.176.1.1 port 22: no matching host key type found. Their offer: ssh-rsa",
        "/bin/sh: ssh: command not found",
        "path argument not defined",
        "Warning: Permanently added 'dqmfu' (ED25519) to the list of known hosts.",
    ],
)
def test_no_error_is_a_log_after_a_greeting_or_alone(error: str) -> None:
    assert state("get_fff_logs", [error]) == FAILED
    if not error.startswith("Warning"):
        assert state("get_fff_logs", [f"{GREETING}\n{error}\n"]) == FAILED


def test_an_empty_list_of_runs_is_a_failure_since_ls_without_files_prints_an_error() -> None:
    listed = subprocess.run(["ls", "-1d", "/nonexistent/run*"], capture_output=True, text=True, check=False)
    assert not listed.stdout
    assert listed.stderr
    for answer in ([""], []):
        assert state("get_simulator_runs", answer) == FAILED
    assert state("get_simulator_runs", ["run349963", ""]) == ANSWERED


def test_the_error_of_one_system_is_no_release_beside_that_of_the_other() -> None:
    good = "CMSSW_13_0_3\nPRs :\n 41000 ok\nGTs:\n"
    for wrong in ("", "grep: /dqmdata/dqm_cmssw/current_playback/*: No such file or directory\n"):
        for playback, production in ((wrong, good), (good, wrong)):
            answer = f"\n<strong>Playback:</strong>\n{playback}\n<strong>Production:</strong>\n{production}"
            found = classify_response(COMMANDS["get_cmssw_info"], FU, 200, answer, 1.0)
            assert found.state == FAILED
            assert f"no release of {'Production' if playback == good else 'Playback'}: " in found.error
    assert state("get_cmssw_info", f"\n<strong>Playback:</strong>\n{good}\n<strong>Production:</strong>\n{good}") == ANSWERED


def test_a_restart_that_was_stopped_after_a_warning_is_unknown() -> None:
    for text in (
        "Warning: Permanently added 'dqmfu' (ED25519) to the list of known hosts.",
        "Redirecting to /bin/systemctl stop hltd.service",
    ):
        assert state("restart_hltd", text, 15.2) == UNKNOWN
        assert state("restart_hltd", text, 1.0) == FAILED


@SQLITE
def test_releases_are_shown_without_the_marks_of_p5_and_downloaded_with_them(room: Room) -> None:
    row = room.do("get_cmssw_info")
    page = room.page_of(row)
    assert "Playback:" in page
    assert "strong&gt;" not in page
    assert "<strong>Playback:</strong>" in room.get(f"/control/commands/{row.id}/0.txt").text
