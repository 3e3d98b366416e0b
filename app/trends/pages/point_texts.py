"""Sentences about runs without a point."""

from __future__ import annotations

from markupsafe import Markup

from app.core.zones import DEFAULT_ZONE
from app.gui.files.shown import shown_text
from app.trends.query.run_states import MissingPoint, Neighbour
from app.trends.query.series_key import SeriesKey
from app.web.clock import time_html


def missing_text(key: SeriesKey, missing: MissingPoint) -> Markup:
    """Why a run has no point, as a sentence."""
    run, reason = missing.run, shown_text(missing.text, missing.url).rstrip(".")
    match missing.cause:
        case "reason":
            return Markup("Run {} has no point: {}.").format(run, reason)
        case "absent":
            return Markup("Run {} has no point: its file lacks a monitor element of the trend.").format(run)
        case "failed":
            return Markup("Run {} is not extracted: {}.").format(run, reason) + _next_try(missing)
        case "partial":
            text = Markup("Run {} has no point: a part of its file cannot be read, perhaps that with a monitor element of the trend: {}.")
            return text.format(run, reason) + _next_try(missing)
        case "waiting":
            return Markup("Run {} is not extracted yet: its file is waiting.").format(run)
        case "no file":
            return Markup("Run {} has no file of {} ({}).").format(run, key.primary_dataset, key.processing)


def _next_try(missing: MissingPoint) -> Markup:
    again = Markup(" The next try is at {}.")
    return again.format(time_html(missing.next_try, DEFAULT_ZONE, with_zone=True)) if missing.next_try else Markup()


def neighbour_texts(key: SeriesKey, neighbour: Neighbour) -> list[Markup]:
    """Why there is no point between a run and the next one that has a point."""
    texts = [missing_text(key, missing) for missing in neighbour.missing]
    if neighbour.more:
        plural = "runs have" if neighbour.more > 1 else "run has"
        texts.append(Markup("{:,} more {} no point either.").format(neighbour.more, plural))
    return texts
