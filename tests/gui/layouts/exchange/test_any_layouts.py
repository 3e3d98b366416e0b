"""Whatever is in a layout comes back from every form, and whatever is in a file does not stop the reader."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from app.gui.layouts.exchange.drawing import ordered
from app.gui.layouts.exchange.exports import export
from app.gui.layouts.exchange.files import READERS, read_file
from app.gui.layouts.exchange.parsing import layout_from_document, workspace_from_document
from app.gui.layouts.layout import DRAWN, NO_HELP, Example, Fits, Layout, PlotCell, ShiftHelp
from app.gui.layouts.scopes import SCOPES
from app.gui.layouts.workspace import KINDS, Workspace

TEXTS = st.text(st.characters(exclude_categories=("Cc", "Cs")), max_size=8)
LONG_TEXTS = st.text(st.characters(exclude_categories=("Cc", "Cs"), include_characters="\n\t\r"), max_size=8)
PATH_TEXTS = st.text(st.characters(exclude_categories=("Cc", "Cf", "Cs")), max_size=8)
NAMES = PATH_TEXTS.map(lambda text: text.replace("/", "")).filter(lambda text: text not in ("", ".", ".."))
PATHS = st.lists(NAMES, min_size=1, max_size=3).map("/".join)
NUMBERS = st.floats(allow_nan=False, allow_infinity=False).map(repr) | st.sampled_from(["0.10", "1e3", "-5", "+.5"])
DRAWS = st.dictionaries(st.sampled_from([name for name in DRAWN if name[1:] in ("min", "max")]), NUMBERS, max_size=3)
WORDS = st.fixed_dictionaries({}, optional={"xtype": st.sampled_from(["lin", "log"]), "drawopts": TEXTS, "palette": TEXTS, "a b=": TEXTS})
FITS = st.builds(Fits, *[st.lists(NAMES, max_size=2).map(tuple)] * 2)
EXAMPLES = st.builds(Example, TEXTS, LONG_TEXTS)
HELP = st.just(NO_HELP) | st.builds(ShiftHelp, EXAMPLES, EXAMPLES, LONG_TEXTS, LONG_TEXTS)
CELLS = st.none() | st.builds(
    PlotCell,
    PATHS,
    LONG_TEXTS,
    st.builds(lambda limits, words: ordered((limits | words).items()), DRAWS, WORDS),
    st.sampled_from(["", "yes", "no"]),
    st.lists(PATHS, max_size=2).map(tuple),
    HELP,
)
BARE_CELLS = st.builds(PlotCell, PATHS, written=st.just("text"))
BARE_ROWS = st.builds(PlotCell, PATHS, written=st.just("row")).map(lambda cell: (cell,))
ROWS = st.lists(CELLS | BARE_CELLS, min_size=1, max_size=3).map(tuple) | BARE_ROWS
SOME_SCOPES = st.sets(st.sampled_from(SCOPES), min_size=1).map(lambda some: tuple(scope for scope in SCOPES if scope in some))
LAYOUTS = st.builds(
    Layout,
    st.builds(str.__add__, PATHS, st.sampled_from(["", " ", "\t"])),
    SOME_SCOPES,
    st.lists(ROWS, max_size=3).map(tuple),
    LONG_TEXTS,
    FITS,
    TEXTS,
)
WORKSPACES = st.builds(
    Workspace,
    PATHS,
    SOME_SCOPES,
    TEXTS,
    st.integers(-9, 9),
    st.sampled_from(KINDS),
    st.none() | st.lists(PATHS, max_size=2).map(tuple),
    st.sampled_from(["", "^Pixel(|Phase1)/"]),
    st.none() | st.just("") | PATHS,
    st.lists(PATHS, max_size=2).map(tuple),
    FITS,
    TEXTS,
    st.dictionaries(TEXTS, TEXTS | st.integers() | st.booleans(), max_size=2).map(lambda extra: tuple(sorted(extra.items()))),
)
FEW = settings(max_examples=60)


@FEW
@given(LAYOUTS, WORKSPACES)
def test_a_layout_and_a_workspace_come_back_from_their_documents_from_json_and_from_toml(layout: Layout, workspace: Workspace) -> None:
    contents = [layout, workspace]

    assert layout_from_document(layout.document) == layout
    assert workspace_from_document(workspace.document) == workspace
    for form in ("json", "toml"):
        found = read_file(f"file.{form}", export(form, contents).text.encode())
        assert (found.problems.listed, found.contents) == ([], contents)


@FEW
@given(LAYOUTS)
def test_records_and_uploads_keep_the_grid(layout: Layout) -> None:
    for form in ("records", "upload"):
        found = read_file("file.json", export(form, [layout]).text.encode(), layout.scopes)

        assert found.problems.listed == []
        assert {content.rows for content in found.contents if isinstance(content, Layout)} == {without_help(layout)}


def without_help(layout: Layout) -> tuple[tuple[PlotCell | None, ...], ...]:
    """The rows as the classic forms can have them."""
    return tuple(tuple(cell and replace(cell, help=NO_HELP) for cell in row) for row in layout.rows)


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXTS,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from([*"xyz", "path", "plot", "rows", "group", "shape"]) | TEXTS, inner)
    ),
    max_leaves=12,
)
LISTS = st.lists(ANYTHING, max_size=3) | ANYTHING
FILES = st.fixed_dictionaries(
    {"schema": st.sampled_from(list(READERS))},
    optional=dict.fromkeys(("layout", "workspace", "groups", "layouts", "gaps", "bare_rows", "frontend", "classic_sample"), LISTS),
)


@FEW
@given(FILES | ANYTHING)
def test_no_content_stops_the_reader(value: Any) -> None:
    found = read_file("file.json", json.dumps(value).encode(), ("online",))

    assert all(problem for _, problem in found.problems.listed)


@FEW
@given(st.binary(max_size=60))
def test_no_bytes_stop_the_reader(content: bytes) -> None:
    for name in ("file.json", "file.toml"):
        assert read_file(name, content).problems.count
