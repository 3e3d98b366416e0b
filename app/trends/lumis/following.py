"""Following ongoing runs: a value from each new snapshot, of what was filled since the one before.

A snapshot replaces the one before, so values begin when somebody asks for the trend, and go on while somebody looks at its page.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any

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
from app.trends.custom.requests import LiveRequest, read_request
from app.trends.custom.store import PointKey, is_followed, note, store_value
from app.trends.errors import SampleReadTooSlowly, TrendError, UnreadableSample
from app.web.arguments import parse_int

if TYPE_CHECKING:
    from app.trends.outcomes import EncodedPayload

MOST_FOLLOWED = 20
"""Trends that are followed at a time: those that somebody looked at last."""
FACTS = ("iRun", "iLumiSection")
NO_RUN = -1
"""In place of the run of a snapshot when none could be read yet."""
FAULTS = (GuiError, TrendError, OSError, FileReplaced, FormatError, MemoryError)
"""What is wrong with one trend or its snapshot, and no reason to leave the others."""


@contextmanager
def following(settings: Settings, _: TaskRun) -> Iterator[Step]:
    """Compute a value of each followed trend whose run has a new snapshot."""
    yield partial(follow_all, settings)


def follow_all(settings: Settings) -> None:
    """Look once at the snapshots of all followed trends."""
    trends = list(RequestedTrend.select().where(*is_followed()).order_by(RequestedTrend.seen.desc(), RequestedTrend.id))
    catalog = Catalog(settings) if trends else None
    for trend in trends[:MOST_FOLLOWED]:
        assert catalog
        try:
            note(trend, _look(trend, catalog, settings))
        except FAULTS as error:
            note(trend, f"The snapshot cannot be read: {error}".replace("\0", " "))
    for trend in trends[MOST_FOLLOWED:]:
        note(trend, f"Not followed now: {MOST_FOLLOWED} trends are followed at a time, those that somebody looked at last.")


def _look(trend: RequestedTrend, catalog: Catalog, settings: Settings) -> str:
    """Store the value of a trend if its run has a new snapshot; returns what is to be said about it. Raises FAULTS."""
    request = read_request(trend.kind, trend.request)
    assert isinstance(request, LiveRequest)
    key = SampleKey(request.run, 0, request.dataset)
    catalog.freshness(key)  # lets a changed file be imported
    sample = catalog.open(key, 0)
    try:
        return _follow(trend, request, sample, settings)
    except (UnreadableSample, SampleReadTooSlowly, FormatError, MemoryError):
        # What a snapshot does to its reader it does again, or others would wait: the next attempt is with the next one
        new = FollowedSnapshot.insert(trend=trend.id, sample_version=sample.version, run=NO_RUN, lumi=0, elements=b"")
        changed = {FollowedSnapshot.sample_version: sample.version}
        new.on_conflict(conflict_target=[FollowedSnapshot.trend], update=changed).execute()
        raise


def _follow(trend: RequestedTrend, request: LiveRequest, sample: OpenSample, settings: Settings) -> str:
    """Store the value of a new snapshot; returns what is to be said about it."""
    before = FollowedSnapshot.get_or_none(FollowedSnapshot.trend == trend.id)
    if before and before.sample_version == sample.version:
        return str(trend.note)
    run, lumi = _place(sample)
    if not lumi:
        return "The snapshots do not say in which lumisection they were made, so that they have no values."
    from app.trends.custom.values import ValueReader, file_tag  # loads numpy, which an instance without such trends never needs
    from app.trends.outcomes import encoded_payloads

    reader = ValueReader(request, settings)
    task = reader.task(sample)
    elements = encoded_payloads(task)
    value = None
    earlier = _elements(before) if before and before.run == run and before.lumi < lumi else None
    if earlier is not None and task.computations:
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


def _elements(snapshot: FollowedSnapshot) -> dict[str, EncodedPayload] | None:
    """The monitor elements of a snapshot; None if another version of the product stored them, so that values begin again."""
    from app.trends.outcomes import EncodedPayload

    try:
        return {path: EncodedPayload(*each) for path, each in json.loads(zstandard.decompress(snapshot.elements)).items()}
    except (zstandard.ZstdError, ValueError, TypeError, AttributeError):
        return None


def _store_snapshot(**values: Any) -> None:
    insert = FollowedSnapshot.insert(values)
    changed = {getattr(FollowedSnapshot, name): value for name, value in values.items() if name != "trend"}
    insert.on_conflict(conflict_target=[FollowedSnapshot.trend], update=changed).execute()


def _place(sample: OpenSample) -> tuple[int, int]:
    """Run and lumisection of a snapshot by its monitor elements; 0 for what they do not say."""
    _, found = event_info(sample, FACTS)
    run, lumi = (parse_int(sample.scalar(found[name])) or 0 if name in found else 0 for name in FACTS)
    return run, lumi
