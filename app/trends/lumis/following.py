"""Following ongoing runs: a value from each new snapshot, of what was filled since the one before.

A snapshot replaces the one before, so values begin when somebody asks for the trend, and go on while somebody looks at its page.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import zstandard

from app.core.database import proxy
from app.core.settings import Settings
from app.formats import FileReplaced, FormatError
from app.gui.catalog.catalog import Catalog, OpenSample
from app.gui.errors import GuiError
from app.gui.event_info import event_info
from app.gui.samples import SampleKey
from app.queue.periodic import Step, TaskRun
from app.trends.custom.models import FollowedSnapshot, RequestedPoint, RequestedTrend
from app.trends.custom.requests import LiveRequest
from app.trends.custom.store import PointKey, is_followed, note, store_value
from app.trends.errors import UnreadableSample
from app.web.arguments import parse_int

MOST_FOLLOWED = 20
"""Trends that are followed at a time: those that somebody looked at last."""
FACTS = ("iRun", "iLumiSection")


@contextmanager
def following(settings: Settings, _: TaskRun) -> Iterator[Step]:
    """Compute a value of each followed trend whose run has a new snapshot."""
    yield partial(follow_all, settings)


def follow_all(settings: Settings) -> None:
    """Look once at the snapshots of all followed trends."""
    trends = list(RequestedTrend.select().where(*is_followed()).order_by(RequestedTrend.seen.desc()).limit(MOST_FOLLOWED))
    catalog = Catalog(settings) if trends else None
    for trend in trends:
        assert catalog
        request = LiveRequest.read(trend.request)
        try:
            key = SampleKey(request.run, 0, request.dataset)
            catalog.freshness(key)  # lets a changed file be imported
            note(trend, _follow(trend, request, catalog.open(key, 0), settings))
        except (GuiError, UnreadableSample, OSError, FileReplaced, FormatError, MemoryError) as error:
            note(trend, f"The snapshot cannot be read: {error}".replace("\0", " "))


def _follow(trend: RequestedTrend, request: LiveRequest, sample: OpenSample, settings: Settings) -> str:
    """Store the value of a new snapshot; returns what is to be said about it."""
    before = FollowedSnapshot.get_or_none(FollowedSnapshot.trend == trend.id)
    if before and before.sample_version == sample.version:
        return str(trend.note)
    run, lumi = _place(sample)
    if not lumi:
        return "The snapshots do not say in which lumisection they were made, so that they have no values."
    from app.trends.custom.values import ValueReader, file_tag  # loads numpy, which an instance without such trends never needs
    from app.trends.outcomes import EncodedPayload, encoded_payloads

    reader = ValueReader(request, settings)
    task = reader.task(sample)
    elements = encoded_payloads(task)
    value = None
    if before and before.run == run and before.lumi < lumi and task.computations:
        stored = json.loads(zstandard.decompress(before.elements))
        earlier = {path: EncodedPayload(*each) for path, each in stored.items()}
        value = reader.computed(task._replace(earlier=earlier), file_tag([sample]))
    with proxy.atomic():
        if before and before.run != run:
            RequestedPoint.delete().where(RequestedPoint.trend == trend.id).execute()
        if value:
            store_value(trend, PointKey(request.dataset, request.run, lumi), value)
        if before and before.run == run and before.lumi == lumi:
            content = before.elements  # the next value is of all that was filled since the lumisection before
        else:
            content = zstandard.compress(json.dumps(elements).encode())
        _store_snapshot(trend=trend.id, sample_version=sample.version, run=run, lumi=lumi, elements=content)
    if missing := [path for path in request.paths.values() if path not in task.rows]:
        return f"The snapshot has no monitor element {missing[0]}."
    return f"Run {run}, lumisection {lumi}." if value else "The first value comes with the next lumisection."


def _store_snapshot(**values: Any) -> None:
    insert = FollowedSnapshot.insert(values)
    changed = {getattr(FollowedSnapshot, name): value for name, value in values.items() if name != "trend"}
    insert.on_conflict(conflict_target=[FollowedSnapshot.trend], update=changed).execute()


def _place(sample: OpenSample) -> tuple[int, int]:
    """Run and lumisection of a snapshot by its monitor elements; 0 for what they do not say."""
    _, found = event_info(sample, FACTS)
    run, lumi = (parse_int(sample.scalar(found[name])) or 0 if name in found else 0 for name in FACTS)
    return run, lumi
