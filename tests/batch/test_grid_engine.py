"""The rows of the diary of jobs of a real Grid Engine."""

from __future__ import annotations

import subprocess

import pytest

from app.core.settings import Settings
from app.diary.jobs import parents_of
from app.diary.models import DiaryJob
from app.diary.observations.observation import JobKey
from app.diary.sources.grid_engine import KIND
from app.diary.sources.grid_engine_text import details
from tests.batch.diary import Diary, job_named
from tests.batch.grid_engine_jobs import FIRST, JOBS, LAST
from tests.batch.node import Node

pytestmark = [pytest.mark.batch, pytest.mark.slow, pytest.mark.parametrize("node", ["grid-engine"], indirect=True)]

WAYS = {
    "qacct": "accounting_s = 30.0",
    "the accounting file": 'accounting_s = 30.0\naccounting = "/var/lib/gridengine/default/common/accounting"',
}


@pytest.mark.parametrize("way", WAYS)
def test_jobs_of_grid_engine_have_the_rows_that_their_ends_ask_for(node: Node, hub: Settings, way: str) -> None:
    diary = Diary(hub, "grid-engine", node.commands, WAYS[way])
    node.submit(JOBS)
    diary.follow(FIRST)
    ids = {job.name: job.native_id.partition(".")[0] for job in DiaryJob.select()}
    node.run("qdel", ids["colon"], ids["waiting"], ids["waitingarray"])
    diary.follow(LAST)
    assert diary.quarantined == 0
    good, never, colon = job_named("good"), job_named("never"), job_named("colon")
    assert (good.user, good.value_of("labels")) == ("tester", {"host": "node", "queue": "main.q"})
    assert good.submitted <= good.started <= good.ended
    assert [parent.native_id for parent in parents_of(never)] == [ids["long"]]
    assert colon.workdir == "/home/tester/co:lon dir"
    (out, _), (errors, _) = colon.value_of("logs")
    assert node.submit(f"ls '{out}' '{errors}'").splitlines() == sorted([out, errors]), "Grid Engine has written these files"
    assert job_named("waiting").reason == "It left the queue before it began"


def test_ids_that_grid_engine_does_not_have_are_no_failure_and_hide_no_others(node: Node, hub: Settings) -> None:
    options = {"environment": [f"PATH={node.commands}:/usr/bin:/bin"]}
    assert list(KIND.make("grid-engine", options, hub).probe([JobKey("99999")])) == []
    number = node.submit("echo 'sleep 1000000' | qsub -terse -h").strip()
    assert number in details(node.run("qstat", "-j", f"{number},99999"))
    absent = subprocess.run([node.commands / "qstat", "-j", "99999"], capture_output=True, text=True, check=False)
    assert (absent.returncode, absent.stderr.split()) == (1, ["Following", "jobs", "do", "not", "exist:", "99999"])
