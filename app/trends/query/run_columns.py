"""Facts of runs as columns."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

NO, YES, UNKNOWN = 0, 1, 2
"""Values of `significant`."""
NUMBERS = (
    *("fill", "start", "end", "duration", "delivered_lumi", "recorded_lumi", "end_lumi"),
    *("b_field", "energy", "l1_rate", "hlt_physics_rate"),
)


@dataclass(frozen=True)
class RunColumns:
    """Facts of n runs, in ascending order of their number. Not a number (NaN) stands for unknown.

    Attributes:
        run: int32 (n).
        fill: Number of the fill, float64 (n).
        start, end: Unix s UTC, float64 (n); `end` is unknown while the run goes on.
        duration: s. delivered_lumi, recorded_lumi: /pb. end_lumi: 1e34 cm⁻² s⁻¹. b_field: T. energy: GeV.
        l1_rate, hlt_physics_rate: Hz; all float64 (n).
        significant: NO, YES or UNKNOWN by the limits of this hub, uint8 (n).
        class_index: Index into `classes`, int32 (n).
        classes: Classes in the Run Registry; "" for unknown.
    """

    run: NDArray[np.int32]
    fill: NDArray[np.float64]
    start: NDArray[np.float64]
    end: NDArray[np.float64]
    duration: NDArray[np.float64]
    delivered_lumi: NDArray[np.float64]
    recorded_lumi: NDArray[np.float64]
    end_lumi: NDArray[np.float64]
    b_field: NDArray[np.float64]
    energy: NDArray[np.float64]
    l1_rate: NDArray[np.float64]
    hlt_physics_rate: NDArray[np.float64]
    significant: NDArray[np.uint8]
    class_index: NDArray[np.int32]
    classes: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.run)

    @property
    def run_class(self) -> list[str]:
        """The class of each run."""
        return [self.classes[index] for index in self.class_index]

    def where(self, chosen: NDArray[Any]) -> RunColumns:
        """Some of the runs: a mask, or indexes in ascending order."""
        arrays = {field.name: getattr(self, field.name)[chosen] for field in fields(self) if field.name != "classes"}
        return RunColumns(**arrays, classes=self.classes)
