"""The points of one run of a dataset, from its file.

An extraction may run more than once, and in two processes at a time: it stores the same points, all of them in one transaction.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

from app.core.database import proxy, rows
from app.core.settings import Settings
from app.formats import FileReplaced
from app.gui.catalog.catalog import Catalog, OpenSample
from app.gui.catalog.stored import StoredSample, find_sample
from app.gui.errors import GuiError
from app.gui.samples import SampleKey
from app.trends.computing import Computation, SampleFile, compute
from app.trends.datasets import DatasetIdentity
from app.trends.extraction_state import Counts, Extraction, Target, load_extraction, store_failure, store_seen, store_success
from app.trends.models import TrendDataset, TrendVersion
from app.trends.points import file_id, remove_points, store_points
from app.trends.precedence import note_losing_file, takes_precedence
from app.trends.settings import TrendSettings
from app.trends.states import DONE, FAILED, PARTIAL
from app.trends.versions import newest_activation

IMPORT_WAIT_S = 600.0
"""Longest wait for the list of a file that another process reads."""


class Extracted(NamedTuple):
    """What an extraction found."""

    state: str
    text: str  # for people


def extract(key: SampleKey, settings: Settings) -> Extracted:
    """Compute and store the points of a sample that are missing, or all if its file is another one than before.

    A file that cannot be read is a state with its reason, and is tried again later.
    """
    target = Target(dataset_id(key.dataset), key.run)
    before = load_extraction(target)
    try:
        opened = _catalog(settings).open(key, IMPORT_WAIT_S)
        if before and before.url and not takes_precedence(opened.url, before.url):
            return _keep_points(target, before, opened)
        extracted = _extract_points(target, before, opened)
    except (GuiError, OSError, FileReplaced) as error:
        extracted = Extracted(FAILED, str(error))
    if extracted.state != DONE and (sample := find_sample(key)):
        tries = 1 + (before.tries if before else 0)
        store_failure(target, sample, extracted.state, extracted.text, tries, settings.of(TrendSettings).trend_retry_s)
    return extracted


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


def _extract_points(target: Target, before: Extraction | None, opened: OpenSample) -> Extracted:
    is_same = before is not None and before.is_of(opened.url, opened.file_version)
    newest = newest_activation()
    computations = _computations(before.activated if before and is_same else 0)
    found = compute(SampleFile(opened.url, opened.format, opened.file_version, opened.names, opened.columns), computations)
    points = sum(outcome.value is not None for outcome in found.outcomes)
    counts = Counts(points, len(found.outcomes) - points, found.absent)
    if before and is_same:
        counts = counts.plus(before.counts)
    with proxy.atomic():
        file = file_id(opened.url, *opened.file_version)
        store_points(*target, file, found.outcomes)
        if before and not is_same:
            remove_points(*target, {each.version for each in computations} - {outcome.version for outcome in found.outcomes})
        if before and before.url not in ("", opened.url):
            note_losing_file(*target, loser=before.url, winner=opened.url)
        store_success(target, _sample(opened), file, newest, counts, found.bytes_read)
    if opened.unreadable:
        return Extracted(PARTIAL, f"{opened.unreadable:,} objects of {opened.url} cannot be read")
    return Extracted(DONE, f"{counts.points:,} points, {counts.without_point:,} without result, {counts.absent:,} absent")


def _keep_points(target: Target, before: Extraction, opened: OpenSample) -> Extracted:
    """Keep the points of a file that takes precedence; it is not read again, as it may be gone."""
    with proxy.atomic():
        note_losing_file(*target, loser=opened.url, winner=before.url)
        store_seen(target, _sample(opened), newest_activation())
    return Extracted(DONE, f"The points of {before.url} stay: its version is higher")


def _sample(opened: OpenSample) -> StoredSample:
    sample = find_sample(opened.key)
    assert sample is not None, "it was opened just now"
    return sample


def _computations(since: int) -> list[Computation]:
    """The current versions of trends that became so after an activation."""
    version = TrendVersion
    query = version.select(version.id, version.metric, version.me, version.histo1, version.histo2, version.reference, version.threshold)
    names = ("main", "histo1", "histo2", "reference")
    return [
        Computation(number, metric, {name: path for name, path in zip(names, paths, strict=True) if path}, threshold)
        for number, metric, *paths, threshold in rows(query.where(version.activated > since))
    ]
