"""`dqmhub diary`."""

from __future__ import annotations

import json
from pathlib import Path

from app.core.settings import Settings
from app.diary import jobs
from app.diary.models import DiaryJob
from app.diary.observations.quarantine import quarantine
from app.diary.observations.store import store
from app.queue.store import enqueue
from app.trends.scan import EXTRACT
from tests.diary.observations import NOW, seen
from tests.support.cli import dqmhub


def test_a_scan_prints_what_was_found_changed_and_quarantined(hub: Settings) -> None:
    enqueue(EXTRACT, "367123/a/b/c")
    done = dqmhub(hub, "diary", "scan", "own-jobs")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("own-jobs: 1 observations in ")
    assert done.stdout.endswith(" s: 1 found, 0 changed, 0 lost, 0 records quarantined\n")
    again = json.loads(dqmhub(hub, "diary", "scan", "own-jobs", "--json").stdout)
    assert (again["found"], again["changed"], again["lost"], again["quarantined"]) == (0, 0, 0, 0)


def test_a_source_that_there_is_not_or_is_configured_wrongly_is_an_error_of_one_line(hub: Settings, tmp_path: Path) -> None:
    (tmp_path / "night.toml").write_text('kind = "no such kind"\n')
    hub = hub.replace(diary_sources_dir=str(tmp_path))
    for name, reason in (("slurm", "There is no source slurm"), ("night", "night.toml: kind must be one of")):
        done = dqmhub(hub, "diary", "scan", name)
        assert done.returncode == 1
        assert reason in done.stderr
        assert done.stderr.count("\n") == 1


def test_jobs_are_listed_newest_first_for_people_and_as_json(hub: Settings) -> None:
    store("s", [seen(NOW, "failed", native_id="7", name="old", reason="two\nlines"), seen(NOW, native_id="8", submitted=NOW - 10)], NOW)
    jobs.pin_state(DiaryJob.get(DiaryJob.native_id == "7").id, "done", "anna")
    lines = dqmhub(hub, "diary", "ls").stdout.splitlines()
    assert [line.split()[1] for line in lines] == ["running", "done*"]
    assert lines[1].endswith("s - old  two lines")
    assert "2023-11-14 21:56:40Z" in lines[1]
    found = [json.loads(line) for line in dqmhub(hub, "diary", "ls", "--json").stdout.splitlines()]
    assert [(job["native_id"], job["state"], job["machine_state"], job["pinned_by"]) for job in found] == [
        ("8", "running", "running", ""),
        ("7", "done", "failed", "anna"),
    ]
    assert len(dqmhub(hub, "diary", "ls", "--limit", "1").stdout.splitlines()) == 1


def test_a_search_lists_what_the_page_lists_and_a_wrong_one_is_an_error_that_says_what_would_be_right(hub: Settings) -> None:
    given = [("1", "failed", "anna", "pixel one"), ("2", "done", "anna", "pixel two"), ("3", "failed", "bob", "strip")]
    store("slurm", [seen(NOW, state, native_id=number, user=user, name=name) for number, state, user, name in given], NOW)

    def found(*arguments: str) -> list[str]:
        lines = dqmhub(hub, "diary", "ls", "--json", *arguments).stdout.splitlines()
        return sorted(json.loads(line)["native_id"] for line in lines)

    assert found("pixel", "state:failed") == ["1"]
    assert found("--user", "anna", "--state", "done", "--state", "failed", "--", "-two") == ["1"]
    assert dqmhub(hub, "diary", "ls", "pix", "--count").stdout == "2\n"
    for wrong, right in ((["state:fialed"], "state is one of unknown, pending"), (["--order", "size"], "order is one of newest")):
        done = dqmhub(hub, "diary", "ls", *wrong)
        assert done.returncode == 2
        assert right in done.stderr


def test_records_that_cannot_be_used_are_listed_with_their_reason(hub: Settings) -> None:
    for at in (NOW, NOW + 60):
        quarantine("slurm", [("torn|li\nne", "5 fields, not 9")], at, 10)
    quarantine("lsf", [("x", "No id")], NOW, 10)
    lines = dqmhub(hub, "diary", "quarantined").stdout.splitlines()
    assert lines == ["2023-11-14 22:14:20Z  slurm  2 times: 5 fields, not 9: torn|li ne", "2023-11-14 22:13:20Z  lsf  1 times: No id: x"]
    (found,) = [json.loads(line) for line in dqmhub(hub, "diary", "quarantined", "--source", "slurm", "--json").stdout.splitlines()]
    assert found == {"source": "slurm", "text": "torn|li\nne", "reason": "5 fields, not 9", "first": NOW, "at": NOW + 60, "count": 2}


def test_a_source_that_there_is_not_is_named_and_no_empty_list(hub: Settings) -> None:
    store("slurm", [seen(NOW)], NOW)
    for arguments in (("quarantined",), ("ls",), ("ls", "--count")):
        done = dqmhub(hub, "diary", *arguments, "--source", "slrum")
        assert (done.returncode, done.stdout) == (2, "")
        assert "There is no source slrum; sources: dqm-clients, own-jobs, slurm" in done.stderr
        assert dqmhub(hub, "diary", *arguments, "--source", "slurm").returncode == 0


def test_the_check_of_the_configuration_names_sources_that_cannot_be_used(hub: Settings, tmp_path: Path) -> None:
    done = dqmhub(hub.replace(diary_sources_dir=str(tmp_path / "absent")), "config", "check")
    assert done.returncode == 0
    assert f"warning: source of jobs diary_sources_dir: {tmp_path / 'absent'} cannot be read: No such file or directory" in done.stderr
