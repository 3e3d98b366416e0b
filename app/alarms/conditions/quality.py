"""Quality tests of monitor elements (MEs) that fail."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from app.alarms.conditions.base import Broken, Condition, LimitField, WatchedPlots, is_among, path_text
from app.core.text import one_line
from app.formats import ERROR
from app.gui.catalog.catalog import OpenSample
from app.gui.quality import FAILING, STATUS_CODES, STATUSES, failing_mes, sorted_tests

CHOICES = tuple((STATUSES[code].name, STATUSES[code].badge.text) for code in FAILING)


class FailingTests(Condition):
    """The worst status of the quality tests of an ME is one of those chosen."""

    name = "quality"
    title = "Quality tests fail"
    position = 10
    fields = (LimitField("statuses", "Statuses", "choices", ("error",), choices=CHOICES),)

    def broken(self, watched: WatchedPlots, limits: Mapping[str, Any]) -> Iterable[Broken]:
        """The MEs whose worst status is chosen, the worst first."""
        chosen = {STATUS_CODES[name] for name in limits["statuses"]}
        for code, indices in zip(FAILING, failing_mes(watched.sample.columns), strict=True):
            if code in chosen:
                yield from _among(watched.sample, code, indices, watched.mes)


def _among(sample: OpenSample, code: int, failing: Sequence[int], mes: Sequence[int]) -> Iterator[Broken]:
    for index in failing:
        if is_among(mes, index):
            yield Broken(path_text(sample.names[index]), _detail(sample, index, code), is_error=code == ERROR)


def _detail(sample: OpenSample, index: int, code: int) -> str:
    """The worst test with its message, and the number of others with the same status."""
    tests = [test for test in sorted_tests(sample.facts, index) if test.status == code]
    status = STATUSES[code].badge.text
    if not tests:
        return f"quality status {status}"
    more = f" (and {len(tests) - 1} more)" if len(tests) > 1 else ""
    return one_line(f"{tests[0].name}: {status}{': ' if tests[0].message else ''}{tests[0].message}")[:500] + more


CONDITION = FailingTests
