"""`dqmhub layouts check`: in the database and in files, with exit codes and JSON for programs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from app.core.settings import Settings
from app.gui.layouts.importing.bulk_import import import_all
from app.gui.layouts.workspace import Workspace
from tests.gui.layouts.arrangements import layout
from tests.support.cli import dqmhub, run_command

ME = "PixelPhase1/Tracks/PXForward/charge_PXDisk_-3"
GOOD = f'schema = "dqm-layouts/2"\n[[layout]]\npath = "Pixel/Layouts/charge"\nscope = ["offline"]\nrows = [[{{plot = "{ME}"}}]]\n'
WRONG = GOOD.replace("PXDisk", "PXDsik")
SAMPLE = "367129/ZeroBias/Run2023C-Demo-v1/DQMIO"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with files of layouts, as people keep it in git."""
    (tmp_path / ".git").mkdir()
    (tmp_path / ".git" / "left-out.json").write_text("{")
    (tmp_path / "pixel").mkdir()
    (tmp_path / "pixel" / "charge.toml").write_text(GOOD)
    (tmp_path / "README.md").write_text("no layouts")
    return tmp_path


def test_what_is_shown_is_checked_against_all_samples(hub: Settings, own_file: Path) -> None:
    import_all([layout("a", "Pixel/none", scopes=("offline",)), Workspace("DT", ("offline",), folders=("DT",), quick=("a",))])
    unknown = dqmhub(hub, "layouts", "check")
    assert "Names of plots were not compared: no list of names is stored" in unknown.stderr, "its file has not been read yet"
    assert (unknown.returncode, unknown.stdout.splitlines()[-1]) == (
        2,
        "1 layout, 1 workspace, 1 plot, names were not compared: 0 problems",
    )
    read = dqmhub(hub, "layouts", "check", "--sample", "400000/ZeroBias/Run2023C-Demo-v1/DQMIO")
    assert "a (offline), rows[0][0]: No monitor element of run 400000 of /ZeroBias/Run2023C-Demo-v1/DQMIO is at Pixel/none" in read.stdout
    found = dqmhub(hub, "layouts", "check")
    assert found.returncode == 1
    assert "No monitor element of any sample is at Pixel/none" in found.stdout
    assert found.stdout.splitlines()[-1].endswith("of monitor elements: 1 problem (1 unknown-plot)")


def test_files_are_checked_without_a_database(folder: Path, demo_files: list[Path]) -> None:
    def check(*arguments: str) -> Any:
        return run_command({"DQMHUB_DATA_DIR": str(folder / "absent")}, "layouts", "check", str(folder), *arguments)

    good = check("--dqm-file", str(demo_files[0]))
    assert (good.returncode, good.stderr) == (0, "")
    (folder / "pixel" / "wrong.toml").write_text(WRONG)
    wrong = check("--dqm-file", str(demo_files[0]), "--json")
    assert wrong.returncode == 1
    report = json.loads(wrong.stdout)
    assert report["schema"] == "dqm-layout-check/1"
    assert report["counts"] == {"unknown-plot": 1, "duplicate-path": 1}
    unknown = next(finding for finding in report["findings"] if finding["kind"] == "unknown-plot")
    assert unknown["file"] == str(folder / "pixel" / "wrong.toml")
    assert (unknown["place"], unknown["near"][0]) == ("rows[0][0]", ME)
    (folder / "pixel" / "broken.json").write_text("{")
    broken = check("--without-names")
    assert broken.returncode == 1
    assert "broken.json: The file is no JSON" in broken.stdout
    (folder / "pixel" / "broken.json").unlink()
    (folder / "pixel" / "wrong.toml").unlink()
    lost = '[[workspace]]\nname = "W"\nscope = ["offline"]\nfolders = ["DT"]\nquick = ["Pixel/L"]\n'
    (folder / "pixel" / "charge.toml").write_text(GOOD + lost)
    related = json.loads(check("--dqm-file", str(demo_files[0]), "--json").stdout)
    assert related["counts"] == {"unknown-quick-entry": 1, "unreachable": 1}
    (folder / "pixel" / "charge.toml").write_text(GOOD + '[[layout]]\npath = "Pixel/L"\nscope = ["offline"]\nrows = 1\n' + lost)
    unread = json.loads(check("--dqm-file", str(demo_files[0]), "--json").stdout)
    assert unread["counts"] == {"invalid": 1}, "the entry is a layout that cannot be read"
    assert not (folder / "absent").exists()


def test_an_impossible_check_has_an_exit_code_of_its_own(hub: Settings, folder: Path) -> None:
    (folder / "empty" / "ls.d").mkdir(parents=True)
    (folder / "empty" / "link").symlink_to(folder / "pixel")
    for arguments, message in [
        ([str(folder), str(folder / "empty"), "--without-names"], "empty has no file that ends in .json or .toml"),
        ([str(folder)], "Names of plots were not compared: no list of names is stored"),
        (["--sample", "1/A/B/C"], "There is no run 1 of /A/B/C"),
        (["--sample", "somewhere"], "Expected RUN/PRIMARY/PROCESSED/TIER"),
        (["--sample", SAMPLE, "--without-names"], "exclude each other"),
        ([str(folder / "none.toml")], "does not exist"),
        ([str(folder), "--dqm-file", str(folder / "README.md")], "README.md cannot be read"),
    ]:
        failed = dqmhub(hub, "layouts", "check", *arguments)
        assert failed.returncode == 2, arguments
        assert message in failed.stderr, arguments
    without = run_command({"DQMHUB_DATA_DIR": str(folder)}, "layouts", "check", str(folder))
    assert without.returncode == 2
    assert "to check files without a database, use --dqm-file or --without-names" in without.stderr
