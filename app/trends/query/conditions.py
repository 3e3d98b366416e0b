"""Conditions that runs must meet."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from app.trends.errors import InvalidQuery
from app.trends.query.run_columns import NO, YES, RunColumns

SIGNIFICANT, ALL, KNOWN = SIGNIFICANCES = ("yes", "all", "known")
"""Values of `significant`."""


@dataclass(frozen=True)
class RunConditions:
    """Which runs are shown.

    Attributes:
        significant: "yes": runs that are known as not significant are hidden; "all": they are shown; "known": only runs that are known
            as significant are shown.
        run_class: Part of the class in the Run Registry, such as Collisions23 or Cosmics, in any case; "" for any class.
    """

    significant: str = SIGNIFICANT
    run_class: str = ""

    def __post_init__(self) -> None:
        if self.significant not in SIGNIFICANCES:
            raise InvalidQuery(f"The value of significant is {self.significant[:50]!r}: expected {', '.join(SIGNIFICANCES)}")

    def met_by(self, runs: RunColumns) -> NDArray[np.bool_]:
        """Whether each run meets them. Runs of unknown significance do; runs of unknown class only if any class does."""
        met = np.ones(len(runs), dtype=bool)
        if self.significant == SIGNIFICANT:
            met &= runs.significant != NO
        elif self.significant == KNOWN:
            met &= runs.significant == YES
        if self.run_class:
            wanted = self.run_class.lower()
            fitting = np.array([wanted in name.lower() for name in runs.classes], dtype=bool)
            met &= fitting[runs.class_index] if len(fitting) else False
        return met
