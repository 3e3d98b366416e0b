"""The index of layouts finds what is active, and follows each change."""

from __future__ import annotations

import json
import threading
from collections import Counter
from collections.abc import Iterator
from itertools import accumulate
from pathlib import Path
from typing import NamedTuple

import pytest

from app.core import database
from app.core.settings import Settings
from app.formats import Columns, Facts, MENames
from app.gui.catalog.catalog import OpenSample
from app.gui.layouts.editing.store import activate, find, remove, save
from app.gui.layouts.importing.bulk_import import import_all
from app.gui.layouts.layout import Layout, PlotCell
from app.gui.layouts.scopes import SCOPES
from app.gui.layouts.showing.index import LayoutIndex, LayoutIndexes
from app.gui.layouts.showing.placed import place
from app.gui.layouts.workspace import Workspace
from app.gui.samples import SampleKey
from app.security.audit_log import acting_user
from tests.gui.layouts.arrangements import layout, real_layouts

OK, WARNING, ERROR, INVALID = 100, 200, 300, 60
HISTOGRAM, NUMBER = 0x10, 0x01


def put(path: str, plots: str, *scopes: str, arrangement: int | None = None) -> int:
    """Show a layout at a path of some scopes, or move one there; `plots` are ME paths between blanks."""
    based_on = find(arrangement).newest if arrangement else 0
    saved = save(layout(path, *plots.split(), scopes=scopes), arrangement=arrangement, based_on=based_on)
    activate(saved.arrangement, saved.number)
    return saved.arrangement


class Demo(NamedTuple):
    indexes: LayoutIndexes
    shift: int  # the arrangement at 00 Shift/Pixel/Charge


@pytest.fixture
def demo(hub: Settings) -> Demo:
    shift = put("00 Shift/Pixel/Charge", "Pixel/charge Pixel/size", "online", "offline")
    put("Pixel/Layouts/TP", "Pixel/charge", "online")
    put("Pixel/Layouts/TP/Charge", "Pixel/charge Pixel/none Pixel/charge", "online")
    put("Pixel/Layouts/TP 1", "Pixel/size", "online")
    workspace = save(Workspace("Pixel", ("online",)))
    activate(workspace.arrangement, workspace.number)
    private = save(layout("mine", scopes=()), owner=acting_user())
    activate(private.arrangement, private.number)
    return Demo(LayoutIndexes(), shift)


def paths(index: LayoutIndex, folder: bytes = b"") -> list[bytes]:
    return [ref.path for ref in index.below(folder)]


def folders(index: LayoutIndex, path: bytes = b"") -> list[tuple[bytes, int]]:
    return [(sub.name, sub.plots) for sub in index.folder(path).subfolders]


@pytest.mark.both_databases
def test_a_folder_has_its_layouts_and_its_subfolders_with_the_number_of_their_plots(demo: Demo) -> None:
    online = demo.indexes.of_scope("online")
    assert folders(online) == [(b"00 Shift", 2), (b"Pixel", 5)]
    assert folders(online, b"Pixel/Layouts") == [(b"TP", 3)]
    assert [ref.name for ref in online.folder(b"Pixel/Layouts").layouts] == [b"TP", b"TP 1"]
    assert folders(online, b"Pixel/Layouts/TP 1") == folders(online, b"no such") == []
    assert folders(demo.indexes.of_scope("relval")) == []


def test_a_layout_is_found_by_its_whole_path_by_its_name_and_by_its_plots(demo: Demo) -> None:
    online = demo.indexes.of_scope("online")
    shift = online.find(b"00 Shift/Pixel/Charge")
    assert shift is not None
    assert (shift, shift.folder, shift.name) == ((demo.shift, 1, b"00 Shift/Pixel/Charge"), b"00 Shift/Pixel", b"Charge")
    assert online.find(b"Charge") is None
    assert [ref.folder for ref, _ in online.named(b"Charge")] == [b"00 Shift/Pixel", b"Pixel/Layouts/TP"]
    assert [ref.name for ref in online.of_plot(b"Pixel/charge")] == [b"Charge", b"TP", b"Charge"]
    assert online.of_plot(b"Pixel") == []


@pytest.mark.both_databases
def test_a_layout_is_only_in_its_scopes_and_private_ones_and_workspaces_are_in_none(demo: Demo) -> None:
    assert paths(demo.indexes.of_scope("offline")) == [b"00 Shift/Pixel/Charge"]
    assert len(demo.indexes.of_scope("online")) == 4


@pytest.mark.both_databases
def test_what_changes_is_in_the_index_at_the_next_look_and_an_index_in_use_stays_as_it_is(demo: Demo) -> None:
    before, other = demo.indexes.of_scope("online"), demo.indexes.of_scope("offline")
    put("Pixel/Layouts/Charge", "Pixel/size", "online", "relval", arrangement=demo.shift)
    after = demo.indexes.of_scope("online")
    assert after.find(b"00 Shift/Pixel/Charge") is None
    assert [ref.arrangement for ref in demo.indexes.of_scope("relval").of_plot(b"Pixel/size")] == [demo.shift]
    assert paths(demo.indexes.of_scope("offline")) == []
    assert folders(before) == [(b"00 Shift", 2), (b"Pixel", 5)]
    assert len(other) == 1
    assert demo.indexes.of_scope("online") is after, "nothing changed since"


@pytest.mark.both_databases
def test_a_removed_layout_is_in_no_index_and_another_can_have_its_path(demo: Demo) -> None:
    assert demo.indexes.of_scope("online").of_plot(b"Pixel/charge")
    remove(demo.shift, 1)
    other = put("00 Shift/Pixel/Charge", "Pixel/charge", "online")
    assert [ref.arrangement for ref in demo.indexes.of_scope("online").below(b"00 Shift")] == [other]
    assert len(demo.indexes.of_scope("offline")) == 0


@pytest.mark.both_databases
def test_two_layouts_can_exchange_their_paths(demo: Demo) -> None:
    a, b = put("A", "one", "relval"), put("B", "two", "relval")
    assert len(demo.indexes.of_scope("relval")) == 2
    put("C", "one", "relval", arrangement=a)
    put("A", "two", "relval", arrangement=b)
    put("B", "one", "relval", arrangement=a)
    relval = demo.indexes.of_scope("relval")
    assert [(ref.path, ref.arrangement) for ref in relval.below(b"")] == [(b"A", b), (b"B", a)]


def test_an_index_that_followed_each_change_is_as_one_that_is_read_anew(demo: Demo) -> None:
    for number in range(12):
        put(f"Pixel/Layouts/{number % 5}", f"Pixel/{number}", "online", arrangement=demo.shift)
        demo.indexes.of_scope("online")
        put(f"Pixel/New/{number}", "Pixel/charge", "online", "relval")
    for scope in ("online", "offline", "relval"):
        followed, rebuilt = demo.indexes.of_scope(scope), LayoutIndexes().of_scope(scope)
        assert followed.below(b"") == rebuilt.below(b"")
        assert followed.of_plot(b"Pixel/charge") == rebuilt.of_plot(b"Pixel/charge")


def test_threads_see_each_change_that_was_made_before_they_look(demo: Demo) -> None:
    missing: list[str] = []

    def work(name: str) -> None:
        for number in range(5):
            put(f"Thread/{name}/{number}", "Pixel/charge", "online")
            if demo.indexes.of_scope("online").find(f"Thread/{name}/{number}".encode()) is None:
                missing.append(f"{name}/{number}")
        database.end_thread()

    threads = [threading.Thread(target=work, args=(str(number),)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert missing == []
    assert len(demo.indexes.of_scope("online").below(b"Thread")) == 20


REAL = ("00 Shift/", "CTPPS/", "Hcal/")
"""Top folders that are compared: those of the shift, with plots that are bare texts, and with a layout that has the path of a folder."""


def test_layouts_of_the_classic_gui_are_in_the_folders_of_their_records(hub: Settings, fixtures_dir: Path) -> None:
    value = json.loads((fixtures_dir / "dqmgui" / "layouts.json").read_text())
    places = [(record["destination"], record["scope"]) for record in value["layouts"]]
    places += [(group["path"], group["scope"]) for group in (value["groups"][bare["group"]] for bare in value["bare_rows"])]
    layouts = [each for each in real_layouts(fixtures_dir) if each.path.startswith(REAL)]
    import_all(layouts)
    indexes = LayoutIndexes()
    for scope in SCOPES:
        expected: Counter[str] = Counter()
        for destination, of in places:
            if destination.startswith(REAL) and of in (scope.upper(), "ALL"):
                expected.update(accumulate(destination.split("/")[:-1], "{}/{}".format))
        index = indexes.of_scope(scope)
        assert dict(_all_folders(index)) == expected
        assert {ref.path.decode() for ref in index.below(b"")} == {each.path for each in layouts if scope in each.scopes}


def _all_folders(index: LayoutIndex, path: bytes = b"") -> Iterator[tuple[str, int]]:
    for sub in index.folder(path).subfolders:
        inside = path + b"/" + sub.name if path else sub.name
        yield inside.decode(), sub.plots
        yield from _all_folders(index, inside)


def sample(**statuses: int) -> OpenSample:
    """A sample with histograms of these worst statuses in the folder Pixel, and a number `count` without tests."""
    names = sorted([*statuses, "count"])
    kinds = [NUMBER if name == "count" else HISTOGRAM for name in names]
    zeros = [0] * len(names)
    columns = Columns([zeros, zeros, zeros, zeros, kinds, [statuses.get(name, 0) for name in names], zeros, zeros, zeros])
    key = SampleKey(1, 0, "/A/B/C")
    return OpenSample(key, 1, "", "", "", "", 0, MENames(f"Pixel/{name}".encode() for name in names), columns, Facts({}, {}))


def test_plots_of_layouts_with_failing_tests_are_counted_by_folder(demo: Demo) -> None:
    online, failing = demo.indexes.of_scope("online"), sample(charge=ERROR, size=WARNING, other=INVALID)
    counts = {sub.name: online.failing_counts(failing, sub.first, sub.last) for sub in online.folder(b"").subfolders}
    assert counts == {b"00 Shift": (1, 1, 0), b"Pixel": (3, 1, 0)}
    assert online.failing_counts(failing, *online.positions(b"Pixel/Layouts/TP/Charge")) == (2, 0, 0)
    assert online.failing_counts(sample(charge=OK), *online.positions(b"Pixel/Layouts/TP/Charge")) == (0, 0, 0)
    assert online.positions(b"Pixel/Layouts") == (0, 0)


GRID = Layout(
    "Pixel/Grid",
    ("online",),
    ((PlotCell("Pixel/charge"), None, PlotCell("Pixel/none")), (), (PlotCell("Pixel/count"), PlotCell("Pixel/size"))),
)


def test_a_layout_on_a_sample_keeps_its_rows_and_gaps_and_tells_what_the_sample_lacks() -> None:
    placed = place(GRID, sample(charge=OK, size=WARNING))
    assert [[cell and cell.path for cell in row] for row in placed.rows] == [
        [b"Pixel/charge", None, b"Pixel/none"],
        [],
        [b"Pixel/count", b"Pixel/size"],
    ]
    assert [(cell.me, cell.status, cell.is_scalar) for cell in placed.cells] == [
        (0, OK, False),
        (None, 0, False),
        (1, 0, True),
        (2, WARNING, False),
    ]
    assert [cell.cell.plot for cell in placed.missing] == ["Pixel/none"]
    assert (placed.status, placed.has_data) == (WARNING, True)


def test_a_layout_has_no_data_if_the_sample_has_none_of_its_plots() -> None:
    placed = place(Layout("Empty", ("online",), ((PlotCell("A/x"), PlotCell("A/y")),)), sample())
    assert (placed.status, placed.has_data, len(placed.missing)) == (0, False, 2)
    assert place(Layout("Nothing", ("online",), ()), sample()).has_data is False
