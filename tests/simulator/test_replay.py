"""Recordings are replayed with their times moved to now."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from app.core.settings import TREE
from services.simulator.replay import read_recording
from tests.support.p5 import BU, CROWDED, FU, GATEWAY, Simulators


@pytest.fixture
def recording(tmp_path: Path, dqmsquare: Any) -> Path:
    """The last documents of three real runs."""
    rows = []
    for host, documents in dqmsquare("wire_documents.json").items():
        for document in documents:
            rows.append({"at": document["timestamp"], "host": host, "document": document})
    path = tmp_path / "september.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def test_a_recorded_run_is_replayed_with_its_times_moved_to_now(recording: Path, dqmsquare: Any, simulators: Simulators) -> None:
    original = dqmsquare("wire_documents.json")
    first = min(document["timestamp"] for documents in original.values() for document in documents)
    with simulators.run("--speed", "0", "--replay", str(recording)) as p5:
        start = p5.status()["now"]
        p5.advance(20_000)
        for host, documents in original.items():
            headers = p5.headers(host)
            assert [header["_rev"] for header in headers] == list(range(1, len(headers) + 1))
            assert {header["_id"] for header in headers} == {document["_id"] for document in documents}
            played = {document["_id"]: document for document in p5.documents(host, *(header["_id"] for header in headers))}
            for document in documents:
                there = played[document["_id"]]
                assert there["timestamp"] - start == pytest.approx(document["timestamp"] - first + 2, abs=1)
                if document["type"] == "dqm-source-state":
                    assert there["extra"] == document["extra"]
        assert set(p5.status()["hosts"]) >= set(original)


def test_documents_arrive_at_their_times(recording: Path, simulators: Simulators) -> None:
    with simulators.run("--speed", "0", "--replay", str(recording)) as p5:
        seen = [len(p5.record()["documents"])]
        for _ in range(3):
            p5.advance(6000)
            seen.append(len(p5.record()["documents"]))
        assert seen == sorted(seen)
        assert seen[0] == 0 < seen[1] < seen[-1]


def test_the_bu_of_a_recording_is_the_first_of_its_cluster(recording: Path, simulators: Simulators) -> None:
    with simulators.run("--speed", "0", "--replay", str(recording)) as p5:
        machines = p5.get("/cr/exe?what=get_dqm_machines&kind=production").json()
        assert machines[0] == "bu-c2f11-09-01.cms"
        assert len(machines) == 5


def test_machines_of_playback_stay_in_their_cluster(tmp_path: Path, simulators: Simulators) -> None:
    path, hosts = tmp_path / "both.jsonl", (BU, FU, "dqmrubu-c2a06-01-02", GATEWAY, "dqmfu-c2b08-45-01")
    path.write_text("".join(json.dumps({"at": 1.7e9, "host": host, "document": {"_id": f"job {host}"}}) + "\n" for host in hosts))
    with simulators.run("--speed", "0", "--replay", str(path)) as p5:
        p5.advance(10)
        production, playback = (p5.get(f"/cr/exe?what=get_dqm_machines&kind={kind}").json() for kind in ("production", "playback"))
        assert production == [f"{host}.cms" for host in (BU, "dqmrubu-c2a06-01-02", FU)]
        assert {f"{GATEWAY}.cms", "dqmfu-c2b08-45-01.cms"} <= set(playback)
        for host in hosts:
            assert [header["_id"] for header in p5.headers(host)] == [f"job {host}"]


@pytest.mark.parametrize("text", ["", "{", '{"at": 1}\n', '{"at": 1, "host": "h", "document": 3}\n'])
def test_an_invalid_recording_is_refused_with_the_line(tmp_path: Path, text: str) -> None:
    path = tmp_path / "bad.jsonl"
    path.write_text(text)
    with pytest.raises(ValueError, match="line 1" if text else "no documents"):
        read_recording(path)


def test_a_recording_of_one_site_is_replayed_at_another(tmp_path: Path, simulators: Simulators) -> None:
    file = tmp_path / "run.jsonl"
    with simulators.run("--quiet-start", "--speed", "0") as p5:
        run = p5.incident("start_run", lumis=5)["run"]
        for _ in range(3):
            p5.advance(60)
            command = [sys.executable, "-m", "services.simulator.record", p5.address, str(file), FU, CROWDED, BU, "--seconds", "0"]
            subprocess.run(command, cwd=TREE, check=True)
        p5.advance(300)
        subprocess.run(command, cwd=TREE, check=True)
        recorded = {job["_id"]: job for job in p5.jobs(FU, CROWDED, run=run)}
    with simulators.run("--speed", "0", "--replay", str(file)) as p5:
        p5.advance(1000)
        played = {job["_id"]: job for job in p5.jobs(FU, CROWDED, run=run)}
        assert played.keys() == recorded.keys()
        for id, job in played.items():
            assert job["extra"] == recorded[id]["extra"]
            assert job["exit_code"] == 0
