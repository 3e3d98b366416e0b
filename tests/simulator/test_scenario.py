"""The ordinary stand-in looks like a site where work is going on, and all of the trouble that DQM knows happens there."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from typing import Any

import pytest

from tests.support.p5 import BU, CROWDED, FU, GATEWAY, P5, stand_in

pytestmark = pytest.mark.slow

FUS = ("dqmfu-c2b03-45-01", "dqmfu-c2b04-45-01", "dqmfu-c2b05-45-01", "dqmfu-c2b06-45-01")
Documents = list[dict[str, Any]]


@pytest.fixture(scope="module")
def jobs(living: P5) -> Documents:
    return living.jobs(*FUS)


@pytest.fixture(scope="module")
def now(living: P5, jobs: Documents) -> float:
    return float(living.status()["now"])


def by_run(jobs: Documents) -> dict[int, Documents]:
    found = defaultdict(list)
    for job in jobs:
        found[job["run"]].append(job)
    return found


def test_thirty_one_clients_run_on_four_machines_as_at_the_experiment(living: P5, jobs: Documents) -> None:
    run = living.status()["systems"]["production"]["run"]
    places = {(job["tag"], job["hostname"]) for job in by_run(jobs)[run]}
    assert Counter(host for _, host in places) == dict(zip(FUS, (2, 3, 2, 24), strict=True))
    assert ("hlt_dqm_clientPB-live", FUS[1]) in places


def test_there_are_old_runs_with_their_jobs_ended(living: P5, jobs: Documents) -> None:
    running = living.status()["systems"]["production"]["run"]
    old = [job for job in jobs if job["run"] != running]
    assert len({job["run"] for job in old}) == 4
    assert all("exit_code" in job for job in old)
    assert {job["fi_state"] for job in old if job["exit_code"] == 0} == {"2"}


def test_run_keys_and_releases_change(jobs: Documents) -> None:
    assert {job["cmdline"][4] for job in jobs} == {"runkey=cosmic_run", "runkey=pp_run", "runkey=hi_run"}
    assert len({job["cmdline"][1].partition("/src/")[0] for job in jobs}) == 3


def test_one_run_is_of_one_lumisection_and_one_has_no_clients(living: P5, jobs: Documents) -> None:
    files = [header["run"] for header in living.headers(BU) if header["type"] == "dqm-files"]
    assert len(set(files) - {job["run"] for job in jobs}) == 1
    assert 1 in {max(int(job.get("cmssw_lumi", 0)) for job in found) for found in by_run(jobs).values()}


def test_a_client_that_crashes_comes_again_at_most_twice(jobs: Documents) -> None:
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
def test_the_log_ends_with_why_the_job_ended(jobs: Documents, code: int, words: str) -> None:
    for job in jobs:
        if job.get("exit_code") == code:
            end = job["extra"]["stdlog_end"]
            assert words in "".join(end)
            assert end[-1] == f"\n-- process exit: {code} --\n"


def test_one_job_is_stuck_and_one_never_sees_data(living: P5, jobs: Documents, now: float) -> None:
    running = by_run(jobs)[living.status()["systems"]["production"]["run"]]
    stuck = [job["tag"] for job in running if "exit_code" not in job and now - job["report_timestamp"] > 900]
    assert stuck == ["gem_dqm_sourceclient-live"]
    blind = [job for job in running if "cmssw_lumi" not in job]
    assert [job["tag"] for job in blind] == ["beamhlt_dqm_sourceclient-live"]
    assert blind[0]["next_lumi"] == "1"
    assert blind[0]["extra"]["lumi_stats"] == {}


def test_what_cmsrun_says_is_text_and_a_log_is_no_longer_than_in_dqm2(jobs: Documents) -> None:
    for job in jobs:
        said = {
            "next_lumi",
            "fi_state",
            "update_timestamp",
            "cmssw_run",
            "cmssw_lumi",
            "events_total",
            "lumi_number",
            "events_rate",
        } & job.keys()
        assert all(isinstance(job[name], str) for name in said)
        assert isinstance(job["pid"], int)
        for lines in (job["extra"]["stdlog_start"], job["extra"]["stdlog_end"]):
            assert len(lines) <= 257
            assert sum(len(line) for line in lines) <= 16384


def test_every_job_that_is_well_reported_within_half_a_minute(living: P5, jobs: Documents, now: float) -> None:
    alive = [job for job in jobs if "exit_code" not in job and not job["tag"].startswith("gem")]
    assert all(now - job["report_timestamp"] < 40 for job in alive)


def test_playback_shows_the_run_that_is_played_and_holes(living: P5) -> None:
    (job, *_) = [job for job in living.jobs("dqmfu-c2b01-45-01") if job.get("exit_code") == 0]
    assert job["run"] >= 500016
    assert job["cmssw_run"] == "349963"
    assert {"lumi000003", "lumi000004"}.isdisjoint(job["extra"]["lumi_seen"])
    states = {header["_id"]: header for header in living.headers(GATEWAY)}
    (player,) = living.documents(GATEWAY, next(id for id in reversed(states) if id.startswith("dqm-playback")))
    assert player["state"] == "running"
    assert player["config"]["run"] == player["run"]


def test_files_come_twenty_to_fifty_seconds_after_their_lumisection(living: P5) -> None:
    id = next(header["_id"] for header in living.headers(BU) if header["type"] == "dqm-files")
    (files,) = living.documents(BU, id)
    delays = defaultdict(list)
    for name, columns in files["extra"]["streams"].items():
        assert list(columns) == ["lumis", "mtimes", "ctimes", "evt_processed", "evt_accepted", "fsize"]
        for lumi, time in zip(columns["lumis"], columns["mtimes"], strict=True):
            delays[name.split("_")[0]].append(time - files["extra"]["global_start"] - lumi * files["extra"]["lumi"])
    mean = {name: sum(values) / len(values) for name, values in delays.items()}
    assert 18 < mean["streamDQM"] < 30
    assert mean["streamDQMEventDisplay"] < mean["streamDQM"] < mean["streamDQMHistograms"]


def test_the_log_of_a_job_can_be_read_at_its_own_machine_only(living: P5, jobs: Documents) -> None:
    job = next(job for job in jobs if job["tag"].startswith("info"))
    log = living.get(f"/utils/show_log/{job['_id']}", Host=job["hostname"] + ".cms:9215")
    assert (log.status, log.headers["Content-Type"]) == (200, "text/plain; charset=UTF-8")
    assert b"<script>" in log.content
    assert b"caf\xe9" in log.content
    assert b"\0" in log.content
    assert living.get(f"/utils/show_log/{job['_id']}").status == 500


def test_a_seed_always_plays_the_same() -> None:
    def played(seed: str) -> list[tuple[str, str, int]]:
        with stand_in("--speed", "0", "--seed", seed) as p5:
            p5.advance(4000)
            return [(row["host"], row["id"], row["rev"]) for row in p5.record()["documents"]]

    first = played("1")
    assert first == played("1")
    assert first != played("2")


def test_runs_follow_one_another_for_ever_and_the_oldest_are_forgotten() -> None:
    with stand_in("--speed", "0") as p5:
        before = p5.status()["systems"]["production"]["runs"]
        for _ in range(8):
            p5.advance(3600)
        after = p5.status()["systems"]["production"]["runs"]
        assert after == sorted(set(after))
        assert len(after) == 25
        known = {header["run"] for host in (FU, CROWDED) for header in p5.headers(host)} - {None}
        assert known <= set(after)
        assert not known & set(before[:3])


def test_the_grabber_of_the_mirror_finds_all_that_it_stores(living: P5) -> None:
    def ask(host: str, message: dict[str, Any]) -> Any:
        """One request as the mirror makes it, with its cookie; of the answer it reads the first message only."""
        address = "/sync_proxy" if host == GATEWAY else f"/redirect?path={host}&port=9215"
        answer = living.post(address, json.dumps({"messages": [json.dumps(message)]}), Cookie="selenium-secret-secret=changeme")
        return json.loads(json.loads(answer.content)["messages"][0])

    for host in (GATEWAY, BU, *FUS):
        answer = ask(host, {"event": "sync_request", "known_rev": "0"})
        assert isinstance(answer["rev"], list)
        for header in answer["headers"]:
            (document,) = ask(host, {"event": "request_documents", "ids": [header["_id"]]})["documents"]
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
