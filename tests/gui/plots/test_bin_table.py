"""Rows of a table of bins: their order, and which bins of a reference are the same."""

from __future__ import annotations

import math
import tracemalloc
from typing import Any

import pytest

from app.gui.plots.bin_table import BinTable, Value
from app.gui.plots.bins import Bins, bins_of


def axis(count: int, low: float, high: float, labels: tuple[str, ...] = ()) -> dict[str, Any]:
    """An axis as TBufferJSON has it."""
    texts = [{"fUniqueID": number, "fString": label} for number, label in enumerate(labels, 1) if label]
    return {"fNbins": count, "fXmin": low, "fXmax": high, "fXbins": [], "fTitle": "", "fLabels": {"arr": texts} if texts else None}


def histogram(contents: list[Any], *axes: dict[str, Any]) -> Bins:
    named = {f"f{letter}axis": each for letter, each in zip("XYZ", axes, strict=False)}
    return bins_of({"_typename": f"TH{len(axes)}D", "fArray": contents, "fSumw2": [], **named})


def of_reference(mine: Bins, reference: Bins) -> list[float | None]:
    """The contents of a reference in the rows of the histogram; None for no such bin."""
    table = BinTable(mine, [reference])
    values = [table.row(cell).values[1] for cell in range(len(table))]
    return [value.content if value else None for value in values]


def test_bins_without_a_finite_value_are_last_and_equal_ones_in_their_order() -> None:
    table = BinTable(histogram([2, None, 5, 2, 0, None], axis(4, 0, 4)))
    assert table.order("content", descending=False) == [4, 0, 3, 2, 1, 5]
    assert table.order("content", descending=True) == [2, 0, 3, 4, 1, 5]
    assert table.order("x", descending=True) == [5, 4, 3, 2, 1, 0]
    assert table.row(1).values == [Value(None, None)]


def test_whole_numbers_stay_whole_among_others() -> None:
    found = histogram([2, 0.5, None, 1e20, -3, 2**60], axis(4, 0, 4)).contents
    assert [repr(number) for number in found] == ["2", "0.5", "None", "1e+20", "-3", "1.152921504606847e+18"]
    assert [repr(number) for number in histogram([2**62 + 1, 0, 0], axis(1, 0, 4)).contents] == [str(2**62 + 1), "0", "0"]


def test_the_numbers_of_a_histogram_are_held_in_eight_bytes_each() -> None:
    count = 100_000
    contents = [number / 7 for number in range(count + 2)]
    document = {"_typename": "TH1D", "fArray": contents, "fSumw2": contents, "fXaxis": axis(count, 0, 1)}
    tracemalloc.start()
    table = BinTable(bins_of(document), [bins_of(document)])
    held, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(table) == count + 2
    assert held < 2 * 3 * 8 * 1.2 * count, "content, error and edge of a bin, of the histogram and its reference"


def test_a_map_is_sorted_by_each_axis() -> None:
    table = BinTable(histogram(list(range(12)), axis(2, 0, 1), axis(1, 0, 1)))
    assert list(table.order("y", descending=False)) == list(range(12))
    assert table.order("x", descending=False) == [0, 4, 8, 1, 5, 9, 2, 6, 10, 3, 7, 11]
    assert table.default_column == "y"


def test_bins_of_a_reference_with_a_longer_axis_are_found_by_their_edges() -> None:
    longer = histogram([1, 10, 20, 30, 40, 9], axis(4, 0, 4))
    assert of_reference(histogram([0] * 4, axis(2, 0, 2)), longer) == [1, 10, 20, None]
    assert of_reference(longer, histogram([7, 5, 6, 8], axis(2, 2, 4))) == [None, None, None, 5, 6, 8]


def test_labelled_bins_of_a_reference_are_found_by_their_labels() -> None:
    mine = histogram([0] * 5, axis(3, 0, 3, ("a", "b", "c")))
    assert of_reference(mine, histogram([1, 10, 30, 2], axis(2, 0, 2, ("a", "c")))) == [1, 10, None, 30, None]
    repeated = histogram([0, 1, 2, 3, 0], axis(3, 0, 3, ("a", "a", "c")))
    assert of_reference(mine, repeated) == [0, 1, None, 3, 0], "labels that are not unique need the same edges"


def test_a_reference_of_other_bins_or_dimensions_has_no_values() -> None:
    mine = histogram([0] * 4, axis(2, 0, 2))
    for other in (histogram([0] * 3, axis(1, 5, 6)), histogram([0] * 12, axis(2, 0, 2), axis(1, 0, 1)), None):
        table = BinTable(mine, [other])
        assert not table.has_bins_of(1)
        assert table.order("content1", descending=True) == [0, 1, 2, 3]


def test_cells_of_a_smaller_map_are_found_in_a_larger_one() -> None:
    large = histogram(list(range(5 * 4)), axis(3, 0, 3), axis(2, 0, 2))
    small = histogram([0] * 3 * 3, axis(1, 1, 2), axis(1, 0, 1))
    assert of_reference(small, large) == [None, 2, None, None, 5 + 2, None, None, None, None]


def test_the_csv_names_labels_and_marks_missing_values() -> None:
    mine = histogram([0, None, 4, 0], axis(2, 0, 2, ("=1+1", "b, c")))
    lines = "".join(BinTable(mine, [histogram([9, 7, 9], axis(1, 0, 1, ("b, c",)))]).csv(range(4), ["old"])).splitlines()
    assert lines == [
        "x bin,x from,x to,x label,content,error,content of old,error of old",
        "underflow,-inf,0,,0,0,9,3",
        "1,0,1,'=1+1,nan,nan,,",
        f'2,1,2,"b, c",4,2,7,{math.sqrt(7)}',
        "overflow,2,inf,,0,0,,",
    ]


def test_the_csv_tells_references_of_one_label_apart() -> None:
    mine = histogram([0, 5, 0], axis(1, 0, 1))
    heading = next(BinTable(mine, [mine, mine, mine]).csv(range(1), ["old", "new", "old"])).strip()
    assert heading.split(",")[5:] == [
        *("content of old (reference 1)", "error of old (reference 1)"),
        *("content of new", "error of new"),
        *("content of old (reference 3)", "error of old (reference 3)"),
    ]


@pytest.mark.parametrize("count", [0, 1000, 2500])
def test_a_long_csv_is_made_in_parts(count: int) -> None:
    table = BinTable(histogram([0] * 2602, axis(2600, 0, 1)))
    parts = list(table.csv(range(count), []))
    assert len(parts) == 1 + math.ceil(count / 1000)
    assert sum(part.count("\n") for part in parts) == 1 + count
