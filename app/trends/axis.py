"""An axis of a histogram, with the bin numbers of ROOT: 0 is the underflow, 1 to `count` are the bins, `count` + 1 is the overflow."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

UNKNOWN = -1
"""The bin of a label that the axis lacks; its content is that of the underflow, as `TH1::GetBinContent` of a number below 0."""


@dataclass(frozen=True)
class BinnedAxis:
    """An axis.

    Attributes:
        low, high: Ends of the axis.
        count: Number of bins without underflow and overflow.
        edges: float64 (count + 1,), or None for bins of equal width.
        labels: Bin number of each label.
        first, last: The bins that statistics use.
        is_restricted: Whether a part of the axis was chosen (`TAxis::SetRange`), so that statistics come from bins.
        can_extend: Whether ROOT may add bins.
        is_alphanumeric, is_numeric: The bits of ROOT for an axis whose labels are filled by name, and for one that must not have such.
    """

    low: float
    high: float
    count: int
    edges: NDArray[np.float64] | None = None
    labels: Mapping[str, int] = field(default_factory=dict)
    first: int = 1
    last: int = 0
    is_restricted: bool = False
    can_extend: bool = False
    is_alphanumeric: bool = False
    is_numeric: bool = False

    def __post_init__(self) -> None:
        if not self.is_restricted:
            object.__setattr__(self, "first", 1)
            object.__setattr__(self, "last", self.count)

    @property
    def all_edges(self) -> NDArray[np.float64]:
        """The edges of the bins, float64 (count + 1,)."""
        return np.linspace(self.low, self.high, self.count + 1) if self.edges is None else self.edges

    def center(self, number: int) -> float:
        """The center of a bin, as `TAxis::GetBinCenter`; bins outside continue with the mean width."""
        return float(self.centers(np.array([number]))[0])

    def centers(self, numbers: NDArray[np.int64]) -> NDArray[np.float64]:
        """The centers of some bins, float64 of the shape of `numbers`."""
        mean_width = (self.high - self.low) / self.count
        centers = np.asarray(self.low + (numbers - 0.5) * mean_width, np.float64)
        if self.edges is not None:
            inside = (numbers >= 1) & (numbers <= self.count)
            within = np.clip(numbers, 1, self.count)
            centers[inside] = 0.5 * (self.edges[within - 1] + self.edges[within])[inside]
        return centers

    def bin_of(self, value: float) -> int:
        """The bin of a value, as `TAxis::FindFixBin`."""
        if value < self.low:
            return 0
        if not value < self.high:
            return self.count + 1
        if self.edges is not None:
            return int(np.searchsorted(self.edges, value, side="right"))
        return 1 + int(self.count * (value - self.low) / (self.high - self.low))

    def bin_of_label(self, label: str) -> int:
        """The bin of a label, as `TAxis::FindBin`; for an unknown one `UNKNOWN`, or the bin that ROOT would give it."""
        if label in self.labels:
            return self.labels[label]
        has_unnamed_bin = len(self.labels) != self.count
        if not self.is_alphanumeric and (self.is_numeric or (self.labels and has_unnamed_bin)):
            return UNKNOWN
        return len(self.labels) + 1
