"""The check of the third-party files in an installation."""

from __future__ import annotations

import shutil
from pathlib import Path

from app.core.settings import TREE, Settings
from app.ops.doctor.checks import third_party_files


def test_the_files_of_this_tree_are_unchanged() -> None:
    assert [finding.level for finding in third_party_files.check(Settings(), "")] == ["ok"]


def test_a_changed_and_a_missing_file_are_named(tmp_path: Path) -> None:
    folder = Path(shutil.copytree(TREE / "static/vendor", tmp_path / "vendor"))
    with (folder / "htmx/htmx.min.js").open("a") as file:
        file.write("alert(1);")
    (folder / "uplot/LICENSE").unlink()
    changed, missing = third_party_files.damaged_files(folder)
    assert changed == f"{folder}/htmx/htmx.min.js is not the file that was released"
    assert missing == f"{folder}/uplot/LICENSE is missing"
