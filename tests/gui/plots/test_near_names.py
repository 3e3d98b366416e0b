"""Names of MEs that are similar to one that does not exist."""

from __future__ import annotations

import pytest

from app.formats import MENames
from app.gui.plots.near_names import NameIndex, near_names

NAMES = MENames(sorted([b"A/charge_layer_1", b"A/charge_layer_2", b"A/other", b"B/Hits", b"C/hits", b"D/\xff\xfe"]))


@pytest.mark.parametrize(
    ("path", "near"),
    [
        (b"A/charge_layer_3", [b"A/charge_layer_1", b"A/charge_layer_2"]),
        (b"A/hits", [b"C/hits", b"B/Hits"]),
        (b"hits", [b"C/hits", b"B/Hits"]),
        (b"A/nothing_like_it", []),
        (b"D/\xff\xfd", [b"D/\xff\xfe"]),
        (b"A/", []),
        (b"", []),
    ],
)
def test_similar_names_in_the_folder_come_before_the_same_name_elsewhere(path: bytes, near: list[bytes]) -> None:
    assert near_names(NAMES, path) == near
    assert NameIndex(NAMES).near(path) == near


def test_the_nearest_name_of_a_large_folder_comes_first() -> None:
    names = MENames([b"A/histogram_%04d" % number for number in range(4_000)])
    assert near_names(names, b"A/histogram_39x99")[0] == b"A/histogram_3999"


def test_the_path_that_differs_least_comes_first_among_equal_names() -> None:
    names = MENames([b"DT/Run summary/hits", b"L1T/hits", b"Pixel/Run summary/hits"])
    assert near_names(names, b"Pxel/Run summary/hits")[0] == b"Pixel/Run summary/hits"


def test_an_index_finds_similar_names_in_other_folders_too() -> None:
    names = MENames([b"DT/occupancy", b"L1T/EventInfo/summary", b"Pixel/charge"])
    assert NameIndex(names).near(b"L1T/EventInof/sumary") == [b"L1T/EventInfo/summary"]
    assert NameIndex(names).near(b"DT/nothing like it") == []
    assert NameIndex(names).near(b"CSC/Somewhere/Else/sumary") == [], "half of the path is another one"
