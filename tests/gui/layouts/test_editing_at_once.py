"""Editors and readers of the same layouts, as processes: nothing that was stored is lost or seen twice."""

from __future__ import annotations

import itertools
import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from app.core.settings import TREE, Settings
from app.gui.layouts.editing.store import activate, active_contents, content_at, find, save
from app.gui.layouts.layout import Layout
from app.gui.layouts.models import ArrangementVersion
from tests.gui.layouts.arrangements import layout
from tests.support.patience import PATIENCE_S
from tests.support.processes import environment
from tests.support.storms import SEED, TIMES

pytestmark = [pytest.mark.both_databases, pytest.mark.storm]

EDITS = 8


@contextmanager
def process(settings: Settings, *arguments: object) -> Iterator[subprocess.Popen[str]]:
    """An editor or reader; it is ended with the test."""
    command = [sys.executable, "-m", "tests.gui.layouts.editing_process", *map(str, arguments)]
    with subprocess.Popen(command, cwd=TREE, env=environment(settings), stdout=subprocess.PIPE, text=True) as found:
        try:
            yield found
        finally:
            found.kill()


def output(running: subprocess.Popen[str]) -> str:
    """All that a process printed until its end, which was no failure."""
    text, _ = running.communicate(timeout=PATIENCE_S * TIMES)
    assert running.returncode == 0
    return text


def plots_of(content: object) -> list[str]:
    """The plots of a layout, ascending."""
    assert isinstance(content, Layout)
    return sorted(cell.plot for cell in content.plots)


def test_editors_and_readers_at_once_lose_nothing(hub: Settings, tmp_path: Path) -> None:
    numbers = []
    for folder in ("Pixel", "DT"):
        saved = save(layout(f"{folder}/charge"))
        activate(*saved[:2])
        numbers.append(saved.arrangement)
    end = tmp_path / "end"
    with process(hub, "read", end, *numbers) as reader:
        with (
            process(hub, "edit", f"a{SEED}", EDITS * TIMES, *numbers) as first,
            process(hub, "edit", f"b{SEED}", EDITS * TIMES, *numbers) as second,
            process(hub, "edit", f"c{SEED}", EDITS * TIMES, *numbers) as third,
        ):
            lines = [line.split() for each in (first, second, third) for line in output(each).splitlines()]
        end.touch()
        indexed, seen = json.loads(output(reader))
    assert len(lines) == 3 * EDITS * TIMES
    stored = {str(number): sorted(["Pixel/charge", *(plot for each, plot in lines if int(each) == number)]) for number in numbers}
    assert {str(number): plots_of(content) for number, content in active_contents(numbers).items()} == stored
    assert (indexed, seen) == (stored, stored)
    for number in numbers:
        row = find(number)
        versions = [version.number for version in ArrangementVersion.select().where(ArrangementVersion.arrangement == number)]
        assert sorted(versions) == list(range(1, row.newest + 1))
        contents = [set(plots_of(content_at(row, version))) for version in sorted(versions)]
        assert all(before <= after for before, after in itertools.pairwise(contents)), "no version is without an earlier plot"
