"""A simulator with a state file continues after it was killed: no document is lost, no revision is used twice."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from tests.support import storms
from tests.support.p5 import BU, CROWDED, FU, P5, Simulators

pytestmark = pytest.mark.slow

HOSTS = (BU, FU, CROWDED)


def revisions(p5: P5) -> dict[tuple[str, str, int], int]:
    """The revision of each document by host, id and run."""
    return {(host, header["_id"], header["run"]): header["_rev"] for host in HOSTS for header in p5.headers(host)}


@pytest.mark.storm
def test_revisions_continue_after_kills_at_random_times(tmp_path: Path, simulators: Simulators) -> None:
    random = storms.chance(5)
    known: dict[tuple[str, str, int], int] = {}
    numbers: list[int] = []
    for _ in range(5 * storms.TIMES):
        with simulators.run("--state", str(tmp_path / "state.db"), "--speed", "200", "--behind", "40000", "--history", "600") as p5:
            now = revisions(p5)
            removed = {run for *_, run in known.keys() - now.keys()}
            assert not removed or max(removed) < numbers[-1], "documents of the latest run are kept, those of old runs removed"
            assert all(now[key] >= known[key] for key in known.keys() & now.keys())
            time.sleep(random.uniform(0.1, 0.8))
            known = revisions(p5)
            numbers.append(max(header["run"] for header in p5.headers(BU) if header["run"]))
            p5.kill()
    assert numbers == sorted(numbers)
    assert len(set(numbers)) > 1


def test_after_a_restart_jobs_are_killed_and_run_numbers_continue(tmp_path: Path, simulators: Simulators) -> None:
    arguments = ("--quiet-start", "--speed", "0", "--state", str(tmp_path / "state.db"))
    with simulators.run(*arguments) as p5:
        run = p5.incident("start_run")["run"]
        p5.advance(100)
        p5.incident("reset_revisions", host=BU)
        alive = {job["_id"]: job for job in p5.jobs(FU)}
        p5.kill()
    with simulators.run(*arguments) as p5:
        killed = {job["_id"]: job for job in p5.jobs(FU)}
        assert killed.keys() == alive.keys()
        for id, job in killed.items():
            assert (job["exit_code"], job["events_total"]) == (-9, alive[id]["events_total"])
            assert job["_rev"] > alive[id]["_rev"]
            assert job["extra"]["stdlog_end"][-1] == "\n-- process exit: -9 --\n"
        assert p5.status()["hosts"][BU]["generation"] == 2
        assert p5.incident("start_run")["run"] > run


def test_dropped_documents_stay_dropped_after_a_restart(tmp_path: Path, simulators: Simulators) -> None:
    arguments = ("--quiet-start", "--speed", "0", "--state", str(tmp_path / "state.db"))
    with simulators.run(*arguments) as p5:
        p5.incident("upload", host=FU, documents=[{"_id": "a"}, {"_id": "b"}, {"_id": "c", "tag": "\udce9"}])
        p5.at(FU).post("/utils/drop_ids", '{"ids": ["b"]}')
        before = p5.record(bodies=True)["documents"]
        p5.kill()
    with simulators.run(*arguments) as p5:
        assert p5.record(bodies=True)["documents"] == before
        assert {row["id"]: row["there"] for row in before} == {"a": True, "b": False, "c": True}
        p5.incident("upload", host=FU, documents=[{"_id": "d"}])
        assert [header["_rev"] for header in p5.headers(FU)] == [1, 3, 4]
