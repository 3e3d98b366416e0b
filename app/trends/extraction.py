"""The points of one run of a dataset, from its file.

An extraction may run more than once, and in two processes at a time: it stores the same points, all of them in one transaction.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

from app.core.database import is_sqlite, proxy, rows
from app.core.settings import Settings
from app.formats import FormatError
from app.gui.catalog.catalog import Catalog, OpenSample
from app.gui.catalog.stored import find_sample
from app.gui.errors import GuiError
from app.gui.samples import SampleKey
from app.gui.settings import GuiSettings
from app.trends.computing_process import Limits, shared_process
from app.trends.datasets import DatasetIdentity
from app.trends.errors import SampleNotRead, SampleReplaced, UnreadableSample
from app.trends.extraction_state import Extraction, SeenSample, Target, load_extraction, store_failure, store_seen, store_success
from app.trends.models import TrendDataset, TrendVersion
from app.trends.outcomes import Computation, Outcome, SampleFile, file_task
from app.trends.points import count_points, file_id, remove_points, store_missing_points, store_points
from app.trends.precedence import note_losing_file, takes_precedence
from app.trends.settings import TrendSettings
from app.trends.states import DONE, FAILED, PARTIAL
from app.trends.versions import newest_activation

ROUNDS = 3
"""Extractions in a row while other processes store points of the same run."""
IMPORT_WAIT_S = 600.0
"""Longest wait for the list of a file that another process reads."""


class ExtractionResult(NamedTuple):
    """How an extraction ended."""

    state: str
    text: str  # for people


class ExtractedMeanwhile(Exception):
    """Another process has stored points of the same run since the state was read."""


def extract(key: SampleKey, settings: Settings) -> ExtractionResult:
    """Compute and store the points of a sample that are missing, or all if its file is another one than before.

    A file that cannot be read is a state with its reason, and is tried again later. Raises `ExtractedMeanwhile` if others are
    faster again and again.
    """
    for _ in range(ROUNDS - 1):
        try:
            return _extract(key, settings)
        except (ExtractedMeanwhile, SampleReplaced):
            continue
    return _extract(key, settings, is_last=True)


def _extract(key: SampleKey, settings: Settings, is_last: bool = False) -> ExtractionResult:
    target = Target(dataset_id(key.dataset), key.run)
    before = load_extraction(target)
    stored = find_sample(key)
    if stored is None:
        return ExtractionResult(FAILED, f"There is no {key}")
    seen = SeenSample(stored.newest_file.file, stored.version)
    try:
        opened = _catalog(settings).open(key, IMPORT_WAIT_S)
        seen = seen._replace(version=opened.version)
        if before and before.url and not _takes_precedence(opened, before):
            return _keep_points(target, before, opened, seen)
        result = _extract_points(target, before, opened, seen, settings)
    except (GuiError, OSError, FormatError, UnreadableSample, SampleNotRead) as error:  # each is tried again later
        if isinstance(error, SampleReplaced) and not is_last:
            raise
        result = ExtractionResult(FAILED, str(error) or type(error).__name__)
    if result.state != DONE:
        tries = 1 + (before.tries if before else 0)
        store_failure(target, seen, result.state, result.text, tries, settings.of(TrendSettings).trend_retry_s)
    return result


def _takes_precedence(opened: OpenSample, before: Extraction) -> bool:
    return before.version is None or takes_precedence(opened.url, opened.file_version.mtime_ns, before.url, before.version.mtime_ns)


@lru_cache(maxsize=1)
def _catalog(settings: Settings) -> Catalog:
    return Catalog(settings)


def dataset_id(name: str) -> int:
    """The id of a dataset; a new one is stored."""
    query = TrendDataset.select(TrendDataset.id).where(TrendDataset.name == name)
    if not (found := rows(query)):
        identity = DatasetIdentity.of(name)
        values = {"name": name, "primary_dataset": identity.primary, "era": identity.era, "processing": identity.processing}
        TrendDataset.insert(**values, version=identity.version).on_conflict_ignore().execute()
        found = rows(query)
    return int(found[0][0])


def _extract_points(
    target: Target, before: Extraction | None, opened: OpenSample, seen: SeenSample, settings: Settings
) -> ExtractionResult:
    is_same = before is not None and before.is_of(opened.url, opened.file_version)
    newest = newest_activation()
    computations = _computations(before.activated if before and is_same else 0)
    task = file_task(SampleFile(opened.url, opened.format, opened.file_version, opened.names, opened.columns), computations)
    gui = settings.of(GuiSettings)
    outcomes = shared_process.compute(task, Limits(gui.import_memory_mb, gui.import_cpu_s, gui.remote_timeout_s))
    with proxy.atomic():
        _check_unchanged(target, before)
        file = file_id(opened.url, *opened.file_version)
        store_points(*target, file, outcomes)
        if before and not is_same:
            remove_points(*target, {each.version for each in computations} - {outcome.version for outcome in outcomes})
            if before.url not in ("", opened.url):
                note_losing_file(*target, loser=before.url, winner=opened.url)
        counts = count_points(*target)
        store_success(target, seen, file, newest, counts, task.bytes_read)
    if opened.note or opened.unreadable:
        return ExtractionResult(PARTIAL, opened.note or f"{opened.unreadable:,} objects of {opened.url} cannot be read")
    return ExtractionResult(DONE, f"{counts.points:,} points, {counts.without_point:,} without result, {counts.absent:,} absent")


def _check_unchanged(target: Target, before: Extraction | None) -> None:
    """Keep other processes from storing points of this dataset until the transaction ends. Raises `ExtractedMeanwhile`."""
    if not is_sqlite():  # where a transaction is alone
        TrendDataset.select(TrendDataset.id).where(TrendDataset.id == target.dataset).for_update().execute()
    if load_extraction(target) != before:
        raise ExtractedMeanwhile(f"Another process extracted run {target.run} meanwhile")


KEPT = "The file with the points of this run is not registered any more, so that later trends have none"


def _keep_points(target: Target, before: Extraction, opened: OpenSample, seen: SeenSample) -> ExtractionResult:
    """Keep the points of a file that takes precedence. It is not read again, as it may be gone: later trends get a reason."""
    assert before.version is not None
    newest, computations = newest_activation(), _computations(before.activated)
    with proxy.atomic():
        _check_unchanged(target, before)
        file = file_id(before.url, *before.version)
        store_missing_points(*target, file, [Outcome(each.version, None, KEPT) for each in computations])
        note_losing_file(*target, loser=opened.url, winner=before.url)
        store_seen(target, seen, newest)
    return ExtractionResult(DONE, f"The points of {before.url} stay: it takes precedence")


def _computations(since: int) -> list[Computation]:
    """The current versions of trends that became so after an activation."""
    version = TrendVersion
    query = version.select(version.id, version.metric, version.me, version.histo1, version.histo2, version.reference, version.threshold)
    names = ("main", "histo1", "histo2", "reference")
    return [
        Computation(number, metric, {name: path for name, path in zip(names, paths, strict=True) if path}, threshold)
        for number, metric, *paths, threshold in rows(query.where(version.activated > since))
    ]
