"""Steps in a series: where its level changes, found by binary segmentation of the robustly standardised points.

1. The unit is the noise of one point: the median of the differences of neighbours, so that steps and slow changes are no noise.
2. Points of a part of the series are clipped at 3 sigma from its median, or 3 robust sigma of the part if that is more: outliers and
   heavy tails count little. Sigma is then that of the clipped points, by differences of neighbours, or of means of 10 points if it is
   larger, since conditions often last for several runs.
3. Wherever there are at least 5 points on both sides, the means of both sides are compared: T = sqrt(k (n - k) / n) |difference| / sigma.
   For n independent points without a step, the probability that T exceeds `threshold(n)` anywhere is at most 0.5 % (Bonferroni).
4. If the largest T does, the part has a step there, unless a straight line describes it better. Then it has a step only if that is as
   significant beside the line, and else a slope.
5. A part without a step is searched again, minus its slope, for short excursions: the means of the 5, 10, 20, ... points before and
   after each place are compared, with a probability of at most 0.5 % that there is one by chance.
6. Both sides of a step are searched in the same way, the most significant step first, until there are 10. At last each step is
   searched again between its neighbours.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from app.trends.analysis.step_search import LEAST_POINTS, Candidate, search
from app.trends.analysis.values import SIGMA_PER_MAD, Floats, as_floats, median, quiet

MOST_STEPS = 10


@dataclass(frozen=True, slots=True)
class Step:
    """A change of the level.

    Attributes:
        index: The first point after it, in the array that was searched.
        shift: New level minus old level, in the unit of the values.
        sigmas: `shift` in units of the noise of one point.
        significance: T, see above.
    """

    index: int
    shift: float
    sigmas: float
    significance: float


class Slope(NamedTuple):
    """A part of the series that changes slowly.

    Attributes:
        first, last: Its first and last point, in the array that was searched.
        change: Change over it by a straight line, in the unit of the values.
        sigmas: `change` in units of the noise of one point.
    """

    first: int
    last: int
    change: float
    sigmas: float


class Drift(NamedTuple):
    """What a search found, in the order of the points."""

    steps: list[Step]
    slopes: list[Slope]


@quiet
def find_drift(values: ArrayLike) -> Drift:
    """The steps and slopes of a series.

    Args:
        values: Shape (n), in the order of the runs. NaN: no point; gaps do not matter.
    """
    everything = as_floats(values)
    places = np.flatnonzero(np.isfinite(everything))
    points = everything[places]
    noise = _noise(points)
    if not 0 < noise < math.inf:
        return Drift([], [])
    standardised = (points - median(points)) / noise
    if not np.isfinite(standardised).all():  # of values near the largest number
        return Drift([], [])
    steps, slopes = _segments(standardised)
    return Drift(
        [Step(int(places[at]), shift * noise, shift, t) for at, shift, t in steps if math.isfinite(shift * noise)],
        [
            Slope(int(places[first]), int(places[last]), change * noise, change)
            for first, last, change in sorted(slopes)
            if math.isfinite(change * noise)
        ],
    )


def _noise(points: Floats) -> float:
    """Standard deviation of a point by differences of neighbours; 0 for a constant series and one of too few points."""
    if len(points) < 2 * LEAST_POINTS:
        return 0.0
    differences = np.abs(np.diff(points))
    robust = SIGMA_PER_MAD * median(differences) / math.sqrt(2)
    # More than half of the points are equal to their neighbour, as of a counter: the mean of |N(0, 2 sigma²)| is 2 sigma / sqrt(pi).
    return robust or float(differences.mean()) * math.sqrt(math.pi) / 2


def _segments(points: Floats) -> tuple[list[tuple[int, float, float]], list[tuple[int, int, float]]]:
    """Steps (first point after it, shift, T) and slopes (first point, last point, change) of standardised points."""
    open_parts, done, steps = [search(points, 0, len(points))], list[Candidate](), list[Candidate]()
    while open_parts:
        best = max(open_parts, key=lambda part: part.significance)
        open_parts.remove(best)
        if best.at < 0 or len(steps) == MOST_STEPS:
            done.append(best)
            continue
        steps.append(best)
        open_parts += [search(points, best.first, best.at), search(points, best.at, best.end)]
    slopes = [(part.first, part.end - 1, part.change) for part in done if part.change and part.at < 0]
    return _refined(points, steps), slopes


def _refined(points: Floats, steps: list[Candidate]) -> list[tuple[int, float, float]]:
    """Each step once more between the ones before and after it: it was found in a part that had others."""
    steps = sorted(steps, key=lambda step: step.at)
    found, before = [], 0
    for index, step in enumerate(steps):
        again = search(points, before, steps[index + 1].at if index + 1 < len(steps) else len(points))
        best = again if again.at >= 0 else step
        found.append((best.at, best.shift, best.significance))
        before = best.at
    return found
