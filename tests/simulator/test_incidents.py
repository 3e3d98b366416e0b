"""Effects of each incident, and the state after its end."""

from __future__ import annotations

import json
import time
from http.client import HTTPException
from typing import Any

import pytest

from tests.support.p5 import BU, CROWDED, FU, GATEWAY, P5

PIXEL = "pixel_dqm_sourceclient-live"
SYNC = {"event": "sync_request", "known_rev": None}


def begin(p5: P5, **arguments: Any) -> int:
    """Start a run and wait until its jobs have read some lumisections."""
    run: int = p5.incident("start_run", **arguments)["run"]
    p5.advance(200)
    return run


def job(p5: P5, tag: str) -> dict[str, Any]:
    """The document of the latest job of a client."""
    return max((job for job in p5.jobs(FU, CROWDED) if job["tag"] == tag), key=lambda job: (job["run"], job["pid"]))


def test_a_host_that_is_down_is_unreachable_until_it_is_up(p5: P5) -> None:
    begin(p5)
    known = p5.headers(FU)
    p5.incident("host_down", host=FU)
    p5.advance(300)
    assert p5.redirect(FU, SYNC).status == 500
    status = p5.get("/cr/exe?what=get_cluster_status&cluster=production").json()
    assert status[f"{FU}.cms"] == {"up": False, "msg": "ConnectionRefusedError(111, 'Connection refused')"}
    assert status[f"{CROWDED}.cms"] == {"up": True, "msg": None}
    p5.incident("host_down", host=FU, on=False)
    assert p5.headers(FU)[-1]["_rev"] > known[-1]["_rev"]


def test_gateway_down_closes_connections(p5: P5) -> None:
    p5.incident("gateway_down")
    with pytest.raises((OSError, HTTPException)):
        p5.get("/login")
    p5.incident("gateway_down", on=False)
    assert p5.get("/login").status == 200


@pytest.mark.slow
def test_a_slow_host_is_an_error_after_the_timeout_of_the_gateway(p5: P5) -> None:
    p5.incident("slow", host=FU, seconds=60)
    start = time.monotonic()
    assert p5.redirect(FU, SYNC).status == 500
    assert time.monotonic() - start > 4
    assert p5.redirect(BU, SYNC).status == 200


def test_a_slow_gateway_answers_late(p5: P5) -> None:
    p5.incident("slow", seconds=0.5)
    start = time.monotonic()
    assert p5.get("/login").status == 200
    assert time.monotonic() - start >= 0.5


def test_truncated_responses(p5: P5) -> None:
    begin(p5)
    p5.incident("truncate", host=FU, count=1)
    broken = p5.redirect(FU, SYNC)
    assert broken.status == 200
    with pytest.raises(json.JSONDecodeError):
        broken.json()
    assert p5.headers(FU)


def test_garbled_responses(p5: P5) -> None:
    p5.incident("garble", host=FU, status=502, body="<html>Bad Gateway</html>")
    answer = p5.redirect(FU, SYNC)
    assert (answer.status, answer.content) == (502, b"<html>Bad Gateway</html>")
    p5.incident("garble", host=FU, count=2, hex="ff00fe")
    assert [p5.redirect(FU, SYNC).content for _ in range(3)] == [b"\xff\x00\xfe", b"\xff\x00\xfe", b'{"messages": []}']


def test_a_document_vanishes_between_its_header_and_the_request(p5: P5) -> None:
    begin(p5)
    id, other = (header["_id"] for header in p5.headers(FU)[:2])
    p5.incident("vanish", host=FU)
    assert [document["_id"] for document in p5.documents(FU, id, other)] == [other]
    assert id not in [header["_id"] for header in p5.headers(FU)]


def test_revisions_are_reset(p5: P5) -> None:
    run = begin(p5)
    old = {header["_id"] for header in p5.headers(FU)}
    assert p5.incident("reset_revisions", host=FU) == {"generation": 2}
    assert p5.redirect(FU, SYNC).content == b'{"messages": []}'
    p5.advance(30)
    headers = p5.headers(FU)
    assert headers[0]["_rev"] <= len(headers)
    assert {header["_id"] for header in headers} == {job["_id"] for job in p5.jobs(FU, run=run)} <= old
    assert {row["generation"] for row in p5.record()["documents"] if row["host"] == FU} == {2}


def test_hltd_restarts_a_crashed_client(p5: P5) -> None:
    begin(p5)
    (id,) = p5.incident("crash", tag="ecal_", code=-11)["ids"]
    (crashed,) = p5.documents(CROWDED, id)
    assert crashed["exit_code"] == -11
    p5.advance(60)
    again = job(p5, "ecal_dqm_sourceclient-live")
    assert again["pid"] != crashed["pid"]
    assert again["run"] == crashed["run"]
    assert "exit_code" not in again


def test_a_job_is_stuck_and_reports_again(p5: P5) -> None:
    begin(p5)
    p5.incident("stick", tag="gem")
    silent = job(p5, "gem_dqm_sourceclient-live")
    p5.advance(1000)
    assert job(p5, "gem_dqm_sourceclient-live") == silent
    p5.incident("stick", tag="gem", on=False)
    p5.advance(40)
    assert int(job(p5, "gem_dqm_sourceclient-live")["cmssw_lumi"]) > int(silent["cmssw_lumi"])


def test_jobs_see_the_end_of_their_run(p5: P5) -> None:
    run = begin(p5, lumis=100)
    p5.incident("end_run", follow=False)
    p5.advance(30)
    states = {job["fi_state"] for job in p5.jobs(FU, CROWDED, run=run)}
    p5.advance(31)
    states |= {job["fi_state"] for job in p5.jobs(FU, CROWDED, run=run)}
    p5.advance(60)
    ended = p5.jobs(FU, CROWDED, run=run)
    assert states >= {"0", "1"}
    assert {(job["fi_state"], job["exit_code"]) for job in ended} == {("2", 0)}
    assert len(ended) == 31
    p5.advance(600)
    assert p5.status()["systems"]["production"]["run"] is None


def test_runs_of_one_lumisection_and_without_clients(p5: P5) -> None:
    short = begin(p5, lumis=1)
    empty = begin(p5, clients=False, lumis=30)
    assert {job.get("cmssw_lumi") for job in p5.jobs(FU, CROWDED, run=short)} == {"1"}
    assert p5.jobs(FU, CROWDED, run=empty) == []
    assert p5.status()["systems"]["production"]["run"] == empty


def test_faults_of_clients(p5: P5) -> None:
    faults = {PIXEL: {"kind": "crash", "lumi": 2, "code": 92, "always": True}, "dt_dqm_sourceclient-live": {"kind": "blind"}}
    run = begin(p5, lumis=100, faults=faults)
    p5.advance(600)
    jobs = p5.jobs(FU, CROWDED, run=run)
    assert [job["exit_code"] for job in jobs if job["tag"] == PIXEL] == [92, 92, 92]
    assert "cmssw_lumi" not in job(p5, "dt_dqm_sourceclient-live")


HOSTILE = [
    "<script>alert(1)</script>\n",
    '<div hx-get="/user/leave" hx-trigger="load">x</div>\n',
    "\x1b[31mred\x1b[0m \x1b]0;title\a\n",
    "a NUL \x00 and half a character \udce9\udcff\n",
    "x" * 1_000_000 + "\n",
]


@pytest.mark.parametrize("line", HOSTILE, ids=["script", "htmx", "ansi", "bytes", "megabyte"])
def test_a_log_may_contain_any_text(p5: P5, line: str) -> None:
    begin(p5)
    (id,) = p5.incident("write_log", tag="rpc", lines=[line])["ids"]
    (document,) = p5.documents(CROWDED, id)
    if len(line) < 16384:
        assert document["extra"]["stdlog_end"][-1] == line
    full = p5.at(CROWDED).get(f"/utils/show_log/{id}")
    assert full.content.endswith(line.encode("utf-8", "surrogateescape"))


def test_documents_lack_omitted_keys(p5: P5) -> None:
    begin(p5)
    (id,) = p5.incident("omit", tag="fed", keys=["cmdline", "extra"])["ids"]
    (document,) = p5.documents(CROWDED, id)
    assert {"cmdline", "extra"}.isdisjoint(document)


def test_the_record_has_every_document_at_its_newest_revision_and_every_request(p5: P5) -> None:
    begin(p5)
    served = {(host, job["_id"]): job for host in (FU, CROWDED) for job in p5.jobs(host)}
    record = p5.record(bodies=True)
    recorded = {(row["host"], row["id"]): row["document"] for row in record["documents"] if row["document"]["type"] == "dqm-source-state"}
    assert recorded == served
    assert {(row["path"], row["status"]) for row in record["requests"]} == {("/redirect", 200)}
    assert json.loads(json.loads(record["requests"][0]["body"])["messages"][0]) == SYNC


def test_an_invalid_incident_is_refused_with_the_valid_ones(p5: P5) -> None:
    unknown = p5.post("/_simulator/incidents/earthquake", "{}")
    assert unknown.status == 404
    assert "host_down" in unknown.json()["message"]
    assert p5.post("/_simulator/incidents/crash", "{}").status == 400
    assert GATEWAY in p5.post("/_simulator/incidents/reset_revisions", '{"host": "x"}').json()["message"]
    assert p5.get("/_simulator/incidents").json().keys() >= {"host_down", "backlog", "write_log"}
