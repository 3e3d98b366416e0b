"""Events of the operation of the hub: its newest backup became too old."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import TYPE_CHECKING

from app.core.events import Event, EventKind, EventSource, Subject
from app.core.zones import time_text

if TYPE_CHECKING:
    from app.core.settings import Settings

SYSTEM = "operation"
BACKUP_OLD = "backup-old"


class OperationEvents(EventSource):
    """The newest backup is older than the setting `backup_max_age_h`, where backups are made."""

    name = "ops"
    systems = (SYSTEM,)
    kinds = (EventKind(BACKUP_OLD, is_problem=True, is_persistent=True, is_never_late=True),)

    def active_systems(self, settings: Settings) -> Sequence[str]:
        """The operation, always: the first backup may be made after the services have started."""
        return self.systems

    def find(self, system: str, since: float, until: float, kinds: Collection[str] | None = None) -> list[Event]:
        """The moment at which the newest backup became too old. That there is no backup yet is no event: it has no time."""
        moment = _late_since() if kinds is None or BACKUP_OLD in kinds else None
        if not moment or not since <= moment <= until:
            return []
        key = f"{moment:.0f}"
        text = "`dqmhub backup` makes one now; the log of dqmhub-backup.service shows why there is none"
        return [
            Event(
                f"{BACKUP_OLD}-{int(moment):020x}",
                SYSTEM,
                BACKUP_OLD,
                None,
                key,
                moment,
                f"No backup in time since {time_text(moment, '%Y-%m-%d %H:%M')}",
                text,
            )
        ]

    def subject(self, event: Event) -> Subject:
        """The backups."""
        return Subject("backup")

    def is_open(self, event: Event) -> bool:
        """Whether there is still no newer backup."""
        moment = _late_since()
        return moment is not None and f"{moment:.0f}" == event.key

    def path(self, event: Event) -> str:
        """The status page."""
        return "/status"

    def hosts(self, settings: Settings) -> Iterable[str]:
        """None: backups are of the hub as a whole."""
        return ()


def _late_since() -> float | None:
    from app.core.settings import load
    from app.ops.backup.status import late_since

    return late_since(load())
