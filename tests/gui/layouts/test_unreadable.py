"""A stored text that cannot be read stops nothing: the others are shown, exported and checked, and it is named."""

from __future__ import annotations

import json

import pytest

from app.core.input_problems import InputProblems
from app.core.settings import Settings
from app.gui.layouts.checking.active import all_active
from app.gui.layouts.checking.findings import CheckFinding
from app.gui.layouts.editing.history import history_of
from app.gui.layouts.editing.store import active_contents, active_layout, find, roll_back, save
from app.gui.layouts.importing.bulk_import import import_all
from app.gui.layouts.importing.current import current_contents
from app.gui.layouts.layout import Layout, PlotCell
from app.gui.layouts.models import Arrangement, ArrangementVersion
from app.gui.layouts.showing.content_cache import LayoutContents
from app.gui.layouts.showing.index import LayoutRef
from tests.gui.layouts.arrangements import layout
from tests.support.cli import dqmhub

GOOD, OTHER = layout("A/good"), layout("A/other")
LONG = json.dumps({"path": "A/other", "scope": ["online"], "rows": [["A/x"]] * 51, "help": 5})
PROBLEMS = [("A/other: help", "Expected a text, not 5"), ("A/other: rows", "Expected at most 50 entries, not 51")]
READ = Layout("A/other", ("online",), ((PlotCell("A/x", written="text"),),) * 50)


def store(text: str) -> int:
    """Number of a layout whose active version has this text; it was stored under other rules, or is damaged."""
    _, other = import_all([GOOD, OTHER])
    ArrangementVersion.create(arrangement=other.arrangement, number=2, at=2e9, user="ada", action="edit", document=text)
    Arrangement.update(active=2, newest=2).where(Arrangement.id == other.arrangement).execute()
    return other.arrangement


def test_what_of_a_stored_layout_cannot_be_read_is_named_and_the_rest_is_used(hub: Settings) -> None:
    number = store(LONG)
    problems, invalid = InputProblems(), list[CheckFinding]()

    assert current_contents(problems=problems) == [GOOD, READ]
    assert sorted(problems.listed) == PROBLEMS
    assert list(all_active(invalid)) == [GOOD, READ]
    assert sorted((f"{finding.path}: {finding.place}", finding.problem) for finding in invalid) == PROBLEMS
    assert active_contents([number - 1, number]) == {number - 1: GOOD, number: READ}
    assert [
        found for _, found in LayoutContents().of(LayoutRef(each, 2 if each == number else 1, b"") for each in (number - 1, number))
    ] == [
        GOOD,
        READ,
    ]


def test_a_layout_that_cannot_be_read_can_be_mended(hub: Settings) -> None:
    number = store(LONG)

    assert [entry.number for entry in history_of(number)] == [2, 1]
    assert save(OTHER, arrangement=number, based_on=2).number == 3
    assert roll_back(number, 1, 3) == 4
    found = active_layout("online", "A/other")
    assert found
    assert (found.number, found.content) == (4, OTHER)


@pytest.mark.parametrize("text", ["{", "[]", "null", '{"rows": 5}', '{"path": "", "rows": [[5, {"plot": 5}, {"text": ""}]]}'])
def test_a_damaged_text_does_not_stop_an_export(hub: Settings, text: str) -> None:
    number = store(text)

    assert current_contents() == [GOOD]
    assert len(list(all_active())) == 2
    assert find(number).path == "A/other"
    assert import_all([OTHER])[0].outcome == "kept"


def test_the_export_names_what_it_leaves_out(hub: Settings) -> None:
    store(LONG)

    done = dqmhub(hub, "layouts", "export")

    assert done.returncode == 1
    assert len(done.stdout.splitlines()) == 8
    assert "A/other: rows: Expected at most 50 entries, not 51; this part cannot be read and is left out\n" in done.stderr
