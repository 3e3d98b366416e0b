"""Ids that come again in folders without submission logs: the README says of which job they are."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest

from app.core.settings import Settings
from app.diary.models import DiaryJob
from app.diary.review.review import ReviewChange
from app.diary.review.reviews import review_of, save_review
from app.diary.sources.directory import scan
from app.diary.sources.registry import source_kinds
from app.diary.sources.runner import scan_source
from app.diary.sources.source import JobSource
from tests.diary.observations import changes, only_job
from tests.diary.test_directory_rules import SPOOL

OLD, NEW = 1704067200, 1748736000
"""2024-01-01 and 2025-06-01."""


@pytest.fixture
def source(hub: Settings, tmp_path: Path) -> JobSource:
    for name in ("queue", "running", "done"):
        (tmp_path / name).mkdir()
    return make(hub, tmp_path)


def make(hub: Settings, root: Path) -> JobSource:
    """The source as a process makes it when it starts."""
    readme: dict[str, Any] = {"pattern": "README", "keys": {"submitted": "Date: ", "name": "Name: "}}
    table = tomllib.loads(SPOOL.format(root=root)) | {"complete_s": 0, "readme": readme}
    return source_kinds()["directory"].make("spool", table, hub)


def describe(folder: Path, date: str, name: str) -> Path:
    """A directory of a job, with its README."""
    folder.mkdir(exist_ok=True)
    (folder / "README").write_text(f"Date: {date} 00:00:00\nName: {name}\n")
    return folder


def found() -> list[tuple[int, str, str]]:
    return [(job.submitted, job.name, job.state) for job in DiaryJob.select().order_by(DiaryJob.submitted)]


@pytest.mark.parametrize("is_new_process", [False, True])
def test_an_id_that_comes_again_is_another_job_by_its_readme(
    is_new_process: bool, hub: Settings, tmp_path: Path, source: JobSource
) -> None:
    old = describe(tmp_path / "done/job_7_fu1", "2024-01-01", "old")
    scan_source(source, hub)
    number = only_job().id
    save_review(number, ReviewChange(verdict="ok", review="done"), 0, "anna")
    old.rename(tmp_path / "archive")
    new = describe(tmp_path / "running/job_7_fu2", "2025-06-01", "new")
    source = make(hub, tmp_path) if is_new_process else source
    scan_source(source, hub)
    assert found() == [(OLD, "old", "done"), (NEW, "new", "running")]
    new.rename(tmp_path / "done/job_7_fu2")
    scan_source(source, hub)
    scan_source(make(hub, tmp_path), hub)
    assert found() == [(OLD, "old", "done"), (NEW, "new", "done")]
    latest = DiaryJob.get(DiaryJob.submitted == NEW)
    assert (latest.value_of("labels"), latest.value_of("logs")) == (
        {"host": "fu2"},
        [[str(tmp_path / "done/job_7_fu2/README"), "readme"]],
    )
    assert (review_of(number).verdict, review_of(latest.id).verdict) == ("ok", "none")


def test_an_id_that_comes_again_with_a_late_readme_does_not_change_the_job_that_had_ended(
    hub: Settings, tmp_path: Path, source: JobSource
) -> None:
    old = describe(tmp_path / "done/job_7_fu1", "2024-01-01", "old")
    scan_source(source, hub)
    old.rename(tmp_path / "archive")
    (tmp_path / "running/job_7_fu2").mkdir()
    scan_source(source, hub)
    scan_source(source, hub)
    assert found() == [(OLD, "old", "done")]
    describe(tmp_path / "running/job_7_fu2", "2025-06-01", "new")
    scan_source(source, hub)
    assert found() == [(OLD, "old", "done"), (NEW, "new", "running")]
    assert changes(DiaryJob.get(DiaryJob.submitted == OLD)) == [("", "done")]


def test_a_job_that_is_started_again_without_a_readme_runs_after_a_while(
    hub: Settings, tmp_path: Path, source: JobSource, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = describe(tmp_path / "done/job_7_fu1", "2024-01-01", "old")
    scan_source(source, hub)
    old.rename(tmp_path / "archive")
    (tmp_path / "running/job_7_fu2").mkdir()
    scan_source(source, hub)
    assert found() == [(OLD, "old", "done")]
    monkeypatch.setattr(scan, "README_S", 0.0)
    scan_source(source, hub)
    assert found() == [(OLD, "old", "running")]


def test_a_directory_that_is_moved_with_its_readme_is_that_of_the_same_job(hub: Settings, tmp_path: Path, source: JobSource) -> None:
    path = describe(tmp_path / "running/job_7_fu1", "2024-01-01", "old")
    scan_source(source, hub)
    path = path.rename(tmp_path / "done/job_7_fu1")
    scan_source(source, hub)
    path.rename(tmp_path / "done/job_7_fu3")
    scan_source(source, hub)
    assert found() == [(OLD, "old", "done")]
    assert only_job().workdir == str(tmp_path / "done/job_7_fu3")
