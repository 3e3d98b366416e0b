"""Which samples lack points: new ones, those with another file, those that failed, and all after a change of configurations."""

from __future__ import annotations

import time
from typing import Any

import re2
from peewee import JOIN, SQL, fn

from app.core.database import rows
from app.core.settings import Settings
from app.gui.models import Dataset, Sample
from app.gui.samples import SampleKey
from app.trends.extraction_state import LONGEST_PAUSE_S
from app.trends.models import CHANGED, TrendDataset, TrendExtraction
from app.trends.settings import TrendSettings
from app.trends.states import DONE
from app.trends.versions import newest_activation

LIVE_PAUSE_S = 300.0
"""Shortest time between two extractions of a file that grows, as that of an ongoing run."""


def due(settings: Settings, limit: int | None = None) -> list[SampleKey]:
    """Samples of whole runs whose points are missing or old, the newest runs first."""
    found = rows(_query(settings).order_by(Sample.run.desc(), Dataset.name).limit(limit))
    return [SampleKey(run, 0, dataset) for run, dataset in found]


def due_count(settings: Settings) -> int:
    """The number of samples that `due` returns."""
    return int(_query(settings).count())


def _query(settings: Settings) -> Any:
    """Run and dataset of the samples that are due."""
    newest = newest_activation()
    has_list = Sample.me_count.is_null() | (Sample.me_count > 0)  # a file of lumisections alone has nothing of the whole run
    query = Sample.select(Sample.run, Dataset.name).join(Dataset).where(Sample.lumi == 0, Sample.run > 0, has_list, *_of_datasets(settings))
    query = query.join(TrendDataset, JOIN.LEFT_OUTER, on=(TrendDataset.name == Dataset.name)).join(
        TrendExtraction,
        JOIN.LEFT_OUTER,
        on=((TrendExtraction.dataset == TrendDataset.id) & (TrendExtraction.run == Sample.run)),
    )
    return query.where(_is_due(newest) if newest else SQL("1 = 0"))  # without trends nothing is due


def _is_due(newest: int) -> Any:
    extraction = TrendExtraction
    is_new = extraction.run.is_null() | (extraction.sample_file != fn.COALESCE(Sample.coming, Sample.file))
    is_settled = (extraction.finished < time.time() - LIVE_PAUSE_S) | (extraction.sample_version == CHANGED)
    has_new_list = (extraction.sample_version != Sample.version) & is_settled
    is_changed = has_new_list | ((extraction.state == DONE) & (extraction.activated < newest))
    now = time.time()
    is_lost = extraction.next_try > now + LONGEST_PAUSE_S  # the clock was set back
    is_retried = (extraction.state != DONE) & ((extraction.next_try <= now) | is_lost)
    return is_new | is_changed | is_retried


def _of_datasets(settings: Settings) -> list[Any]:
    """The condition that a dataset has trends; none without the setting."""
    pattern = settings.of(TrendSettings).trend_datasets
    if not pattern:
        return []
    search = re2.compile(pattern).search
    return [Sample.dataset.in_([number for number, name in rows(Dataset.select(Dataset.id, Dataset.name)) if search(name)])]


def waiting_count() -> int:
    """The number of samples that failed and wait for their next try."""
    waiting = (TrendExtraction.state != DONE) & (TrendExtraction.next_try > time.time())
    return int(TrendExtraction.select().where(waiting).count())
