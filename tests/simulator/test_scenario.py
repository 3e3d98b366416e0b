"""The default simulation looks like a busy site with all kinds of faults."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from typing import Any

import pytest

from tests.support.p5 import BU, CROWDED, FU, GATEWAY, P5, Simulators

pytestmark = pytest.mark.slow

FUS = ("dqmfu-c2b03-45-01", "dqmfu-c2b04-45-01", "dqmfu-c2b05-45-01", "dqmfu-c2b06-45-01")
Documents = list[dict[str, Any]]


@pytest.fixture(scope="module")
def jobs(live_p5: P5) -> Documents:
    return live_p5.jobs(*FUS)


@pytest.fixture(scope="module")
def now(live_p5: P5, jobs: Documents) -> float:
    return float(live_p5.status()["now"])


def by_run(jobs: Documents) -> dict[int, Documents]:
    found = defaultdict(list)
    for job in jobs:
        found[job["run"]].append(job)
    return found


def test_thirty_one_clients_run_on_four_machines_as_at_the_experiment(live_p5: P5, jobs: Documents) -> None:
    run = live_p5.status()["systems"]["production"]["run"]
    places = {(job["tag"], job["hostname"]) for job in by_run(jobs)[run]}
    assert Counter(host for _, host in places) == dict(zip(FUS, (2, 3, 2, 24), strict=True))
    assert ("hlt_dqm_clientPB-live", FUS[1]) in places


def test_jobs_of_old_runs_have_ended(live_p5: P5, jobs: Documents) -> None:
    running = live_p5.status()["systems"]["production"]["run"]
    old = [job for job in jobs if job["run"] != running]
    assert len({job["run"] for job in old}) == 4
    assert all("exit_code" in job for job in old)
    assert {job["fi_state"] for job in old if job["exit_code"] == 0} == {"2"}


def test_run_keys_and_releases_change(jobs: Documents) -> None:
    assert {job["cmdline"][4] for job in jobs} == {"runkey=cosmic_run", "runkey=pp_run", "runkey=hi_run"}
    assert len({job["cmdline"][1].partition("/src/")[0] for job in jobs}) == 3


def test_one_run_has_one_lumisection_and_one_has_no_clients(live_p5: P5, jobs: Documents) -> None:
    files = [header["run"] for header in live_p5.headers(BU) if header["type"] == "dqm-files"]
    assert len(set(files) - {job["run"] for job in jobs}) == 1
    assert 1 in {max(int(job.get("cmssw_lumi", 0)) for job in found) for found in by_run(jobs).values()}


def test_a_crashed_client_restarts_at_most_twice(jobs: Documents) -> None:
    attempts = defaultdict(list)
    for job in jobs:
        attempts[job["run"], job["tag"]].append(job.get("exit_code"))
    codes = Counter(code for codes in attempts.values() for code in codes if code)
    assert codes == {134: 1, -11: 3, 65: 1, 92: 3}
    assert max(len(found) for found in attempts.values()) == 3
    assert [-11, -11, -11] in attempts.values()


@pytest.mark.parametrize(
    ("code", "words"),
    [(134, "fatal system signal"), (-11, "segmentation violation"), (65, "Begin Fatal Exception"), (0, "Writing DQM Root")],
)
def test_a_log_ends_with_the_reason_of_the_exit(jobs: Documents, code: int, words: str) -> None:
    for job in jobs:
        if job.get("exit_code") == code:
            end = job["extra"]["stdlog_end"]
            assert words in "".join(end)
            assert end[-1] == f"\n-- process exit: {code} --\n"


def test_one_job_is_stuck_and_one_never_sees_data(live_p5: P5, jobs: Documents, now: float) -> None:
    running = by_run(jobs)[live_p5.status()["systems"]["production"]["run"]]
    stuck = [job["tag"] for job in running if "exit_code" not in job and now - job["report_timestamp"] > 900]
    assert stuck == ["gem_dqm_sourceclient-live"]
    blind = [job for job in running if "cmssw_lumi" not in job]
    assert [job["tag"] for job in blind] == ["beamhlt_dqm_sourceclient-live"]
    assert blind[0]["next_lumi"] == "1"
    assert blind[0]["extra"]["lumi_stats"] == {}


def test_fields_of_cmsrun_are_strings_and_logs_are_limited(jobs: Documents) -> None:
    for job in jobs:
        cmsrun_fields = {
            "next_lumi",
            "fi_state",
            "update_timestamp",
            "cmssw_run",
            "cmssw_lumi",
            "events_total",
            "lumi_number",
            "events_rate",
        } & job.keys()
        assert all(isinstance(job[name], str) for name in cmsrun_fields)
        assert isinstance(job["pid"], int)
        for lines in (job["extra"]["stdlog_start"], job["extra"]["stdlog_end"]):
            assert len(lines) <= 257
            assert sum(len(line) for line in lines) <= 16384


def test_healthy_jobs_reported_within_half_a_minute(live_p5: P5, jobs: Documents, now: float) -> None:
    alive = [job for job in jobs if "exit_code" not in job and not job["tag"].startswith("gem")]
    assert all(now - job["report_timestamp"] < 40 for job in alive)


def test_playback_has_the_source_run_and_holes(live_p5: P5) -> None:
    (job, *_) = [job for job in live_p5.jobs("dqmfu-c2b01-45-01") if job.get("exit_code") == 0]
    assert job["run"] >= 500016
    assert job["cmssw_run"] == "349963"
    assert {"lumi000003", "lumi000004"}.isdisjoint(job["extra"]["lumi_seen"])
    states = {header["_id"]: header for header in live_p5.headers(GATEWAY)}
    (player,) = live_p5.documents(GATEWAY, next(id for id in reversed(states) if id.startswith("dqm-playback")))
    assert player["state"] == "running"
    assert player["config"]["run"] == player["run"]


def test_files_arrive_twenty_to_fifty_seconds_after_their_lumisection(live_p5: P5) -> None:
    id = next(header["_id"] for header in live_p5.headers(BU) if header["type"] == "dqm-files")
    (files,) = live_p5.documents(BU, id)
    delays = defaultdict(list)
    for name, columns in files["extra"]["streams"].items():
        assert list(columns) == ["lumis", "mtimes", "ctimes", "evt_processed", "evt_accepted", "fsize"]
        for lumi, time in zip(columns["lumis"], columns["mtimes"], strict=True):
            delays[name.split("_")[0]].append(time - files["extra"]["global_start"] - lumi * files["extra"]["lumi"])
    mean = {name: sum(values) / len(values) for name, values in delays.items()}
    assert 18 < mean["streamDQM"] < 30
    assert mean["streamDQMEventDisplay"] < mean["streamDQM"] < mean["streamDQMHistograms"]


def test_the_log_of_a_job_can_be_read_at_its_own_machine_only(live_p5: P5, jobs: Documents) -> None:
    job = next(job for job in jobs if job["tag"].startswith("info"))
    log = live_p5.at(job["hostname"]).get(f"/utils/show_log/{job['_id']}")
    assert (log.status, log.headers["Content-Type"]) == (200, "text/plain; charset=UTF-8")
    assert b"<script>" in log.content
    assert b"caf\xe9" in log.content
    assert b"\0" in log.content
    assert live_p5.get(f"/utils/show_log/{job['_id']}").status == 500


def test_a_seed_always_gives_the_same_documents(simulators: Simulators) -> None:
    def uploaded(seed: str) -> list[tuple[str, str, int]]:
        with simulators.run("--speed", "0", "--seed", seed) as p5:
            p5.advance(4000)
            return [(row["host"], row["id"], row["rev"]) for row in p5.record()["documents"]]

    first = uploaded("1")
    assert first == uploaded("1")
    assert first != uploaded("2")


def test_runs_follow_one_another_and_the_oldest_are_removed(simulators: Simulators) -> None:
    with simulators.run("--speed", "0") as p5:
        before = p5.status()["systems"]["production"]["runs"]
        for _ in range(8):
            p5.advance(3600)
        after = p5.status()["systems"]["production"]["runs"]
        assert after == sorted(set(after))
        assert len(after) == 25
        known = {header["run"] for host in (FU, CROWDED) for header in p5.headers(host)} - {None}
        assert known <= set(after)
        assert not known & set(before[:3])


def test_the_original_mirror_finds_all_fields_that_it_stores(live_p5: P5) -> None:
    def send(host: str, message: dict[str, Any]) -> Any:
        """A request as the original mirror sends it; it reads only the first message of the response."""
        address = "/sync_proxy" if host == GATEWAY else f"/redirect?path={host}&port=9215"
        answer = live_p5.post(address, json.dumps({"messages": [json.dumps(message)]}), Cookie="selenium-secret-secret=changeme")
        return json.loads(json.loads(answer.content)["messages"][0])

    for host in (GATEWAY, BU, *FUS):
        answer = send(host, {"event": "sync_request", "known_rev": "0"})
        assert isinstance(answer["rev"], list)
        for header in answer["headers"]:
            (document,) = send(host, {"event": "request_documents", "ids": [header["_id"]]})["documents"]
            if "analyze_files" in header["_id"]:
                assert document["run"] == header["run"]
                assert document["extra"]["global_start"] > 0
                assert isinstance(document["extra"]["streams"], dict)
            elif header["type"] == "dqm-source-state":
                assert "CMSSW_" in document["cmdline"][1]
                assert document["cmdline"][4].startswith("runkey=")
                assert document["extra"]["ps_info"]["VmRSS"].endswith(" kB")
                assert float(document.get("events_rate", -1)) >= -1
                assert document["extra"]["stdlog_start"]
