"""The rows of the diary of jobs of a real Slurm."""

from __future__ import annotations

import pytest

from app.core.settings import Settings
from app.diary.jobs import parents_of
from app.diary.models import DiaryJob
from tests.batch.diary import Diary, job_named
from tests.batch.node import Node
from tests.batch.slurm_jobs import FIRST, JOBS, LAST

pytestmark = [pytest.mark.batch, pytest.mark.slow, pytest.mark.parametrize("node", ["slurm"], indirect=True)]


def test_jobs_of_slurm_have_the_rows_that_their_ends_ask_for(node: Node, hub: Settings) -> None:
    diary = Diary(hub, "slurm", node.commands, 'users = ["tester"]')
    node.submit(JOBS)
    diary.follow(FIRST)
    ids = {job.name: job.native_id for job in DiaryJob.select()}
    node.run("scancel", ids["long"], ids["waiting"])
    node.run("scontrol", "requeue", ids["again"])
    diary.follow(LAST)
    assert diary.quarantined == 0
    good, never, waiting = job_named("good"), job_named("never"), job_named("waiting")
    assert good.value_of("logs") == [[f"/tmp/good of {good.native_id}.out", "file"]]
    assert (good.user, good.workdir, good.value_of("labels")) == ("tester", "/home/tester", {"host": "node", "queue": "debug"})
    task = DiaryJob.get(DiaryJob.native_id == f"{ids['array'].partition('_')[0]}_3")
    out, errors = (path for path, _ in task.value_of("logs"))
    assert out == f"/home/tester/out/{task.native_id.replace('_', '-00')}.txt"
    assert errors.startswith("/home/tester/array.tester.")
    assert node.submit(f"cat '{out}'; ls '{errors}'").split() == ["hello", errors], "Slurm has written these files"
    assert good.submitted <= good.started <= good.ended
    assert never.reason == "DependencyNeverSatisfied"
    assert [parent.native_id for parent in parents_of(never)] == [ids["bad"]]
    assert (waiting.started, waiting.reason) == (None, "CANCELLED by 0")
    assert job_named("long").started
    assert job_named("nowhere").reason == "ExitCode 0:53"
