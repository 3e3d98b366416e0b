"""Metrics of the readout boxes of HCAL, from maps of eta and phi: one map for each of three depths."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from app.trends.histogram import Cells
from app.trends.metrics.hcal_boxes import bins_of_depth
from app.trends.metrics.metric import Inputs, MetricValue


@dataclass(frozen=True)
class RBXMean:
    """The mean content of the cells of a readout box that are not 0, without error; 0 without such cells, or for an unknown box.

    Main monitor element, `histo1` and `histo2` are the maps of the three depths; depth 0 stands for none. The original takes all
    contents from the first map; here each cell is read from that of its own depth.
    """

    box: str
    depths: tuple[int, int, int]

    def compute(self, inputs: Inputs) -> MetricValue:
        """The mean."""
        contents = _filled_cells(self.box, self.depths, inputs)
        return MetricValue(float(contents.mean()) if contents.size else 0.0)


@dataclass(frozen=True)
class RBXCountNonZeroChan:
    """The number of cells of a readout box that are not 0, without error."""

    box: str
    depths: tuple[int, int, int]

    def compute(self, inputs: Inputs) -> MetricValue:
        """The number."""
        return MetricValue(float(_filled_cells(self.box, self.depths, inputs).size))


def _filled_cells(box: str, depths: tuple[int, int, int], inputs: Inputs) -> Cells:
    """The contents that are not 0 of the cells of a box, float64 (cells,); of two maps of one depth the first that is not 0."""
    contents: dict[int, Cells] = {}
    for name, depth in zip(("main", "histo1", "histo2"), depths, strict=True):
        eta, phi = bins_of_depth(box, depth)
        if not eta.size:
            continue
        found = (inputs.main if name == "main" else inputs.need(name)).contents_at(eta, phi)
        contents[depth] = np.where(contents[depth] != 0, contents[depth], found) if depth in contents else found
    cells: Cells = np.concatenate([*contents.values(), np.zeros(0)])
    filled: Cells = cells[cells != 0]
    return filled
