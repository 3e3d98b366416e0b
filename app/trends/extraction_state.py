"""The stored state of the extraction of one run of a dataset."""

from __future__ import annotations

import time
from typing import NamedTuple

from peewee import JOIN

from app.core.database import rows
from app.formats import FileVersion
from app.trends.models import TrendExtraction, TrendFile
from app.trends.states import DONE

LONGEST_PAUSE_S = 86400.0


class Target(NamedTuple):
    """What is extracted."""

    dataset: int  # id
    run: int


class SeenSample(NamedTuple):
    """The state of a sample when it was opened. If it is another one by now, the sample is due again."""

    file: int  # id of its newest file
    version: int  # of its list of monitor elements


class Counts(NamedTuple):
    """Numbers of trends."""

    points: int
    without_point: int  # the metric has no result
    absent: int  # the file lacks a monitor element


class Extraction(NamedTuple):
    """How the last extraction ended."""

    state: str
    tries: int  # failures in a row
    activated: int  # the newest version of a trend that was computed
    counts: Counts
    url: str  # file of the points; "" before the first success
    version: FileVersion | None  # of this file

    def is_of(self, url: str, version: FileVersion) -> bool:
        """Whether the points are of this version of a file."""
        return (self.url, self.version) == (url, version)


def load_extraction(target: Target) -> Extraction | None:
    """The stored state, or None before the first extraction."""
    state = TrendExtraction
    fields = (state.state, state.tries, state.activated, state.points, state.without_point, state.absent)
    query = state.select(*fields, TrendFile.url, TrendFile.size, TrendFile.mtime_ns)
    query = query.join(TrendFile, JOIN.LEFT_OUTER, on=(state.file == TrendFile.id))
    found = rows(query.where(state.dataset == target.dataset, state.run == target.run))
    if not found:
        return None
    name, tries, activated, points, without_point, absent, url, size, mtime_ns = found[0]
    version = FileVersion(size, mtime_ns) if url else None
    return Extraction(name, tries, activated, Counts(points, without_point, absent), url or "", version)


def store_success(target: Target, sample: SeenSample, file: int, activated: int, counts: Counts, bytes_read: int) -> None:
    """Store that the points of a file are complete."""
    values = {"state": DONE, "error": "", "tries": 0, "next_try": 0.0, "file": file, "activated": activated, "bytes_read": bytes_read}
    _store(target, {**values, **counts._asdict(), **_seen(sample)})


def store_failure(target: Target, sample: SeenSample, state: str, reason: str, tries: int, pause_s: float) -> None:
    """Store why a file is read again later, after a pause that doubles with each failure in a row."""
    pause_s = min(pause_s * 2.0 ** min(tries - 1, 30), LONGEST_PAUSE_S)
    _store(target, {"state": state, "error": reason, "tries": tries, "next_try": time.time() + pause_s, **_seen(sample)})


def retry_now(dataset: int, run: int) -> None:
    """Let a file that failed be due at once: somebody has asked for it."""
    TrendExtraction.update(next_try=0.0).where(TrendExtraction.dataset == dataset, TrendExtraction.run == run).execute()


def store_seen(target: Target, sample: SeenSample, activated: int) -> None:
    """Store that a file was looked at whose points are not used: those of another one are complete."""
    _store(target, {"state": DONE, "error": "", "tries": 0, "next_try": 0.0, "activated": activated, **_seen(sample)})


def _seen(sample: SeenSample) -> dict[str, int]:
    return {"sample_file": sample.file, "sample_version": sample.version}


def _store(target: Target, changes: dict[str, object]) -> None:
    changes = {"finished": time.time(), **changes}
    defaults = {"state": DONE, "error": "", "tries": 0, "next_try": 0.0, "activated": 0, "bytes_read": 0, **Counts(0, 0, 0)._asdict()}
    insert = TrendExtraction.insert(**{**defaults, **changes, **target._asdict()})
    insert.on_conflict(conflict_target=[TrendExtraction.dataset, TrendExtraction.run], update=changes).execute()
