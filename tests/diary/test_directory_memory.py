"""What a directory source remembers: from scan to scan, in a new process, and of jobs that the diary has removed."""

from __future__ import annotations

import json
import os
import time
import tomllib
import tracemalloc
from pathlib import Path

import pytest
from peewee import chunked

from app.core.settings import Settings
from app.diary.models import DiaryEvent, DiaryJob, DiaryQuarantine
from app.diary.retention import remove_old
from app.diary.sources.directory import memory
from app.diary.sources.directory.config import read_config
from app.diary.sources.directory.texts import read_submission_log, unix_time
from app.diary.sources.registry import source_kinds
from app.diary.sources.runner import scan_source
from app.diary.sources.source import JobSource
from tests.diary.audit import audited
from tests.diary.caejobs import EXAMPLE, Site, options, readme
from tests.diary.observations import only_job
from tests.diary.test_directory_rules import SPOOL

ID = 1234567
DAY_S = 86400


def make(site: Site, hub: Settings, **more: object) -> JobSource:
    """The source as a process makes it when it starts."""
    return source_kinds()["directory"].make("cae", options(site, **more), hub)


@pytest.mark.both_databases
def test_a_new_process_goes_on_with_the_jobs_that_are_stored(hub: Settings, site: Site) -> None:
    for native_id in (ID, ID + 1):
        site.submit(native_id)
        readme(site.running(native_id))
    scan_source(make(site, hub), hub)
    site.finished(ID)
    site.submit(ID + 2)
    with audited() as events:
        report = scan_source(make(site, hub), hub)
    assert (report.found, report.changed) == (1, 1)
    assert [path for name, path in events if name == "open" and path.startswith(str(site.logs))] == [str(site.logs / site.log_name(ID + 2))]
    assert {job.native_id: job.state for job in DiaryJob.select()} == {str(ID): "done", str(ID + 1): "running", str(ID + 2): "unknown"}


@pytest.mark.both_databases
def test_a_new_process_knows_all_jobs_however_many_pieces_they_are_read_in(
    hub: Settings, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(memory, "READ_AT_ONCE", 3)
    monkeypatch.setattr(memory, "FACTS_AT_ONCE", 2)
    for number in range(10):
        site.submit(ID + number)
    assert scan_source(make(site, hub), hub).found == 10
    for number in range(10):
        again = site.submit(ID + number, submitted="Fri Nov 28 16:26:25 2025")
        again.rename(site.logs / f"2025-11-28__16:26:25-{ID + number}.log")
        site.submit(ID + number)
        site.running(ID + number)
    assert scan_source(make(site, hub), hub).found == 10
    for number in range(10):
        site.finished(ID + number)
    with audited() as events:
        assert scan_source(make(site, hub), hub).found == 0
    assert not [path for name, path in events if name == "open" and path.startswith(str(site.logs))]
    states = [job.state for job in DiaryJob.select().order_by(DiaryJob.submitted)]
    assert states[10:] == ["done"] * 10, "the latest of an id has the traces"


def test_the_start_of_a_process_takes_no_memory_for_the_facts_of_stored_jobs(hub: Settings, site: Site) -> None:
    now, facts = time.time(), json.dumps({"folder": str(site.work), "information": "y" * 50_000})
    fixed = {"source": "cae", "seen": now, "met": now, "cycle": 0, "found": now, "changed": 0.0, "placed": now, "facts": facts}
    table = [fixed | {"native_id": str(number), "submitted": 1, "state": "done", "machine_state": "done"} for number in range(1000)]
    for some in chunked(table, 100):
        DiaryJob.insert_many(some).execute()
    source = make(site, hub)
    tracemalloc.start()
    source.scan({})
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < len(facts) * 200, "the facts of 1,000 jobs are five times as much"


def test_jobs_whose_observations_could_not_be_stored_are_made_again(hub: Settings, site: Site) -> None:
    source = make(site, hub)
    site.submit(ID)
    site.running(ID)
    source.scan({})  # of which nothing is stored
    assert scan_source(source, hub).found == 1
    site.finished(ID)
    cursor = dict(source.scan({}).cursor)
    assert cursor
    scan_source(source, hub)
    assert only_job().state == "done"


def test_two_processes_that_scan_one_source_store_each_change_once(hub: Settings, site: Site) -> None:
    first, second = make(site, hub), make(site, hub)
    for number in range(6):
        site.submit(ID + number)
        site.running(ID + number)
        scan_source((first, second)[number % 2], hub)
        site.finished(ID + number)
        scan_source((second, first)[number % 2], hub)
    assert DiaryJob.select().where(DiaryJob.state == "done").count() == 6
    assert DiaryEvent.select().where(DiaryEvent.field == "state").count() == 12


def test_a_log_that_is_copied_under_another_name_changes_no_job(hub: Settings, site: Site) -> None:
    source, path = make(site, hub), site.submit(ID)
    ended = site.finished(ID)
    scan_source(source, hub)
    ended.rmdir()
    path.with_name("2011-01-01__00:00:00-1.log").write_bytes(path.read_bytes())
    for process in (source, make(site, hub)):
        assert scan_source(process, hub).found == 0
    assert only_job().state == "done"


def test_an_id_that_comes_again_in_the_same_folder_is_another_job(hub: Settings, site: Site) -> None:
    source = make(site, hub)
    site.submit(ID)
    old = site.finished(ID)
    scan_source(source, hub)
    site.submit(ID, submitted="Fri Nov 28 16:26:25 2025").rename(site.logs / "2025-11-28__16:26:25-1234567.log")
    old.rename(site.scratch / "archive")
    site.pending(ID)
    scan_source(source, hub)
    assert [job.state for job in DiaryJob.select().order_by(DiaryJob.submitted)] == ["done", "pending"]


@pytest.mark.parametrize("new_name", ["2009-11-28__16:26:25-1234567.log", "2025-11-28__16:26:25-1234567.log"])
def test_two_jobs_with_one_id_whose_logs_come_at_once_are_both_in_the_diary(hub: Settings, site: Site, new_name: str) -> None:
    site.submit(ID, submitted="Fri Nov 28 16:26:25 2025").rename(site.logs / new_name)
    site.submit(ID)
    site.pending(ID)
    assert scan_source(make(site, hub), hub).found == 2
    assert [job.state for job in DiaryJob.select().order_by(DiaryJob.submitted)] == ["unknown", "pending"]


def test_names_that_are_no_utf_8_are_jobs_like_others(hub: Settings, tmp_path: Path) -> None:
    folder = os.fsencode(tmp_path) + b"/w\xf6rk"
    site = Site(tmp_path)
    os.mkdir(folder)
    os.mkdir(folder + b"/7.pending")
    log = b"job_number: 7\nsge_o_workdir: " + folder + b"\n"
    name = os.fsencode(site.logs) + b"/2010-07-01__12:34:56-7.log"
    with open(name, "wb") as file:
        file.write(log)
    other = os.fsencode(site.logs) + b"/\xff.log"
    with open(other, "wb") as file:
        file.write(log.replace(b"r: 7", b"r: 8"))
    table = options(site)
    table["submissions"] |= {"pattern": r"[^x]+\.log"}
    for process in range(3):
        source = source_kinds()["directory"].make("cae", table, hub)
        scan_source(source, hub)
        scan_source(source, hub)
        assert {job.native_id: job.state for job in DiaryJob.select()} == {"7": "pending", "8": "unknown"}, process


def test_jobs_that_the_diary_has_removed_do_not_come_again(hub: Settings, site: Site) -> None:
    settings, source = hub.replace(diary_keep_days=10), make(site, hub)
    path = site.submit(ID)
    site.finished(ID)
    scan_source(source, hub)
    old = time.time() - 20 * DAY_S
    os.utime(path, (old, old))
    DiaryJob.update(met=old).execute()
    assert remove_old(10) == 1
    assert scan_source(make(site, settings), settings).found == 0
    assert scan_source(make(site, hub), hub).found == 1, "unless all jobs are kept"


def test_a_job_that_the_diary_has_removed_does_not_come_again_when_its_directory_is_moved(hub: Settings, site: Site) -> None:
    settings = hub.replace(diary_keep_days=10)
    old = time.time() - 20 * DAY_S
    os.utime(site.submit(ID), (old, old))
    path = site.finished(ID)
    scan_source(make(site, hub), hub)
    DiaryJob.update(met=old, seen=old, changed=old).execute()
    source = make(site, settings)
    scan_source(source, settings)
    assert remove_old(10) == 1
    path.rename(site.work / f"{ID}_archive")
    assert scan_source(source, settings).found == 0


def test_traces_of_jobs_that_the_diary_has_removed_make_no_new_ones(hub: Settings, tmp_path: Path) -> None:
    settings = hub.replace(diary_keep_days=10)
    old = time.time() - 20 * DAY_S
    for name in ("queue", "running", "done"):
        (tmp_path / name).mkdir()
    for path in (tmp_path / "done/job_1_fu1", tmp_path / "done/job_2_fu1", tmp_path / "running/job_3_fu1"):
        path.mkdir()
        if "2" not in path.name:
            os.utime(path, (old, old))
    scan_source(source_kinds()["directory"].make("spool", tomllib.loads(SPOOL.format(root=tmp_path)), settings), settings)
    assert sorted(job.native_id for job in DiaryJob.select()) == ["2", "3"], "what runs is no old job, however long it does"


def test_the_logs_in_the_directory_of_a_job_are_found_as_they_come(hub: Settings, site: Site) -> None:
    source = make(site, hub, logs=r".*\.(out|err)")
    log = site.submit(ID)
    path = site.running(ID)
    file = readme(path)
    (path / "mesh.bin").write_text("")
    scan_source(source, hub)
    (path / "job.out").write_text("")
    scan_source(source, hub)
    first = [[str(log), "submission log"], [str(file), "readme"]]
    assert only_job().value_of("logs") == [*first, [str(path / "job.out"), "log"]]
    new = path.rename(site.work / str(ID))
    scan_source(source, hub)
    kept = [[str(log), "submission log"], [str(new / file.name), "readme"], [str(new / "job.out"), "log"]]
    assert only_job().value_of("logs") == kept
    assert not DiaryQuarantine.select().exists()


def test_what_a_real_grid_engine_prints_of_a_job_is_read(fixtures_dir: Path) -> None:
    path = fixtures_dir / "batch/sge-8.1.9-output.txt"
    if not path.exists():
        pytest.skip(f"{path} is absent")
    text = path.read_text()
    block = text[text.index("=" * 62) : text.index("owner        tester")]
    table = tomllib.loads(EXAMPLE.read_text()) | {"zone": "UTC"}
    table["submissions"] |= {"workdir": "sge_o_home"}  # the recorded text ends before sge_o_workdir
    del table["kind"]
    config = read_config(table)
    assert config.submissions
    log = read_submission_log(block, config.submissions, config.zone)
    assert log
    assert (log.native_id, log.folder, log.user, log.submitted) == ("3", "/home/tester", "tester", 1795883185)
    assert (log.facts["exec_file"], log.facts["uid"]) == ("job_scripts/3", "1000")


@pytest.mark.parametrize(
    ("text", "form", "at"),
    [
        ("Sun Mar 29 01:59:59 2026", "%a %b %d %H:%M:%S %Y", 1774745999),
        ("Sun Mar 29 03:00:00 2026", "%a %b %d %H:%M:%S %Y", 1774746000),
        ("2026-03-29T03:00:00+0200", "%Y-%m-%dT%H:%M:%S%z", 1774746000),
        ("2026-03-29T03:00:00", "%a %b %d %H:%M:%S %Y", None),
        ("9999-12-31T23:59:59", "%Y-%m-%dT%H:%M:%S", None),
        ("1969-12-31T23:59:59", "%Y-%m-%dT%H:%M:%S", None),
        ("", "%a %b %d %H:%M:%S %Y", None),
    ],
)
def test_times_without_a_zone_are_those_of_the_configuration(text: str, form: str, at: int | None) -> None:
    config = read_config({"rules": [{"state": "done", "pattern": "(?P<id>.)", "folder": "/"}], "zone": "Europe/Berlin"})
    assert unix_time(text, form, config.zone) == at
