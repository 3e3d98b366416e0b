"""The demo has 2,000 jobs of all sources, with history, relatives and logs, and says that a formula made them."""

from __future__ import annotations

import time
from collections import Counter
from pathlib import Path
from urllib.parse import parse_qs

import pytest

from app.core.settings import Settings
from app.diary import jobs
from app.diary.demo import JOBS, demo_jobs, make_demo, sources_folder
from app.diary.models import DiaryEvent, DiaryJob, DiaryReview
from app.diary.observations.checks import checked
from app.diary.review.bulk import newest_bulks, undo_problem
from app.diary.review.saved import saved_searches
from app.diary.search.find import count, find
from app.diary.search.selection import JobSelection, selection_of
from app.diary.sources.registry import source_named
from app.diary.sources.runner import scan_source
from app.diary.states import STATES, UNKNOWN, VERDICTS

NOW = 1_700_000_040.0


@pytest.mark.slow
def test_the_jobs_of_the_demo_are_stored_once_with_history_relatives_logs_and_reviews(hub: Settings) -> None:
    assert make_demo(hub) == DiaryJob.select().count() == JOBS
    assert make_demo(hub) == 0
    assert DiaryEvent.select().where(DiaryEvent.field == "state").count() > 2 * JOBS
    child = DiaryJob.select().where(DiaryJob.kind == "extraction").first()
    (parent,) = jobs.parents_of(child)
    assert parent.job is not None
    assert parent.job.ended <= child.submitted + 1
    assert child.id in [each.job.id for each in jobs.children_of(parent.job) if each.job]
    logs = [Path(path) for job in DiaryJob.select(DiaryJob.logs) for path, _ in job.value_of("logs")]
    assert len(set(logs)) > 200
    assert all(path.is_relative_to(hub.data / "demo") and path.read_text().endswith("\n") for path in logs)
    reviewed = Counter(row.verdict for row in DiaryReview.select())
    assert min(reviewed[verdict] for verdict in VERDICTS) > 2
    assert count(JobSelection(state=("failed",), review=("open",)), ()) > 20, "errors to look at"
    assert find(JobSelection(q="tag:memory verdict:other"), (), 1)
    assert [row.changed > 0 and not undo_problem(row, time.time()) for row in newest_bulks(5)] == [True], "there is one to be undone"
    assert all(find(selection_of(parse_qs(row.address)), (), 1) for row in saved_searches("anna"))
    assert len(saved_searches("anna")) == 3
    before = [(job.id, job.state, job.workdir) for job in DiaryJob.select().order_by(DiaryJob.id)]
    settings = hub.replace(diary_sources_dir=str(sources_folder(hub)), diary_lost_s=0.0, diary_lost_cycles=1)
    reports = [scan_source(source_named("simulation", settings), settings) for _ in range(3)]  # each sees all, as a new process does
    assert [(report.found, report.lost, report.quarantined) for report in reports] == [(0, 0, 0)] * 3
    assert reports[0].seen > 3
    assert [(job.id, job.state, job.workdir) for job in DiaryJob.select().order_by(DiaryJob.id)] == before, (
        "its own source sees the same jobs"
    )
    assert max(row.changed for row in DiaryJob.select()) <= time.time()


def test_the_demo_has_jobs_of_each_source_in_each_state_until_now() -> None:
    made = demo_jobs(NOW)
    assert len(made) == len({(job.source, job.last.native_id) for job in made}) == JOBS
    assert {"dqm-clients", "own-jobs", "slurm", "grid-engine", "htcondor", "lsf", "simulation"} == {job.source for job in made}
    assert {job.last.state for job in made} == set(STATES) - {UNKNOWN}
    assert min(Counter(job.source for job in made).values()) >= 100
    for job in made:
        seen = [checked(each) for each in job.observations()]
        assert [each.seen for each in seen] == sorted(each.seen for each in seen)
        assert 0 < job.last.submitted <= (job.last.started or NOW) <= (job.last.ended or NOW) <= NOW
        assert (job.last.facts or {})["made by"] == "a formula, for the demo"


def test_the_jobs_of_the_demo_are_the_same_each_time() -> None:
    assert demo_jobs(NOW) == demo_jobs(NOW)
