"""The checks of the mode, what it reports, and what its journal keeps."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from app.transfers.reports.checks import read_report
from services.transfer.fu import sending
from services.transfer.fu.mode import place_problems, start_problems
from services.transfer.fu.sent import KEEP_DAYS, KIND, SentFiles
from services.transfer.journal import Journal
from tests.support.processes import until
from tests.transfer.fu.filter_unit import HOST, RUN, FilterUnit, write


def problems(unit: FilterUnit, **changes: Any) -> list[str]:
    options = replace(unit.options, fu=replace(unit.options.fu, **changes))
    return [*start_problems(options), *place_problems(options)]


def test_problems_of_places_are_named_by_the_option(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    unit = FilterUnit(tmp_path)
    assert problems(unit) == []
    assert problems(unit, folder="/absent") == ["fu.folder = '/absent': there is no such folder"]
    assert problems(unit, target="/absent") == ["fu.target = '/absent': there is no such folder"]
    assert problems(unit, target="bu:/fff", ssh=("/absent/ssh",)) == ["fu.ssh = '/absent/ssh': there is no such program"]
    monkeypatch.setenv("PATH", str(tmp_path))
    assert problems(unit, target="bu:/fff", ssh=("/bin/sh",)) == ["fu.target = 'rsync': there is no such program"]


def test_a_hub_accepts_all_that_is_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sending, "REPORT_WAIT_S", 0.0)
    unit = FilterUnit(tmp_path)
    (unit.target / f"run{RUN + 1:06}").write_text("this is no folder")
    unit.write_snapshot(b"1")
    unit.write_snapshot(b"2", reported=-1, tag="Ecal")
    unit.write_snapshot(b"fails", run=RUN + 1)
    write(unit.upload / "pb" / f"run{RUN:06}" / f"run{RUN:06}_ls0003_DQMLive.pb", b"of an older client without a tag", ".open")
    with unit.serving() as serving:
        until(lambda: sum(record["sent"] > 0 for record in serving.records()) == 3, "three sent files")
        until(lambda: any(record["error"] and not record["sent"] for record in serving.records()), "a failure")
        document = {"host": HOST, "mode": "fu", "version": 1, "now": time.time(), "dropped": 0}
        report = read_report(document | {"state": serving.service.state(), "records": serving.records()})
    assert report.refused == ()
    assert report.state is not None
    assert {record.values["client"] for record in report.records} == {"SiStrip", "Ecal", "untagged"}


def test_the_journal_forgets_a_run_when_it_is_old_and_its_files_are_gone(tmp_path: Path) -> None:
    unit = FilterUnit(tmp_path)
    paths = [unit.write_snapshot(b"1", run=run) for run in (RUN, RUN + 1, RUN + 2)]
    with unit.serving() as serving:
        until(lambda: len(serving.records()) == 3, "all files")
    journal = Journal(Path(unit.options.state) / "fu.sqlite")
    for run in (RUN, RUN + 1):
        ((name, document),) = journal.of_run(KIND, run).items()
        journal.put(KIND, run, name, document | {"sent": time.time() - (KEEP_DAYS + 1) * 86400})
    paths[0].unlink()
    paths[2].unlink()
    SentFiles(journal).forget_old()
    assert journal.runs(KIND) == [0, RUN + 1, RUN + 2]


def test_a_file_with_a_document_of_another_form_is_sent_again(tmp_path: Path) -> None:
    unit = FilterUnit(tmp_path)
    unit.write_snapshot(b"1")
    journal = Journal(Path(unit.options.state) / "fu.sqlite")
    for document in ({}, {"state": [1], "path": "x"}, {"state": None}, {"state": [1, 2, 3, 4.0], "path": "x", "lumi": 0, "new": 1}):
        journal.put(KIND, RUN, f"run{RUN:06}_SiStrip_DQMLive__{HOST}.pb", document)
        with unit.serving() as serving:
            serving.wait_for(SiStrip=b"1")
        (unit.target / f"run{RUN:06}" / f"run{RUN:06}_SiStrip_DQMLive__{HOST}.pb").unlink()
