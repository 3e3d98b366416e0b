"""The faults of CAE Job Diary that concern how jobs are found; each test has the name of one."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

from app.core.settings import Settings
from app.diary.models import DiaryJob
from app.diary.sources.registry import source_kinds
from app.diary.sources.runner import Report, scan_source, scanning_task, source_state
from app.diary.sources.source import JobSource
from tests.diary.audit import audited
from tests.diary.caejobs import README, Site, options, readme
from tests.diary.observations import changes, only_job

ID = 1234567
NOBODY = 65534


def test_a_job_that_is_out_of_sight_has_its_state_again_when_it_reappears(site: Site, scan: Callable[[], Report]) -> None:
    site.submit(ID)
    path = site.pending(ID)
    assert scan().found == 1
    shutil.rmtree(path)
    scan()
    assert only_job().state == "pending", "a moment is no loss"
    assert scan().lost == 1
    assert only_job().state == "lost"
    site.finished(ID)
    scan()
    assert changes(only_job()) == [("", "pending"), ("pending", "lost"), ("lost", "done")]


def test_a_job_that_was_lost_and_reappears_as_it_was_is_not_lost(site: Site, scan: Callable[[], Report]) -> None:
    site.submit(ID)
    path = site.running(ID)
    scan()
    away = path.rename(site.scratch / "away")
    scan()
    scan()
    assert only_job().state == "lost"
    away.rename(path)
    scan()
    assert only_job().state == "running"


def test_a_folder_of_submissions_that_vanishes_and_reappears_brings_its_jobs_back(site: Site, scan: Callable[[], Report]) -> None:
    site.submit(ID)
    site.pending(ID)
    scan()
    away = site.work.rename(site.work.with_name("away"))
    scan()
    scan()
    assert only_job().state == "lost"
    away.rename(site.work)
    scan()
    assert only_job().state == "pending"


def test_a_job_whose_readme_and_directory_come_late_is_completed(site: Site, scan: Callable[[], Report]) -> None:
    site.submit(ID)
    scan()
    assert (only_job().state, only_job().name) == ("unknown", "i_main_deck_name_01.dyn"), "it is there at first sight"
    path = site.pending(ID)
    scan()
    assert only_job().state == "pending"
    readme(path)
    scan()
    assert (only_job().name, only_job().user) == ("deck.key", "doeb")


def test_a_readme_that_comes_after_the_end_of_its_job_is_read(site: Site, scan: Callable[[], Report]) -> None:
    site.submit(ID)
    path = site.finished(ID)
    scan()
    scan()
    readme(path)
    scan()
    assert (only_job().state, only_job().name) == ("done", "deck.key")


def test_a_readme_that_is_written_while_it_is_read_is_read_again(site: Site, scan: Callable[[], Report]) -> None:
    site.submit(ID)
    path = readme(site.finished(ID), README[: README.index("FILE:")])
    scan()
    assert only_job().name == "i_main_deck_name_01.dyn"
    with path.open("a") as file:
        file.write("FILE: whole.key\n")
    scan()
    assert only_job().name == "whole.key"


def test_a_job_has_not_the_directory_of_a_job_whose_id_begins_with_its_own(site: Site, scan: Callable[[], Report]) -> None:
    site.submit(123)
    site.submit(ID)
    site.finished(ID)
    (site.work / f"{ID}.pending").mkdir()
    scan()
    assert {job.native_id: job.state for job in DiaryJob.select()} == {"123": "unknown", str(ID): "done"}


def test_a_job_that_was_restarted_elsewhere_has_its_new_directory(site: Site, scan: Callable[[], Report]) -> None:
    site.submit(ID)
    site.running(ID)
    scan()
    new = site.running(ID, scratch="other")
    scan()
    assert (only_job().state, only_job().workdir) == ("running", str(new))


def test_the_moved_directory_of_a_job_that_has_ended_is_followed(site: Site, scan: Callable[[], Report]) -> None:
    site.submit(ID)
    path = site.finished(ID)
    readme(path)
    scan()
    new = path.rename(site.work / f"{ID}_good_one")
    scan()
    assert (only_job().state, only_job().workdir) == ("done", str(new))
    assert [kept for kept, kind in only_job().value_of("logs") if kind == "readme"] == [str(new / "README.deck.README")]


def test_a_folder_of_logs_that_is_absent_is_a_failure_that_is_seen_and_ends_by_itself(hub: Settings, site: Site, source: JobSource) -> None:
    site.submit(ID)
    site.pending(ID)
    scan_source(source, hub)
    away = site.logs.rename(site.logs.with_name("away"))
    with scanning_task(source, hub, None) as step:
        step()
    assert (source_state("cae").failures, "No such file" in source_state("cae").error) == (1, True)
    assert only_job().state == "pending"
    away.rename(site.logs)
    site.submit(ID + 1)
    assert scan_source(source, hub).found == 1
    assert source_state("cae").failures == 0


def test_a_path_with_a_colon_is_whole(hub: Settings, tmp_path: Path) -> None:
    site = Site(tmp_path, work="a/b:c/d: e")
    site.submit(ID)
    readme(site.running(ID), README + "FILE: x:y.key\n")
    scan_source(source_kinds()["directory"].make("cae", options(site), hub), hub)
    assert (only_job().value_of("facts")["folder"], only_job().state, only_job().name) == (str(site.work), "running", "x:y.key")


def test_jobs_that_are_lost_make_no_scan_wait(site: Site, source: JobSource, scan: Callable[[], Report]) -> None:
    for native_id in range(ID, ID + 100):
        site.submit(native_id)
    scan()
    with audited() as events:
        scan()
    names = [name for name, _ in events]
    assert names.count("os.scandir") <= 1, "the original listed it three times for each, with a pause between"
    assert "time.sleep" not in names
