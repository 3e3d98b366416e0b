"""The cells of the readout boxes of HCAL, from hcal_boxes.toml."""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

PHI_BINS = 72


class Cell(NamedTuple):
    """A cell: bins of eta and phi in the map of a depth."""

    eta: int
    phi: int
    depth: int


@cache
def bins_of_depth(box: str, depth: int) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """The bins of eta and of phi of the cells of a box in the map of one depth, two arrays of one length."""
    cells = [cell for cell in box_cells(box) if cell.depth == depth]
    return np.array([cell.eta for cell in cells], np.intp), np.array([cell.phi for cell in cells], np.intp)


def box_cells(box: str) -> tuple[Cell, ...]:
    """The cells of a box, in the order of eta, phi and depth; none for an unknown name."""
    return _boxes().get(box, ())


@cache
def _boxes() -> dict[str, tuple[Cell, ...]]:
    families = tomllib.loads(Path(__file__).with_suffix(".toml").read_text())["family"]
    found = {}
    for family in families:
        first = [
            Cell(eta, phi, depth)
            for group in family["cells"]
            for eta in _numbers(group["eta"])
            for phi in _numbers(group["phi"])
            for depth in _numbers(group["depth"])
        ]
        for index, box in enumerate(family["boxes"]):
            turned = (cell._replace(phi=(cell.phi - 1 + index * family["turn"]) % PHI_BINS + 1) for cell in first)
            found[box] = tuple(sorted(turned))
    return found


def _numbers(text: str) -> list[int]:
    """The numbers in a text like `1-3,7`."""
    numbers: list[int] = []
    for part in text.split(","):
        first, _, last = part.partition("-")
        numbers += range(int(first), int(last or first) + 1)
    return numbers
