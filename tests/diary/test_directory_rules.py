"""Directories by the rules of CAE Job Diary: which entry says which state, and what logs and READMEs say."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from app.core.settings import Settings
from app.diary.errors import BadSourceConfig
from app.diary.jobs import parents_of
from app.diary.models import DiaryJob, DiaryQuarantine
from app.diary.sources.directory.config import read_config
from app.diary.sources.registry import configured_sources, source_kinds
from app.diary.sources.runner import Report, scan_source
from tests.diary.caejobs import EXAMPLE, SUBMITTED, Site, options, readme
from tests.diary.observations import only_job

ID = 1234567
SCRIPT = f"{ID}.dyn-dmp.x99xx123.16.sh"


@pytest.fixture
def scan(hub: Settings, site: Site) -> Callable[[], Report]:
    source = source_kinds()["directory"].make("cae", options(site), hub)
    return lambda: scan_source(source, hub)


@pytest.mark.parametrize(
    ("entries", "state", "job_dir"),
    [
        ([f"{ID}/"], "done", f"work/{ID}"),
        ([f"{ID}.pending/"], "pending", f"work/{ID}.pending"),
        ([SCRIPT], "running", f"scratch/{ID}"),
        ([f"{ID}_renamed/"], "done", f"work/{ID}_renamed"),
        ([f"{ID}.old.name/"], "done", f"work/{ID}.old.name"),
        ([f"{ID}/", SCRIPT, f"{ID}.pending/"], "done", f"work/{ID}"),
        ([SCRIPT, f"{ID}.pending/", f"{ID}_renamed/"], "running", f"scratch/{ID}"),
        ([f"{ID}.pending/", f"{ID}_renamed/"], "pending", f"work/{ID}.pending"),
        ([], "unknown", ""),
        ([f"{ID}.pending"], "unknown", ""),  # no directory
        ([f"{ID}_renamed"], "unknown", ""),
        ([f"{ID}0/"], "unknown", ""),
        ([f"0{ID}/"], "unknown", ""),
        ([f"{ID}5.pending/"], "unknown", ""),
        ([f"{ID}9.dyn-dmp.x99xx123.16.sh"], "unknown", ""),
        ([f"{ID}.DYN-dmp.x99xx123.16.sh"], "unknown", ""),
        ([f"{ID}.dyn-dmp.x99xx123.160.sh"], "unknown", ""),
        ([f"copy_of_{ID}/"], "unknown", ""),
    ],
)
def test_the_state_is_that_of_the_strongest_entry(
    entries: list[str], state: str, job_dir: str, site: Site, scan: Callable[[], Report], tmp_path: Path
) -> None:
    site.submit(ID)
    (site.scratch / str(ID)).mkdir()
    for entry in entries:
        if entry.endswith("/"):
            (site.work / entry).mkdir()
        else:
            (site.work / entry).write_text(f"cd {site.scratch}/{ID}*\n")
    scan()
    job = only_job()
    assert (job.state, job.workdir) == (state, str(tmp_path / job_dir) if job_dir else "")


@pytest.mark.parametrize(
    ("line", "state"),
    [
        ("cd {scratch}/1234567*", "running"),
        ("cd {scratch}/1234567", "running"),
        ("  cd   {scratch}/1234567*  ", "running"),
        ("cd {scratch}/1234567* && x", "running"),
        ("cd {scratch}/1234567\r", "running"),
        ("cd {scratch}/absent*", "unknown"),
        ("#!/bin/sh", "unknown"),
        ("cd", "unknown"),
        ("", "unknown"),
    ],
)
def test_the_directory_of_a_running_job_is_in_the_first_line_of_its_script(
    line: str, state: str, site: Site, scan: Callable[[], Report]
) -> None:
    site.submit(ID)
    (site.scratch / str(ID)).mkdir()
    (site.work / SCRIPT).write_bytes(f"{line.format(scratch=site.scratch)}\ncd /elsewhere\n".encode())
    scan()
    assert only_job().state == state


def test_a_job_has_what_its_submission_log_and_its_readme_say(site: Site, scan: Callable[[], Report]) -> None:
    site.submit(ID)
    site.submit(1234568)
    log = str(site.logs / site.log_name(ID))
    assert scan().found == 2
    job = DiaryJob.get(native_id=str(ID))
    assert (job.name, job.user, job.kind, job.submitted) == ("i_main_deck_name_01.dyn", "doea", "simulation", SUBMITTED)
    assert job.value_of("facts")["sge_o_workdir"] == job.value_of("facts")["folder"] == str(site.work)
    assert job.value_of("facts").keys().isdisjoint({"env_list", "sge_o_path"}), "an environment may have passwords"
    assert job.value_of("logs") == [[log, "submission log"]]
    path = readme(site.finished(ID))
    scan()
    job = DiaryJob.get(native_id=str(ID))
    assert (job.name, job.user, job.submitted) == ("deck.key", "doeb", SUBMITTED), "the key stays"
    assert job.value_of("labels") == {"solver": "dyn"}
    assert job.value_of("logs") == [[log, "submission log"], [str(path), "readme"]]
    facts = job.value_of("facts")
    assert (facts["email"], facts["information"]) == ("Bob.Doe@example.com", "free text with ümläuts\nSub-Date: tomorrow")
    assert [parent.native_id for parent in parents_of(job)] == ["1234568"], "no job is its own parent"


def test_a_submission_without_a_time_has_that_of_its_readme(site: Site, scan: Callable[[], Report]) -> None:
    site.submit(ID, submitted="")
    scan()
    assert only_job().submitted == 0
    readme(site.running(ID))
    scan()
    assert only_job().submitted == 1514884830, "2018-01-02 10:20:30 in Berlin"
    site.finished(ID)
    scan()
    assert (only_job().submitted, only_job().state) == (1514884830, "done")


@pytest.mark.parametrize(
    ("folder", "project"),
    [
        ("a_pcae_b/3001234", "3001234"),
        ("x_prj/q123456v02/sub", "q123456v02"),
        ("x_prj/r123456/y_prj1/3654321/a/b", "3654321"),
        ("prj/3001234", ""),
        ("x_prj/30012345", ""),
        ("x_prj/a/3001234", ""),
    ],
)
def test_the_project_is_in_the_path_of_the_submission(folder: str, project: str, hub: Settings, tmp_path: Path) -> None:
    site = Site(tmp_path, work=folder)
    site.submit(ID)
    scan_source(source_kinds()["directory"].make("cae", options(site), hub), hub)
    assert only_job().project == project


def test_the_example_can_be_used_as_it_is(hub: Settings, tmp_path: Path) -> None:
    folder = tmp_path / "sources"
    folder.mkdir()
    (folder / "cae.toml").write_bytes(EXAMPLE.read_bytes())
    found = configured_sources(hub.replace(diary_sources_dir=str(folder)))
    assert (found.problems, [source.name for source in found.sources]) == ((), ["cae", "dqm-clients", "own-jobs"])


RULE = {"state": "done", "pattern": r"(?P<id>\d+)", "folder": "/jobs"}


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"rules": []}, r"There must be \[\[rules\]\]"),
        ({"rules": "x"}, r"There must be \[\[rules\]\]"),
        ({"rules": [7]}, "rules 1 must be a table"),
        ({"rules": [RULE, {"state": "done"}]}, "rules 2: The option pattern is missing"),
        ({"rules": [RULE | {"state": "over"}]}, "rules 1: The option state must be one of unknown, pending"),
        ({"rules": [RULE | {"pattern": "("}]}, "rules 1: pattern: '\\(' is no regular expression"),
        ({"rules": [RULE | {"pattern": r"\d+"}]}, "has no group .*id"),
        ({"rules": [RULE | {"job_dir": "{dir}"}]}, r"job_dir has \{dir\}; names: entry, folder, id"),
        ({"rules": [RULE | {"folder": "jobs"}]}, "rules 1: The option folder must begin with /"),
        ({"rules": [RULE | {"folder": ""}]}, "each rule must have a folder"),
        ({"submissions": {"folder": "/logs"}}, "none may have one"),
        ({"submissions": {"folder": "logs"}}, "submissions: The option folder must begin with /"),
        ({"submissions": {"folder": "/logs", "pattern": "["}}, "submissions: pattern"),
        ({"submissions": {"folder": "/logs", "encoding": "klingon"}}, "submissions: Unknown encoding 'klingon'"),
        ({"submissions": 7}, "submissions must be a table"),
        ({"readme": {"pattern": "x", "keys": {"lumi": "L:"}}}, "readme.keys: Unknown field lumi; fields: name"),
        ({"readme": {"pattern": "x", "labels": {"lumi": 7}}}, "readme.labels must be a table of texts"),
        ({"readme": {"pattern": "x", "encoding": "base64"}}, "readme: Unknown encoding"),
        ({"readme": {"keys": {}}}, "readme: The option pattern is missing"),
        ({"readme": []}, "readme must be a table"),
        ({"zone": "Europe/Nowhere"}, "Unknown time zone 'Europe/Nowhere'"),
        ({"zone": "../etc"}, "Unknown time zone"),
        ({"zone": "Europe"}, "Unknown time zone"),
        ({"project": "x"}, "project: 'x' has no group .*project"),
        ({"follow_days": 0}, "follow_days must be a number above 0"),
        ({"complete_s": float("nan")}, "complete_s one from 0"),
        ({"colour": "red"}, "Unknown option colour"),
    ],
)
def test_a_configuration_that_cannot_be_used_says_what_is_wrong(change: dict[str, Any], reason: str) -> None:
    read_config({"rules": [RULE]})
    with pytest.raises(BadSourceConfig, match=reason):
        read_config({"rules": [RULE]} | change)


SPOOL = r"""
[[rules]]
state = "done"
folder = "{root}/done"
pattern = 'job_(?P<id>\d+)_(?P<host>\w+)'

[[rules]]
state = "running"
folder = "{root}/running"
pattern = 'job_(?P<id>\d+)_(?P<host>\w+)'

[[rules]]
state = "pending"
folder = "{root}/queue"
pattern = '(?P<id>\d+)\.job'
needs_job_dir = false
"""


def test_folders_for_states_need_no_submission_logs(hub: Settings, tmp_path: Path) -> None:
    for name in ("queue", "running", "done"):
        (tmp_path / name).mkdir()
    source = source_kinds()["directory"].make("spool", tomllib.loads(SPOOL.format(root=tmp_path)), hub)
    (tmp_path / "queue/7.job").write_text("")
    assert scan_source(source, hub)[:3] == (1, 0, 1)
    (tmp_path / "queue/7.job").rename(tmp_path / "running/job_7_fu1")
    (tmp_path / "running/job_7_fu1").unlink()
    (tmp_path / "running/job_7_fu1").mkdir()
    scan_source(source, hub)
    job = only_job()
    assert (job.state, job.workdir, job.value_of("labels")) == ("running", str(tmp_path / "running/job_7_fu1"), {"host": "fu1"})
    (tmp_path / "running/job_7_fu1").rename(tmp_path / "done/job_7_fu2")
    scan_source(source, hub)
    assert (only_job().state, only_job().value_of("labels")) == ("done", {"host": "fu2"})
    assert not DiaryQuarantine.select().exists()


def test_a_trace_that_is_no_directory_is_told_with_the_options_that_it_needs(hub: Settings, tmp_path: Path) -> None:
    for name in ("queue", "running", "done"):
        (tmp_path / name).mkdir()
    (tmp_path / "running/job_7_fu1").write_text("")
    os.mkfifo(tmp_path / "done/job_8_fu1")
    (tmp_path / "queue/9.job").write_text("")
    source = source_kinds()["directory"].make("spool", tomllib.loads(SPOOL.format(root=tmp_path)), hub)
    assert [scan_source(source, hub).quarantined for _ in range(2)] == [2, 0]
    assert {(job.native_id, job.state) for job in DiaryJob.select()} == {("7", "unknown"), ("8", "unknown"), ("9", "pending")}
    for record in DiaryQuarantine.select():
        assert all(words in record.reason for words in ("Not a directory", "needs_job_dir = false", "only_directories = true"))


def test_a_directory_of_a_job_that_is_a_link_shows_no_files_of_others(hub: Settings, site: Site, tmp_path: Path) -> None:
    (tmp_path / "private").mkdir()
    readme(tmp_path / "private")
    site.submit(1234567)
    (site.work / "1234567").symlink_to(tmp_path / "private")
    scan_source(source_kinds()["directory"].make("cae", options(site), hub), hub)
    job = only_job()
    assert (job.state, job.user, [kind for _, kind in job.value_of("logs")]) == ("done", "doea", ["submission log"])
    assert "symbolic link" in DiaryQuarantine.get().reason
