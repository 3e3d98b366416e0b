"""When facts are fetched again: soon while a run is young, ever more rarely later, and with growing pauses after failures.

All pauses have a jitter, so that runs which were enrolled together are not fetched together for ever.
"""

from __future__ import annotations

from random import uniform

from app.runs.settings import RunsSettings

DAY_S = 86400.0
LONG_RUN_S = 3 * DAY_S
"""An ongoing run that began longer ago probably never gets an end in OMS."""
AGE_PART = 0.1
"""Facts are fetched again after this part of the age of the run."""
JITTER = 0.1

FIRST_RETRY_S, LAST_RETRY_S = 10.0, 900.0
"""Pause after the first failure of a source, which doubles with each further one, and its limit."""
LAST_RUN_RETRY_S = DAY_S
"""The limit of the pauses after failures for a single run."""


def _after_age(age_s: float, settings: RunsSettings) -> float:
    return max(settings.runs_refresh_s, AGE_PART * age_s) * uniform(1 - JITTER, 1 + JITTER)


def oms_pause_s(now: float, enrolled: float, start: float | None, end: float | None, settings: RunsSettings) -> float | None:
    """Time until a run is fetched again from OMS, s; None: never again.

    Args:
        now: Unix s UTC, as all times.
        enrolled: When the run was first wanted.
        start: Of the run; None if it is unknown to OMS.
        end: Of the run; None if it goes on or is unknown.
    """
    if end is not None:
        return _after_age(now - end, settings) if now - end <= settings.runs_oms_days * DAY_S else None
    if start is None:
        return _after_age(now - enrolled, settings)
    if now - start < LONG_RUN_S:
        return settings.runs_ongoing_s * uniform(1 - JITTER, 1 + JITTER)
    return _after_age(now - start, settings)


def rr_pause_s(now: float, enrolled: float, end: float | None, *, is_known: bool, settings: RunsSettings) -> float | None:
    """Time until a run is fetched again from the Run Registry, s; None: never again.

    Args:
        now: Unix s UTC, as all times.
        enrolled: When the run was first wanted.
        end: Of the run; None if it goes on or is unknown.
        is_known: Whether the Run Registry has the run.
        settings: Those of the area.
    """
    is_old = end is not None and now - end > settings.runs_rr_days * DAY_S
    if is_old and is_known:
        return None
    return _after_age(now - (enrolled if end is None or is_old else end), settings)


def retry_pause_s(failures: int, demanded_s: float = 0.0) -> float:
    """Pause of a source after so many failures in a row, s, at least the one that it demands."""
    pause_s = min(FIRST_RETRY_S * 2.0 ** min(failures - 1, 30), LAST_RETRY_S)
    return max(pause_s, demanded_s) * uniform(1.0, 1.0 + 2 * JITTER)


def run_retry_pause_s(failures: int, settings: RunsSettings) -> float:
    """Pause of a single run after so many failed attempts in a row, s."""
    return min(settings.runs_refresh_s * 2.0 ** min(failures - 1, 30), LAST_RUN_RETRY_S) * uniform(1 - JITTER, 1 + JITTER)
