"""docs/users/layout-files.md: its examples can be imported, its tables have all fields, and its command turns Python into an upload."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

import pytest

from app.core.settings import TREE, Settings
from app.gui.layouts.exchange.documents import toml_text
from app.gui.layouts.exchange.exports import export
from app.gui.layouts.exchange.files import READERS, read_file
from app.gui.layouts.exchange.parsing import CELL_FIELDS, LAYOUT_FIELDS, WORKSPACE_FIELDS
from app.gui.layouts.layout import Layout, PlotCell
from tests.support.cli import dqmhub
from tests.support.patience import PATIENCE_S

PAGE = (TREE / "docs" / "users" / "layout-files.md").read_text(encoding="utf-8")

CLASSIC_FILE = """
def fedlayout(i, p, *rows): i["00 Shift/FED/" + p] = DQMItem(layout=rows)

fedlayout(dqmitems, "01 FED Integrity Check",
  [{'path': "FED/FedFatal", 'description': 'Fatal errors', 'draw': {'withref': "no", 'ymin': 0.5}}, None],
  ["FED/FedEntries"])
"""


def blocks(language: str) -> list[str]:
    """The blocks of a language, in their order."""
    return re.findall(rf"^```{language}\n(.*?)^```$", PAGE, re.M | re.S)


def test_the_import_of_the_first_example_prints_what_the_page_says(hub: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "fed.toml").write_text(blocks("toml")[0])
    monkeypatch.chdir(tmp_path)

    done = dqmhub(hub, "layouts", "import", "fed.toml")

    assert done.returncode == 1
    assert blocks("text")[0] in done.stderr
    assert done.stdout.startswith("1 layout and 0 workspaces: 1 added")


@pytest.mark.parametrize("text", blocks("toml")[1:])
def test_examples_in_toml_can_be_imported(text: str) -> None:
    found = read_file("example.toml", text.encode())

    assert found.problems.listed == []
    assert toml_text(found.contents)


@pytest.mark.parametrize("text", blocks("json"))
def test_examples_in_json_can_be_imported(text: str) -> None:
    found = read_file("example.json", text.encode(), ("online",))

    assert found.problems.listed == []
    assert found.contents


def test_the_example_of_the_canonical_form_is_what_an_export_writes() -> None:
    text = blocks("json")[0]

    assert export("json", read_file("example.json", text.encode()).contents).text == text


def test_the_example_of_records_is_what_an_export_writes_without_the_counts() -> None:
    text = blocks("json")[1]
    exported = json.loads(export("records", read_file("example.json", text.encode()).contents).text)

    assert exported.pop("counts")["items"] == 1
    assert exported == json.loads(text)


@pytest.mark.parametrize(("title", "fields"), [("layout", LAYOUT_FIELDS), ("cell", CELL_FIELDS), ("workspace", WORKSPACE_FIELDS)])
def test_the_tables_of_the_page_have_all_fields(title: str, fields: tuple[str, ...]) -> None:
    table = PAGE.partition(f"| field of a {title} | meaning |\n")[2].partition("\n\n")[0]
    names = [name for row in table.splitlines() for name in re.findall(r"`(\w+)`", row.split("|")[1])]

    assert sorted(names) == sorted(fields)


def test_the_page_has_every_form_that_can_be_imported() -> None:
    assert all(f"`{schema}`" in PAGE for schema in READERS)


def test_the_command_of_the_page_turns_a_classic_python_file_into_an_upload(tmp_path: Path) -> None:
    (tmp_path / "shift_fed_layout.py").write_text(CLASSIC_FILE)

    subprocess.run(["sh", "-c", blocks("sh")[0]], cwd=tmp_path, check=True, timeout=PATIENCE_S, stdin=subprocess.DEVNULL)
    found = read_file("fed.json", (tmp_path / "fed.json").read_bytes(), ("online",))

    fatal = PlotCell("FED/FedFatal", "Fatal errors", (("ymin", "0.5"),), "no")
    entries = PlotCell("FED/FedEntries", written="text")
    assert found.problems.listed == []
    assert found.contents == [Layout("00 Shift/FED/01 FED Integrity Check", ("online",), ((fatal, None), (entries,)))]
