"""`dqmhub register --list`: registers the lumisections in the output of dasgoclient; bad rows are reported and skipped."""

from __future__ import annotations

import json
import subprocess
from typing import Any

import pytest

from app.core.settings import Settings
from app.gui.files import daslist
from app.gui.files.daslist import BadRow, DasRow
from app.gui.models import File, Sample
from tests.support.cli import dqmhub

LFN = "/store/data/Run2018C/ZeroBias/DQMIO/12Nov2019_UL2018-v2/110000/E9FB467E-F8DF-4544-869F-F98E462FDF97.root"
DATASET = "/ZeroBias/Run2018C-12Nov2019_UL2018-v2/DQMIO"
REDIRECTOR = "root://cms-xrd-global.cern.ch/"
ROOTS = ("root://cms-xrd-global.cern.ch//store",)
SETTINGS = Settings(file_roots=ROOTS)


def record(run: Any = 319337, lumi: Any = (1, 2, 3), file: Any = LFN) -> dict[str, Any]:
    """A record as `dasgoclient -json` prints it."""
    return {"das": {"system": "dbs3"}, "file": [{"name": file}], "lumi": [{"number": lumi}], "qhash": "x", "run": [{"run_number": run}]}


@pytest.mark.parametrize(
    ("text", "lumis"),
    [
        (f"{LFN} 319337 [3,1,2]\n", [1, 2, 3]),
        (f"  {LFN}\t[319337]  [1, 2]", [1, 2]),
        (f"{LFN} 319337 7\r\n", [7]),
        (f"{LFN} 319337 [[1,3],[5,5]]", [1, 2, 3, 5]),
    ],
)
def test_rows_of_text(text: str, lumis: list[int]) -> None:
    assert list(daslist.parse_rows(text)) == [DasRow(1, LFN, 319337, lumis)]


@pytest.mark.parametrize(
    ("run", "lumi", "lumis"), [(319337, [1, 2, 3], [1, 2, 3]), ([319337], 4, [4]), (319337, [[1, 3], [7, 7]], [1, 2, 3, 7])]
)
def test_rows_of_json(run: Any, lumi: Any, lumis: list[int]) -> None:
    records = [record(run, lumi), record(run, lumi)]
    for document in (records, {"status": "ok", "data": records}):
        assert list(daslist.parse_rows(json.dumps(document))) == [DasRow(number, LFN, 319337, lumis) for number in (1, 2)]


@pytest.mark.parametrize(
    "row",
    [
        "",
        LFN,
        f"{LFN} 319337",
        f"{LFN} 319337 []",
        f"{LFN} 319337 [1,]",
        f"{LFN} 319337 [1",
        f"{LFN} 319337 null",
        f"{LFN} x [1]",
        f"{LFN} 319337 [1,-2]",
        f"{LFN} 9999999999 [1]",
        f"{LFN} 319337 [[1,2,3]]",
        f"{LFN} 319337 [[5,1]]",
        f"{LFN} 319337 [[1,2000000000]]",
        f"{LFN} 319337 [1] 17",
        f"{LFN} 319337 {'[' * 100_000}{']' * 100_000}",
        "<html>",
    ],
)
def test_a_bad_row_of_text_is_named_by_its_line(row: str) -> None:
    found = list(daslist.parse_rows(f"{LFN} 1 [1]\n{row}\n{LFN} 2 [2]\n"))
    assert [item.number for item in found if isinstance(item, DasRow)] == [1, 3]
    assert [item.number for item in found if isinstance(item, BadRow)] == ([2] if row else [])


@pytest.mark.parametrize(
    "bad",
    [
        {},
        None,
        7,
        record(lumi=None),
        record(run=True),
        record(file=None),
        record(lumi=[1.5]),
        record(lumi=[]),
        record(run="319337"),
        {"file": []},
    ],
)
def test_a_bad_record_is_named_by_its_number(bad: Any) -> None:
    first, second, third = daslist.parse_rows(json.dumps([record(), bad, record()]))
    assert isinstance(second, BadRow)
    assert (first.number, second.number, third.number) == (1, 2, 3)


def test_a_row_of_several_runs_is_skipped_because_its_lumisections_are_ambiguous() -> None:
    (row,) = daslist.parse_rows(json.dumps([record(run=[1, 2])]))
    assert isinstance(row, BadRow)
    assert "has 2 runs" in row.problem


def test_each_lumisection_is_a_sample_of_the_file_behind_the_redirector() -> None:
    entries, wrong = daslist.das_entries(f"{LFN} 319337 [1,2]", REDIRECTOR, "", "dqmio", SETTINGS)
    assert not wrong
    assert entries == [(DATASET, 319337, lumi, f"root://cms-xrd-global.cern.ch/{LFN}", "dqmio") for lumi in (1, 2)]


def test_the_option_dataset_overrides_the_dataset_in_the_path() -> None:
    ((entry,), _) = daslist.das_entries(f"{LFN} 319337 [1]", REDIRECTOR, "/A/B/DQMIO", "dqmio", SETTINGS)
    assert entry.dataset == "/A/B/DQMIO"
    _, (wrong,) = daslist.das_entries("/store/x.root 319337 [1]", REDIRECTOR, "", "dqmio", SETTINGS)
    assert wrong == "row 1: The path /store/x.root does not contain the dataset: use --dataset"


def test_a_file_outside_the_roots_is_skipped() -> None:
    rows = f"/store/../etc/x.root 1 [1]\n/other/x.root 1 [1]\nroot://elsewhere//store/x.root 1 [1]\n{LFN} 1 [1]\n"
    entries, wrong = daslist.das_entries(rows, REDIRECTOR, DATASET, "dqmio", SETTINGS)
    assert len(entries) == 1
    assert [problem.split(":")[0] for problem in wrong] == ["row 1", "row 2", "row 3"]


def test_a_redirector_outside_the_roots_is_refused_at_once() -> None:
    with pytest.raises(ValueError, match=r"No file of root://cms-xrd-global.cern.ch// may be read: add"):
        daslist.das_entries(f"{LFN} 1 [1]", REDIRECTOR, "", "dqmio", Settings())


def register(hub: Settings, rows: str, *options: str) -> subprocess.CompletedProcess[str]:
    return dqmhub(hub, "register", "--list", "-", *options, typed=rows)


def test_the_command_registers_valid_entries_and_reports_the_others(hub: Settings) -> None:
    done = register(hub.replace(file_roots=ROOTS), f"{LFN} 319337 [1,2,3]\nnonsense\n{LFN} 319338 [7]\n")
    assert done.returncode == 0, done.stderr
    assert "row 2: Expected a file, its run and its lumisections" in done.stderr
    assert done.stdout == "4 new, 0 moved, 0 unchanged, 1 skipped\n"
    assert Sample.select().count() == 4
    assert [(file.url, file.format) for file in File.select()] == [(f"root://cms-xrd-global.cern.ch/{LFN}", "dqmio")]


@pytest.mark.parametrize(
    ("rows", "options", "expected"),
    [
        (f"{LFN} 1 [1]", ("--redirector", "root://me@host/"), "expected an address such as root://host//folder"),
        (f"{LFN} 1 [1]", ("--redirector", "root://other/"), "No file of root://other// may be read"),
        ("[{]", (), "Expecting property name"),
        ("{}", (), "Expected a list of rows"),
        ("[" * 100_000, (), "Expected a list of rows"),
        ("x", ("--run", "5"), "or --list without --run"),
    ],
)
def test_errors_that_users_can_fix_are_one_line(small_hub: Settings, rows: str, options: tuple[str, ...], expected: str) -> None:
    done = register(small_hub, rows, *options)
    assert done.returncode != 0
    assert expected in done.stderr
    assert "Traceback" not in done.stderr


@pytest.fixture
def small_hub(hub: Settings) -> Settings:
    return hub.replace(file_roots=ROOTS)
