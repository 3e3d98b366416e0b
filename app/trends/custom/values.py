"""Computing the values of a requested trend, one sample after the other, each stored at once."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from hashlib import sha256
from typing import NamedTuple

from app.formats import FileReplaced, FormatError
from app.gui.catalog.catalog import OpenSample
from app.gui.errors import GuiError
from app.queue.execution import report
from app.queue.models import BackgroundJob
from app.trends.computing import compute
from app.trends.custom.models import RequestedTrend
from app.trends.custom.requests import TrendRequest
from app.trends.custom.store import PointKey, StoredValue, begin, store_value
from app.trends.outcomes import Computation, Outcome, SampleFile

IMPORT_WAIT_S = 600.0
"""Longest wait for the list of a file that another process reads."""


class WantedValue(NamedTuple):
    """A value to compute: what makes it opens the file, says which version of it that is, and computes the value."""

    key: PointKey
    open: Callable[[], OpenedValue]


class OpenedValue(NamedTuple):
    """A sample that is open."""

    file: str  # a tag of the files that are read
    compute: Callable[[], StoredValue]


def compute_values(job: BackgroundJob, trend: RequestedTrend, wanted: Iterable[WantedValue], note: str) -> None:
    """Compute what is missing, in this order; running again after an end of any kind goes on where it was.

    Raises `JobCancelled` when the job was cancelled; points so far stay.
    """
    wanted = list(wanted)
    stored = begin(trend, (each.key for each in wanted), note)
    for done, each in enumerate(wanted):
        report(job, done / len(wanted), f"{done:,} of {len(wanted):,} files")
        _compute(trend, each, stored.get(each.key))


def _compute(trend: RequestedTrend, wanted: WantedValue, stored: StoredValue | None) -> None:
    try:
        opened = wanted.open()
        if stored and stored.file == opened.file:
            return
        value = opened.compute()
    except (GuiError, OSError, FileReplaced, FormatError, MemoryError) as error:
        reason = f"The file cannot be read: {str(error) or type(error).__name__}"
        value = StoredValue(None, None, reason.replace("\0", " "), "")  # NUL is no text for PostgreSQL
    if value != stored:
        store_value(trend, wanted.key, value)


def sample_value(sample: OpenSample, request: TrendRequest) -> StoredValue:
    """The value of a request in a sample, or why it has none."""
    if missing := missing_element(sample, request):
        return StoredValue(None, None, missing, file_tag(sample))
    file = SampleFile(sample.url, sample.format, sample.file_version, sample.names, sample.columns)
    (outcome,) = compute(file, [Computation(0, request.metric, request.paths, 0)]).outcomes
    return stored_outcome(outcome, file_tag(sample))


def file_tag(*samples: OpenSample) -> str:
    """A text that changes with the files of samples, or with their versions."""
    return sha256("\n".join(sample.identity for sample in samples).encode(errors="surrogateescape")).hexdigest()[:16]


def missing_element(sample: OpenSample, request: TrendRequest) -> str:
    """Which monitor element of a request a sample lacks, as a sentence; "" for none."""
    missing = (path for path in request.paths.values() if sample.names.find(path.encode()) is None)
    return next((f"The file has no monitor element {path}" for path in missing), "")


def stored_outcome(outcome: Outcome, file: str) -> StoredValue:
    """An outcome as it is stored. file: tag of the files that were read."""
    value, error = outcome.value or (None, None)
    return StoredValue(value, error, outcome.reason, file)
