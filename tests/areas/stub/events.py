"""Events of the stub area: each visit."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import TYPE_CHECKING

from app.core.events import Event, EventKind, EventSource, Subject

if TYPE_CHECKING:
    from app.core.settings import Settings


class StubEvents(EventSource):
    """Visits of the page."""

    name = "stub"
    kinds = (EventKind("stub-visit"),)
    systems = ("stub system",)

    def active_systems(self, settings: Settings) -> Sequence[str]:
        """Visits are always possible."""
        return self.systems

    def find(self, system: str, since: float, until: float, kinds: Collection[str] | None = None) -> list[Event]:
        """The visits, the newest first."""
        from tests.areas.stub.models import Visit

        if kinds is not None and "stub-visit" not in kinds:
            return []
        visits = Visit.select().where(Visit.at.between(since, until)).order_by(Visit.at.desc())
        return [Event(f"stub-visit-{visit.id:020x}", system, "stub-visit", None, "", visit.at, "A visit", "") for visit in visits]

    def subject(self, event: Event) -> Subject:
        """Each visit by itself."""
        return Subject(event.id)

    def is_open(self, event: Event) -> bool:
        """A visit does not last."""
        return False

    def path(self, event: Event) -> str:
        """The page of visits."""
        return "/stub"

    def hosts(self, settings: Settings) -> Iterable[str]:
        """The one machine that has visitors."""
        return ("stub-host",)
