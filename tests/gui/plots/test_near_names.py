"""Names of MEs that are similar to one that does not exist."""

from __future__ import annotations

import pytest

from app.formats import MENames
from app.gui.plots.near_names import MAX_CANDIDATES, MAX_NAMES, near_names

NAMES = MENames(sorted([b"A/charge_layer_1", b"A/charge_layer_2", b"A/other", b"B/Hits", b"C/hits", b"D/\xff\xfe"]))


@pytest.mark.parametrize(
    ("path", "near"),
    [
        (b"A/charge_layer_3", [b"A/charge_layer_2", b"A/charge_layer_1"]),
        (b"A/hits", [b"B/Hits", b"C/hits"]),
        (b"hits", [b"B/Hits", b"C/hits"]),
        (b"A/nothing_like_it", []),
        (b"D/\xff\xfd", [b"D/\xff\xfe"]),
        (b"A/", []),
        (b"", []),
    ],
)
def test_similar_names_in_the_folder_come_before_the_same_name_elsewhere(path: bytes, near: list[bytes]) -> None:
    assert sorted(near_names(NAMES, path)) == sorted(near)


def test_large_folder_is_not_compared_completely() -> None:
    names = MENames([b"A/histogram_%05d" % number for number in range(10_000)])
    found = near_names(names, b"A/histogram_09999x")
    assert len(found) == MAX_NAMES
    assert all(int(name[-5:]) < MAX_CANDIDATES for name in found)
