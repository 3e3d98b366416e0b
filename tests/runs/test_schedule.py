"""When facts are fetched again."""

from __future__ import annotations

import pytest

from app.runs.schedule import DAY_S, oms_pause_s, retry_pause_s, rr_pause_s, run_retry_pause_s
from app.runs.settings import RunsSettings

DEFAULTS = RunsSettings()
NOW = 1_700_000_000.0


def within(pause_s: float | None, expected: float) -> bool:
    """Whether a pause is the expected one with a jitter of a tenth."""
    return pause_s is not None and 0.9 * expected <= pause_s <= 1.1 * expected


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        (NOW - 7200, NOW - 60, 120.0),  # just ended: the shortest pause
        (NOW - 90000, NOW - 86400, 8640.0),  # a day old: a tenth of its age
        (NOW - 3600, None, 300.0),  # ongoing
        (NOW - 10 * DAY_S, None, DAY_S),  # without an end for ten days: a tenth of its age
        (NOW + 50, NOW + 100, 120.0),  # of a clock that is ahead
    ],
)
def test_a_young_run_is_fetched_again_soon(start: float, end: float | None, expected: float) -> None:
    assert within(oms_pause_s(NOW, NOW, start, end, DEFAULTS), expected)


def test_an_old_run_is_not_fetched_again() -> None:
    assert oms_pause_s(NOW, NOW, NOW - 40 * DAY_S, NOW - 31 * DAY_S, DEFAULTS) is None


def test_an_unknown_run_is_fetched_ever_more_rarely_and_never_given_up() -> None:
    assert within(oms_pause_s(NOW, NOW - 60, None, None, DEFAULTS), 120.0)
    assert within(oms_pause_s(NOW, NOW - 100 * DAY_S, None, None, DEFAULTS), 10 * DAY_S)


def test_the_class_may_change_for_longer_than_other_facts() -> None:
    assert within(rr_pause_s(NOW, NOW, NOW - 60 * DAY_S, is_known=True, settings=DEFAULTS), 6 * DAY_S)
    assert rr_pause_s(NOW, NOW, NOW - 181 * DAY_S, is_known=True, settings=DEFAULTS) is None
    assert within(rr_pause_s(NOW, NOW - DAY_S, NOW - 181 * DAY_S, is_known=False, settings=DEFAULTS), 0.1 * DAY_S)
    assert within(rr_pause_s(NOW, NOW - 60, None, is_known=False, settings=DEFAULTS), 120.0)


def test_pauses_after_failures_double_to_a_limit_and_obey_the_source() -> None:
    assert 10 <= retry_pause_s(1) <= 12
    assert 40 <= retry_pause_s(3) <= 48
    assert 900 <= retry_pause_s(50) <= 1080
    assert retry_pause_s(1, 3600) >= 3600
    assert len({retry_pause_s(5) for _ in range(10)}) > 1  # jitter
    assert within(run_retry_pause_s(3, DEFAULTS), 480)
    assert within(run_retry_pause_s(5000, DEFAULTS), DAY_S)
