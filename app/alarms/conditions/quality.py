"""Quality tests of monitor elements (MEs) that fail."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from app.alarms.conditions.base import Broken, Condition, LimitField, WatchedPlots, is_among, path_text
from app.core.text import one_line
from app.formats import ERROR
from app.gui.catalog.catalog import OpenSample
from app.gui.quality import FAILING, STATUS_CODES, STATUSES, failing_mes

MOST_DETAILED = 2000
"""MEs of a status whose tests are read: more than a rule stores alarms. That of 100,000 would take a second for each list."""

CHOICES = tuple((STATUSES[code].name, STATUSES[code].badge.text) for code in FAILING)


class FailingTests(Condition):
    """The worst status of the quality tests of an ME is one of those chosen."""

    name = "quality"
    title = "Quality tests fail"
    position = 10
    judges_plots = True
    fields = (LimitField("statuses", "Statuses", "choices", ("error",), choices=CHOICES),)

    def broken(self, watched: WatchedPlots, limits: Mapping[str, Any]) -> Iterable[Broken]:
        """The MEs whose worst status is chosen, the worst first."""
        chosen = {STATUS_CODES[name] for name in limits["statuses"]}
        for code, indices in zip(FAILING, failing_mes(watched.sample.columns), strict=True):
            if code in chosen:
                yield from _among(watched.sample, code, indices, watched.mes)


def _among(sample: OpenSample, code: int, failing: Sequence[int], mes: Sequence[int]) -> Iterator[Broken]:
    watched = (index for index in failing if is_among(mes, index))
    for count, index in enumerate(watched):
        detail = _detail(sample, index, code) if count < MOST_DETAILED else ""
        yield Broken(path_text(sample.names[index]), detail or f"quality status {STATUSES[code].badge.text}", is_error=code == ERROR)


def _detail(sample: OpenSample, index: int, code: int) -> str:
    """The first test of this status with its message, and the number of others; "" without any."""
    tests = [test for test in sample.facts.qtests.get(index, ()) if test.status == code]
    if not tests:
        return ""
    status = STATUSES[code].badge.text
    more = f" (and {len(tests) - 1} more)" if len(tests) > 1 else ""
    return one_line(f"{tests[0].name}: {status}{': ' if tests[0].message else ''}{tests[0].message}")[:500] + more


CONDITION = FailingTests
