"""The choice of runs: the latest ones, a range, a list, or those of a golden JSON."""

from __future__ import annotations

import re
from dataclasses import dataclass

from app.trends.errors import InvalidQuery
from app.trends.models import LARGEST_RUN

LATEST = 50
"""Runs that are shown without a choice."""
MOST_LATEST = 100_000

EXPECTED = "expected latest:50, 355000-356000, 355001,355004 or golden:<hash>"


@dataclass(frozen=True)
class RunChoice:
    """Which runs are wanted; as text `latest:50`, `355000-356000`, `355001,355004` or `golden:<hash>`.

    Exactly one of the fields is set.

    Attributes:
        latest: Number of the newest runs that have points for the selection and meet the conditions.
        first_last: First and last run of a range.
        runs: Single runs, ascending.
        golden: Hash of the content of a golden JSON that this hub has.
    """

    latest: int = 0
    first_last: tuple[int, int] | None = None
    runs: tuple[int, ...] = ()
    golden: str = ""

    @classmethod
    def parse(cls, text: str) -> RunChoice:
        """The choice that a text names; the latest LATEST runs without one. Raises InvalidQuery."""
        text = re.sub(r"\s", "", text)
        if not text:
            return cls(latest=LATEST)
        if match := re.fullmatch(r"latest:([0-9]{1,9})", text):
            return cls.newest(int(match[1]))
        if match := re.fullmatch(r"golden:([0-9a-f]{12,64})", text):
            return cls(golden=match[1])
        if match := re.fullmatch(r"([0-9]{1,10})-([0-9]{1,10})", text):
            return cls.between(int(match[1]), int(match[2]))
        if re.fullmatch(r"[0-9]{1,10}(,[0-9]{1,10})*", text):
            return cls.of([int(number) for number in text.split(",")])
        raise InvalidQuery(f"{text[:100]!r} is no choice of runs: {EXPECTED}")

    @classmethod
    def newest(cls, count: int) -> RunChoice:
        """The newest runs. Raises InvalidQuery."""
        if not 1 <= count <= MOST_LATEST:
            raise InvalidQuery(f"The number of the latest runs is {count}: expected 1 to {MOST_LATEST}")
        return cls(latest=count)

    @classmethod
    def between(cls, first: int, last: int) -> RunChoice:
        """The runs from first to last. Raises InvalidQuery."""
        if first > last:
            raise InvalidQuery(f"The range of runs ends before it begins: {first}-{last}")
        return cls(first_last=(min(first, LARGEST_RUN), min(last, LARGEST_RUN)))

    @classmethod
    def of(cls, runs: list[int]) -> RunChoice:
        """Single runs. Raises InvalidQuery."""
        wanted = tuple(sorted({run for run in runs if run <= LARGEST_RUN}))
        if not wanted:
            raise InvalidQuery(f"No possible run is named: {EXPECTED}")
        return cls(runs=wanted)

    def __str__(self) -> str:
        if self.latest:
            return f"latest:{self.latest}"
        if self.first_last:
            return "{}-{}".format(*self.first_last)
        return f"golden:{self.golden}" if self.golden else ",".join(map(str, self.runs))
