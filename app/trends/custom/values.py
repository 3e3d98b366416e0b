"""Computing the values of a requested trend, one sample after the other, each stored at once."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from hashlib import sha256
from typing import NamedTuple

from app.core.settings import Settings
from app.core.text import counted
from app.formats import FileReplaced, FormatError
from app.gui.catalog.catalog import Catalog, OpenSample
from app.gui.errors import FileServerUnreachable, GuiError, Importing, ImportPostponed
from app.gui.samples import SampleKey
from app.gui.settings import GuiSettings
from app.queue.execution import report
from app.queue.models import BackgroundJob
from app.trends.computing_process import Limits, shared_process
from app.trends.custom.models import RequestedTrend
from app.trends.custom.requests import TrendRequest
from app.trends.custom.store import PointKey, StoredValue, begin, store_value
from app.trends.errors import SampleNotRead, UnreadableSample
from app.trends.outcomes import Computation, FileTask, SampleFile, encoded_payloads, file_task

OUTSIDE = (SampleNotRead, FileServerUnreachable, ImportPostponed, Importing)
"""Errors that say nothing of a file: it is read by the next attempt, and keeps its value until then."""

AHEAD = 4
"""The lists of so many of the next samples are read by other processes of the worker meanwhile."""

IMPORT_WAIT_S = 600.0
"""Longest wait for the list of a file that another process reads."""


class WantedValue(NamedTuple):
    """A value to compute."""

    sample: SampleKey
    earlier: SampleKey | None = None  # if what was filled since this snapshot is wanted

    @property
    def key(self) -> PointKey:
        """The key of its point."""
        return PointKey(self.sample.dataset, self.sample.run, self.sample.lumi)


class ValueReader:
    """Opens samples, and computes the values of a request from them in a limited process."""

    def __init__(self, request: TrendRequest, settings: Settings) -> None:
        gui = settings.of(GuiSettings)
        self.request = request
        self.catalog = Catalog(settings)
        self.interrupted: list[str] = []  # why files were not read that may be read soon
        self.limits = Limits(gui.import_memory_mb, gui.import_cpu_s, gui.remote_timeout_s)

    def value(self, wanted: WantedValue, stored: StoredValue | None) -> StoredValue:
        """The value, or why there is none; the stored one if its files are the same still."""
        try:
            samples = [self.catalog.open(key, IMPORT_WAIT_S) for key in (wanted.sample, wanted.earlier) if key]
            tag = file_tag(samples)
            return stored if stored and stored.file == tag else self._computed(samples, tag)
        except (GuiError, UnreadableSample, SampleNotRead, OSError, FileReplaced, FormatError, MemoryError) as error:
            if isinstance(error, OUTSIDE):
                self.interrupted.append(str(error))
                if stored and stored.file:
                    return stored
            reason = f"The file cannot be read: {str(error) or type(error).__name__}"
            return StoredValue(None, None, reason.replace("\0", " "), "")  # NUL is no text for PostgreSQL

    def prepare(self, samples: Iterable[SampleKey]) -> None:
        """Have a free process of the worker read the lists of samples that are wanted soon; without one they are read when opened."""
        for key in samples:
            with suppress(GuiError, OSError):  # the error is raised again when the sample is opened
                self.catalog.freshness(key)

    def _computed(self, samples: list[OpenSample], tag: str) -> StoredValue:
        request, names = self.request, samples[0].names
        for path in request.paths.values():
            if names.find(path.encode()) is None:
                return StoredValue(None, None, f"The file has no monitor element {path}", tag)
        task, *others = (self.task(sample) for sample in samples)
        for earlier in others:
            task = task._replace(earlier=encoded_payloads(earlier))
        return self.computed(task, tag)

    def computed(self, task: FileTask, tag: str) -> StoredValue:
        """The value of a task, whose files have this tag. Raises `UnreadableSample`."""
        (outcome,) = shared_process.compute(task, self.limits)
        value, error = outcome.value or (None, None)
        return StoredValue(value, error, outcome.reason, tag)

    def task(self, sample: OpenSample) -> FileTask:
        """What is computed from a sample."""
        file = SampleFile(sample.url, sample.format, sample.file_version, sample.names, sample.columns)
        return file_task(file, [Computation(0, self.request.metric, self.request.paths, 0)])


def file_tag(samples: Iterable[OpenSample]) -> str:
    """A text that changes with the files of samples, or with their versions."""
    return tag_of(sample.identity for sample in samples)


def tag_of(identities: Iterable[str]) -> str:
    """The tag of files by their path, size and time of change."""
    return sha256("\n".join(identities).encode(errors="surrogateescape")).hexdigest()[:16]


def compute_values(job: BackgroundJob, trend: RequestedTrend, reader: ValueReader, wanted: Iterable[WantedValue], note: str) -> None:
    """Compute what is missing, in this order; running again after an end of any kind goes on where it was.

    Raises `JobCancelled` when the job was cancelled; points so far stay. Raises `SampleNotRead`, for another attempt of the
    job, when files were not read for a reason outside of them.
    """
    wanted = list(wanted)
    stored = begin(trend, (each.key for each in wanted), note)
    for done, each in enumerate(wanted):
        report(job, done / len(wanted), f"{done:,} of {len(wanted):,} files")
        first = done + AHEAD if done else 1
        reader.prepare(next_one.sample for next_one in wanted[first : done + AHEAD + 1])
        before = stored.get(each.key)
        value = reader.value(each, before)
        if value != before:
            store_value(trend, each.key, value)
    if reader.interrupted:
        raise SampleNotRead(f"{counted(len(reader.interrupted), 'file')} could not be read now: {reader.interrupted[0]}")
