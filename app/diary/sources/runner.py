"""Scanning a source: its observations are stored with its cursor; when it fails, the next scan waits longer each time."""

from __future__ import annotations

import json
import random
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, NamedTuple

from app.core.settings import Settings
from app.core.text import one_line
from app.diary.errors import DiaryError
from app.diary.models import DiarySource
from app.diary.observations.quarantine import quarantine
from app.diary.observations.store import StoreCounts, lock, lose, missing, store
from app.diary.settings import DiarySettings
from app.diary.sources.source import JobSource
from app.queue.failure_log import log_failure, log_success

LONGEST_PAUSE_S = 300.0
"""Longest pause after failed scans."""
MAX_PROBED = 500
MAX_CURSOR = 1 << 20
"""Longest JSON of a cursor, characters."""
ERROR_CHARS = 500


class Report(NamedTuple):
    """What one scan did."""

    found: int  # new jobs
    changed: int
    seen: int  # observations that could be used
    quarantined: int
    lost: int
    duration_s: float


def source_state(name: str) -> DiarySource:
    """The state of a source; a row that is not stored before its first scan."""
    found: DiarySource | None = DiarySource.get_or_none(DiarySource.name == name)
    return found or DiarySource(name=name)


@contextmanager
def scanning_task(source: JobSource, settings: Settings, _: object) -> Iterator[Callable[[], None]]:
    """The periodic task of a source. A failed scan is stored, so that /status and the page show it."""

    def step() -> None:
        if 0 < source_state(source.name).next_try - time.time() <= LONGEST_PAUSE_S:  # the clock may have jumped
            return
        try:
            scan_source(source, settings)
        except Exception as error:  # whatever a source raises: it is repeated
            record_failure(source, error)
            log_failure(f"jobs of {source.name}", error)
        else:
            log_success(f"jobs of {source.name}")

    yield step


def scan_source(source: JobSource, settings: Settings) -> Report:
    """JobScan a source once and store what it says."""
    begin, state, diary = time.monotonic(), source_state(source.name), settings.of(DiarySettings)
    cycle = state.cycle + 1
    scan = source.scan(json.loads(state.cursor))
    cursor = json.dumps(scan.cursor, allow_nan=False)
    if len(cursor) > MAX_CURSOR:
        raise ValueError(f"The cursor of {source.name} has more than {MAX_CURSOR:,} characters")
    now = time.time()

    def finish(counts: StoreCounts) -> None:
        values = {"cursor": cursor, "scans": state.scans + 1, "cycle": cycle if scan.complete else state.cycle}
        _record_success(source.name, state.scans, values, counts, now, time.monotonic() - begin)
        quarantine(source.name, [*counts.refused, *scan.quarantined], now, diary.diary_quarantine_rows)

    counts = store(source.name, scan.observations, now, cycle, finish)
    lost = _follow_missing(source, cycle, now, diary) if scan.complete else 0
    quarantined = len(counts.refused) + len(scan.quarantined)
    return Report(counts.found, counts.changed, counts.seen, quarantined, lost, time.monotonic() - begin)


def _follow_missing(source: JobSource, cycle: int, now: float, diary: DiarySettings) -> int:
    """Ask again about the jobs that complete scans do not show any more; the others are lost. Returns their number."""
    limit = cycle, diary.diary_lost_cycles, now - diary.diary_lost_s
    if keys := missing(source.name, *limit, limit=MAX_PROBED):
        counts = store(source.name, source.probe(keys), now, cycle)
        quarantine(source.name, counts.refused, now, diary.diary_quarantine_rows)
    return lose(source.name, *limit, now=now)


def _record_success(name: str, scans: int, values: Mapping[str, Any], counts: StoreCounts, now: float, duration_s: float) -> None:
    """Note a scan, and its cursor unless another scan has stored one meanwhile, which may be further."""
    DiarySource.update(**values).where(DiarySource.name == name, DiarySource.scans == scans).execute()
    result = {"found": counts.found, "changed": counts.changed, "skew_s": counts.skew_s, "duration_s": duration_s}
    good = {"last_ok": now, "error": "", "failures": 0, "next_try": 0.0}
    DiarySource.update(**result, **good).where(DiarySource.name == name).execute()


def failure_text(error: Exception) -> str:
    """Why a scan failed, for people: a sentence of the diary as it is, the words of the system without their number."""
    if isinstance(error, OSError) and error.strerror:
        return one_line(f"{error.filename}: {error.strerror}" if error.filename else error.strerror)
    return one_line(str(error) if isinstance(error, DiaryError) else f"{type(error).__name__}: {error}")


def record_failure(source: JobSource, error: Exception) -> None:
    """Note a failed scan; the next one waits twice as long each time, with jitter, for at most LONGEST_PAUSE_S."""
    lock(source.name)
    failures = source_state(source.name).failures + 1
    pause_s = min(max(source.period_s, 1.0) * 2.0 ** min(failures, 20), LONGEST_PAUSE_S) * random.uniform(0.5, 1.0)
    text = failure_text(error)[:ERROR_CHARS]
    values = {"error": text, "failures": failures, "next_try": time.time() + pause_s}
    DiarySource.update(**values).where(DiarySource.name == source.name).execute()
