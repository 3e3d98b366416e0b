"""The violations of rules as events that notifications are sent about."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from app.core.events import Event, EventKind, EventSource, Subject

if TYPE_CHECKING:
    from app.core.settings import Settings
    from app.trends.rules.models import TrendViolation

SYSTEM = "trends"
OUTSIDE, INSIDE = "trend-outside", "trend-inside"
MOST_EVENTS = 1000


class TrendEvents(EventSource):
    """Trends that leave their band, and that are inside again."""

    name = "trends"
    systems = (SYSTEM,)
    kinds = (EventKind(OUTSIDE, is_problem=True, is_persistent=True), EventKind(INSIDE))

    def active_systems(self, settings: Settings) -> Sequence[str]:
        """The system of trends: rules may be added at any time."""
        return self.systems

    def find(self, system: str, since: float, until: float, kinds: Collection[str] | None = None) -> list[Event]:
        """The violations that were noticed, and those that were noticed to be over; not those that ended with their rule."""
        from app.trends.rules.models import TrendViolation

        table, found = TrendViolation, list[Event]()
        if kinds is None or OUTSIDE in kinds:
            found += [_outside(each) for each in _newest(table.begun, since, until)]
        if kinds is None or INSIDE in kinds:
            found += [_inside(each) for each in _newest(table.ended, since, until, table.end_run.is_null(False))]
        return sorted(found, key=lambda event: (-event.at, event.id))[:MOST_EVENTS]

    def subject(self, event: Event) -> Subject:
        """The series under its rule."""
        violation = _violation(event)
        return Subject(f"{violation.series} rule {violation.__data__['rule']}" if violation else event.key)

    def is_open(self, event: Event) -> bool:
        """Whether a trend is still outside its band."""
        violation = _violation(event)
        return violation is not None and violation.ended is None

    def path(self, event: Event) -> str:
        """The chart of the series with the band, and the runs around the violation."""
        violation = _violation(event)
        return chart_path(violation) if violation else "/trends/rules"

    def hosts(self, settings: Settings) -> Iterable[str]:
        """None: trends are on no host."""
        return ()


def chart_path(violation: TrendViolation) -> str:
    """Path and query of the chart of a violation, with its band and the runs around it."""
    last = violation.end_run or violation.last_run
    return f"/trends/chart?series={quote(violation.series)}&runs={violation.shown_run}-{last}&{violation.query}"


def _newest(at: Any, since: float, until: float, *conditions: Any) -> list[TrendViolation]:
    from app.trends.rules.models import TrendViolation

    return list(TrendViolation.select().where(at.between(since, until), *conditions).order_by(at.desc()).limit(MOST_EVENTS))


def _outside(violation: TrendViolation) -> Event:
    run, at = violation.first_run, violation.begun
    return Event(_id(OUTSIDE, violation), SYSTEM, OUTSIDE, run, str(violation.id), at, violation.title, violation.text)


def _inside(violation: TrendViolation) -> Event:
    name = violation.series.split("/")[1]
    title = f"{name} is inside its band again in run {violation.end_run}"
    at = violation.ended or 0.0  # it has ended, or it would not be here
    return Event(_id(INSIDE, violation), SYSTEM, INSIDE, violation.end_run, str(violation.id), at, title, violation.end_text)


def _id(kind: str, violation: TrendViolation) -> str:
    import hashlib

    mark = hashlib.sha256(f"{violation.id} {violation.series} {violation.begun!r}".encode()).hexdigest()[:20]
    return f"{kind}-{mark}"


def _violation(event: Event) -> TrendViolation | None:
    from app.trends.rules.models import TrendViolation

    found: TrendViolation | None = TrendViolation.get_or_none(TrendViolation.id == int(event.key)) if event.key.isdecimal() else None
    return found
