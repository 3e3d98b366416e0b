"""Bringing the tables of trends up to date with the configurations.

Points are found by (subsystem, name) and the hash of what they depend on, never by a position in a file. So sections may be
added, removed and moved without a change of any stored point.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, NamedTuple

from peewee import chunked, fn

from app.core.counters import advance, version_of
from app.core.database import proxy, rows
from app.trends.errors import OutdatedConfigs
from app.trends.models import PAGE_CONFIGS, Trend, TrendConfigProblem, TrendVersion

if TYPE_CHECKING:
    from app.trends.configs.config import ConfigProblem, TrendConfig
    from app.trends.configs.folder import Configs

BATCH = 200
COUNTER = "trends"
"""Name of the counter of activations. Whoever changes versions takes a number first, and others wait until it is visible."""

_Key = tuple[str, str]


class SyncResult(NamedTuple):
    """What changed; numbers of trends."""

    new: int
    changed: int
    retired: int

    def __str__(self) -> str:
        return f"{self.new} new, {self.changed} changed, {self.retired} retired"


def sync(configs: Configs) -> SyncResult:
    """Store new trends and versions, and the problems; retire trends without a configuration. Their points stay.

    A trend is not retired if its file or folder, or a part of it, cannot be read: it may be there still. Without a difference
    nothing is written: pages that browsers have stay valid, and nobody waits.

    Raises `OutdatedConfigs` if a configuration was kept or removed on a page since they were read; nothing is stored then.
    """
    if _is_stored(configs):
        return SyncResult(0, 0, 0)
    with proxy.atomic():
        number = advance(COUNTER)
        if configs.page_changes not in (None, version_of(PAGE_CONFIGS)):
            raise OutdatedConfigs("Configurations were kept or removed on pages meanwhile")
        known = _known()
        new = [config for key, config in configs.trends.items() if key not in known]
        _insert_trends(new)
        _update_trends(known, configs)
        gone = _gone(known, configs)
        _retire(gone)
        changed = _activate(configs, number)
        _store_problems(configs.problems)
    return SyncResult(len(new), changed - len(new), len(gone))


def _is_stored(configs: Configs) -> bool:
    """Whether the tables have these configurations and problems already, and no others."""
    known = _known()
    if not configs.trends.keys() <= known.keys() or _gone(known, configs):
        return False
    if any(_texts(known[key]) != _wanted_texts(config) for key, config in configs.trends.items()):
        return False
    current = TrendVersion.select(TrendVersion.trend, TrendVersion.hash).where(TrendVersion.activated.is_null(False))
    if not {(known[key].id, config.version) for key, config in configs.trends.items()} <= set(rows(current)):
        return False
    fields = TrendConfigProblem.place, TrendConfigProblem.reason, TrendConfigProblem.hides_trends
    problems = [
        (place, reason, bool(hides)) for place, reason, hides in rows(TrendConfigProblem.select(*fields).order_by(TrendConfigProblem.id))
    ]
    return problems == [(str(each.place), each.reason, each.hides_trends) for each in configs.problems]


def _known() -> dict[_Key, Trend]:
    return {(trend.subsystem, trend.name): trend for trend in Trend.select()}


def _gone(known: dict[_Key, Trend], configs: Configs) -> list[int]:
    """The trends that have no configuration any more."""
    return [
        trend.id for key, trend in known.items() if key not in configs.trends and not trend.retired and not configs.may_contain(trend.place)
    ]


_TEXTS = ("title", "y_title", "place", "retired")


def _texts(trend: Trend) -> tuple[str, str, str, bool]:
    return trend.title, trend.y_title, trend.place, trend.retired


def _wanted_texts(config: TrendConfig) -> tuple[str, str, str, bool]:
    return config.title, config.y_title, str(config.place), False


def _store_problems(problems: list[ConfigProblem]) -> None:
    TrendConfigProblem.delete().execute()
    for batch in chunked(problems, BATCH):
        fields = ({"place": str(each.place), "reason": each.reason, "hides_trends": each.hides_trends} for each in batch)
        TrendConfigProblem.insert_many(list(fields)).execute()


def newest_activation() -> int:
    """The number of the newest current version; 0 without trends."""
    newest: int | None = TrendVersion.select(fn.MAX(TrendVersion.activated)).scalar()
    return newest or 0


def _insert_trends(configs: list[TrendConfig]) -> None:
    new = [
        {"subsystem": config.subsystem, "name": config.name, "title": config.title, "y_title": config.y_title, "place": str(config.place)}
        for config in configs
    ]
    for batch in chunked(new, BATCH):
        Trend.insert_many([{**row, "retired": False} for row in batch]).execute()


def _update_trends(known: dict[_Key, Trend], configs: Configs) -> None:
    """Store changed titles and places; trends that are configured again are no longer retired."""
    changed = [
        {"id": known[key].id, "subsystem": config.subsystem, "name": config.name, **dict(zip(_TEXTS, _wanted_texts(config), strict=True))}
        for key, config in configs.trends.items()
        if key in known and _texts(known[key]) != _wanted_texts(config)
    ]
    for batch in chunked(changed, BATCH):
        preserve = [getattr(Trend, name) for name in _TEXTS]
        Trend.insert_many(batch).on_conflict(conflict_target=[Trend.id], preserve=preserve).execute()


def _retire(trends: list[int]) -> None:
    for batch in chunked(trends, BATCH):
        Trend.update(retired=True).where(Trend.id.in_(batch)).execute()
        TrendVersion.update(activated=None).where(TrendVersion.trend.in_(batch)).execute()


def _activate(configs: Configs, number: int) -> int:
    """Make the configured version of each trend its current one; the number of trends whose version changed."""
    ids = {(subsystem, name): trend for trend, subsystem, name in rows(Trend.select(Trend.id, Trend.subsystem, Trend.name))}
    fields = TrendVersion.id, TrendVersion.trend, TrendVersion.hash, TrendVersion.activated
    stored = {(trend, hash): (version, activated) for version, trend, hash, activated in rows(TrendVersion.select(*fields))}
    wanted = {(ids[key], config.version): config for key, config in configs.trends.items()}
    changed = [key for key in wanted if key not in stored or stored[key][1] is None]
    for batch in chunked([trend for trend, _ in changed], BATCH):
        TrendVersion.update(activated=None).where(TrendVersion.trend.in_(batch)).execute()
    for batch in chunked([stored[key][0] for key in changed if key in stored], BATCH):
        TrendVersion.update(activated=number).where(TrendVersion.id.in_(batch)).execute()
    now = time.time()
    new = [_version_row(trend, wanted[trend, hash], number, now) for trend, hash in changed if (trend, hash) not in stored]
    for batch in chunked(new, BATCH):
        TrendVersion.insert_many(batch).execute()
    return len(changed)


def _version_row(trend: int, config: TrendConfig, number: int, now: float) -> dict[str, object]:
    return {
        "trend": trend,
        "hash": config.version,
        "metric": config.metric,
        "me": config.paths["main"],
        "histo1": config.paths.get("histo1", ""),
        "histo2": config.paths.get("histo2", ""),
        "reference": config.paths.get("reference", ""),
        "threshold": config.threshold,
        "created": now,
        "activated": number,
    }
