"""What an import stores can be read again: the limits of documents hold in all forms, and no value stops the reader."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.gui.layouts.contents import content_of, kind_of, text_of
from app.gui.layouts.exchange.files import MAX_FILE_BYTES, read_file, read_path
from tests.gui.layouts.exchange.test_any_layouts import ANYTHING, FEW, NUMBERS, PATHS, TEXTS

OPTIONS = {f"o{number}": "1" for number in range(60)}


def read(value: Any) -> tuple[list[str], list[tuple[str, str]]]:
    """The paths of the layouts of a file, and its problems."""
    found = read_file("file.json", json.dumps(value).encode(), ("online",))
    return [content.path for content in found.contents], found.problems.listed


def read_toml(text: str) -> tuple[list[str], list[tuple[str, str]]]:
    found = read_file("file.toml", text.encode())
    return [content.path for content in found.contents], found.problems.listed


def record(**fields: Any) -> dict[str, Any]:
    return {"name": "Sum", "source": "A/x", "destination": "Big/x", "scope": "ONLINE", **fields}


def test_an_upload_with_too_many_drawing_options_is_refused() -> None:
    good = [["A/x"]]

    assert read({"Up/many": [[{"path": "A/x", "draw": OPTIONS}]], "Up/good": good}) == (
        ["Up/good"],
        [("'Up/many'.rows[0][0].draw.extra", "Expected at most 50 entries, not 60 (layout 'Up/many')")],
    )
    assert read({"Up/many": [[{"path": "A/x", "draw": OPTIONS | {"a": "1", "b": "2"}}]], "Up/good": good}) == (
        ["Up/good"],
        [("'Up/many'[0][0].draw", "Expected at most 61 entries, not 62")],
    )


def test_records_with_too_many_drawing_options_in_two_fields_are_refused() -> None:
    half = dict(list(OPTIONS.items())[:30])
    value = record(draw=half, draw_ignored_by_source={f"p{name}": "1" for name in half})

    assert read({"schema": "dqm-layouts/1", "layouts": [value]}) == (
        [],
        [("layouts[0].rows[0][0].draw.extra", "Expected at most 50 entries, not 60 (layout 'Big/Sum')")],
    )


def test_too_many_records_of_a_layout_without_a_grid_are_refused() -> None:
    records = [record(source=f"A/{number}", destination=f"Big/{number}") for number in range(201)]

    assert read({"schema": "dqm-layouts/1", "layouts": records[:200]}) == (["Big/Sum"], [])
    assert read({"schema": "dqm-layouts/1", "layouts": records}) == (
        [],
        [("layouts[0].rows", "Expected at most 50 entries, not 51 (layout 'Big/Sum')")],
    )


DRAWS = st.dictionaries(st.sampled_from(["ymin", "withref", "drawopts"]) | TEXTS, NUMBERS | TEXTS, max_size=3)
OPTIONAL = {"description": TEXTS, "draw": DRAWS, "overlays": st.lists(PATHS, max_size=11)}
CELLS = st.none() | PATHS | ANYTHING | st.fixed_dictionaries({"path": PATHS}, optional=OPTIONAL)


@FEW
@given(st.dictionaries(PATHS, st.lists(PATHS | st.lists(CELLS, max_size=3), max_size=3) | ANYTHING, max_size=3))
def test_what_a_reader_yields_is_read_again_from_its_text(upload: dict[str, Any]) -> None:
    found = read_file("file.json", json.dumps(upload).encode(), ("online",))

    assert [content_of(kind_of(content), text_of(content)) for content in found.contents] == found.contents


HUGE = "0x" + 5_000 * "f"
GOOD = '\n[[layout]]\npath = "A/good"\nscope = ["online"]\nrows = [["A/x"]]\n'


@pytest.mark.parametrize(
    ("field", "place"),
    [
        (f"rank = {HUGE}", "workspace[0].rank"),
        (f"extra = {{ x = {HUGE} }}", "workspace[0].extra.x"),
        (f"quick = [{HUGE}]", "workspace[0].quick[0]"),
        (f"category.{'a.' * 2_000}a = 1", "workspace[0].category"),
    ],
)
def test_a_value_that_python_cannot_write_is_a_problem_of_its_field(field: str, place: str) -> None:
    paths, problems = read_toml(f'schema = "dqm-layouts/2"\n[[workspace]]\nname = "W"\nscope = ["online"]\n{field}\n{GOOD}')

    assert paths == ["A/good"]
    assert [problem[0] for problem in problems] == [place]
    assert problems[0][1].startswith("Expected a ")


def test_a_limit_of_an_axis_with_too_many_digits_is_no_number() -> None:
    cell = f'[[layout]]\npath = "A/b"\nscope = ["online"]\nrows = [[{{ plot = "A/x", draw = {{ y = {{ min = {HUGE} }} }} }}]]'

    assert read_toml(f'schema = "dqm-layouts/2"\n{cell}') == (
        [],
        [("layout[0].rows[0][0].draw.y.min", "Expected a number, not a number with too many digits (layout 'A/b')")],
    )


@pytest.mark.parametrize("written", ["1_000", " 5 ", "\uff11", "0x10", "", "1e999", True])
def test_a_number_that_is_not_drawn_is_refused(written: Any) -> None:
    paths, problems = read({"Up/a": [[{"path": "A/x", "draw": {"ymin": written}}]]})

    assert (paths, problems) == ([], [("'Up/a'[0][0].draw.ymin", f"Expected a number, not {written!r}")])


@pytest.mark.parametrize("form", ["upload", "dqm-layouts/2"])
def test_very_many_drawing_options_take_the_time_of_their_reading(form: str) -> None:
    options = {f"o{number}": "1" for number in range(100_000)}
    upload = {"Up/a": [[{"path": "A/x", "draw": options}]]}
    document = {"path": "Up/a", "scope": ["online"], "rows": [[{"plot": "A/x", "draw": {"extra": options}}]]}
    value = upload if form == "upload" else {"schema": form, "layout": [document]}

    assert "not 100,000" in read(value)[1][0][1], "a minute later if each were compared with all"


def test_a_wrong_entry_of_an_upload_is_named_and_the_others_are_read() -> None:
    assert read({"Up/a": [["A/x"]], "Up/b": {"rows": []}, "Up/c": None}) == (
        ["Up/a"],
        [("'Up/b'", "Expected a list of rows, not {'rows': []}"), ("'Up/c'", "Expected a list of rows, not None")],
    )


def test_names_that_are_twice_are_all_named_with_their_object() -> None:
    text = '{"Up/a": [[{"path": "A/x", "draw": {"ymin": 1, "ymin": 2}}, {"path": "A/y", "path": "A/z", "overlays": [], "overlays": []}]]}'
    found = read_file("file.json", text.encode(), ("online",))

    assert found.problems.listed == [
        ("'ymin'", "This name is more than once in one object ({'ymin': 1}); only the first one is used"),
        ("'path'", "This name is more than once in one object (path 'A/y'); only the first one is used"),
        ("'overlays'", "This name is more than once in one object (path 'A/y'); only the first one is used"),
    ]


def test_all_problems_of_a_layout_are_counted() -> None:
    cells = [{"plot": "A/x", "plots": number} for number in range(20)]
    layout = {"path": "A/b", "scope": ["online"], "rows": [cells] * 50} | dict.fromkeys(map(str, range(200)))

    assert read_file("file.json", json.dumps({"schema": "dqm-layouts/2", "layout": [layout]}).encode()).problems.count == 1_200


@pytest.mark.parametrize("path", ["Bi\u202edi/a", "A/a\u200bb", "\ufeffA/b"])
def test_a_path_with_invisible_characters_is_refused(path: str) -> None:
    paths, problems = read({path: [["A/x"]]})

    assert paths == []
    assert "without control or invisible characters" in problems[0][1]


def test_an_endless_file_is_too_large() -> None:
    found = read_path(Path("/dev/zero"))

    assert found.problems.listed == [("file", f"Expected at most {MAX_FILE_BYTES:,} bytes; several files are fine")]
