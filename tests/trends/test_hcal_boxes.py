"""The cells of the readout boxes of HCAL, compared with the table of the original."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from app.trends.metrics.hcal_boxes import box_cells


@pytest.fixture(scope="session")
def table(fixtures_dir: Path) -> dict[str, list[list[int]]]:
    """The cells (eta, phi, depth) of each box."""
    path = fixtures_dir / "hdqm" / "hcal_rbx_map.json"
    if not path.is_file():
        pytest.skip(f"real data is absent: {path}")
    found: dict[str, list[list[int]]] = json.loads(path.read_text())
    return found


def test_cells_of_every_box_are_those_of_the_table(table: dict[str, list[list[int]]]) -> None:
    assert len(table) == 124
    for box, cells in table.items():
        within = sorted(tuple(cell) for cell in cells if 0 < cell[0] < 85 and 0 < cell[1] < 73)
        assert sorted(box_cells(box)) == within, box


def test_unknown_box_has_no_cells() -> None:
    assert box_cells("HBX01") == ()
