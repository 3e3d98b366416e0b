"""The events of DQM^2 as notifications use them; app/square/events.py derives them from the tables."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from app.core.events import Event, EventSource, Subject
from app.square.event_kinds import EVENT_KINDS, KINDS
from app.square.settings import SquareSettings
from app.square.systems import SYSTEMS

if TYPE_CHECKING:
    from app.core.settings import Settings


class SquareEvents(EventSource):
    """Runs that begin and end, jobs that crash or are stuck, silent hosts."""

    name = "square"
    systems = SYSTEMS
    is_main = True
    kinds = EVENT_KINDS

    def active_systems(self, settings: Settings) -> Sequence[str]:
        """The systems that are polled."""
        return tuple(settings.of(SquareSettings).square_machines)

    def find(self, system: str, since: float, until: float, kinds: Collection[str] | None = None) -> list[Event]:
        """Events of a system from `since` to `until`, Unix s UTC, the newest first."""
        from app.square.events import events

        return events(system, since, until, kinds=KINDS if kinds is None else kinds)

    def subject(self, event: Event) -> Subject:
        """The client, host or run."""
        from app.square.models import Job

        if event.kind == "silent-host":
            return Subject(event.key, event.key)
        job = Job.get_or_none(Job.system == event.system, Job.key == event.key) if event.key else None
        return Subject(job.tag, job.host) if job else Subject(str(event.run))

    def is_open(self, event: Event) -> bool:
        """Whether a job is still stuck or a host still silent."""
        from app.square.events import is_silent

        near = self.find(event.system, event.at - 1, event.at + 1, (event.kind,))
        if all(each.id != event.id for each in near):
            return False
        return event.kind == "stuck" or is_silent(event.system, event.key)  # a job that reports again has no such event any more

    def path(self, event: Event) -> str:
        """The page of the job or of the run, else the live page."""
        has_job = event.kind in ("crash", "stuck")
        path = "/square/job" if has_job else "/square" if event.run is None else f"/square/runs/{event.run}"
        query = ({"key": event.key} if has_job else {}) | ({"system": event.system} if event.system != self.systems[0] else {})
        return path + ("?" + urlencode(query) if query else "")

    def is_kept(self, event: Event) -> bool:
        """Whether its job or run is still stored."""
        from app.square.models import Job
        from app.square.runs import find_run

        if event.kind in ("crash", "stuck"):
            return Job.select().where(Job.system == event.system, Job.key == event.key).exists()
        return event.run is None or find_run(event.system, event.run) is not None

    def hosts(self, settings: Settings) -> Iterable[str]:
        """The machines of the settings, and those that were polled or that P5 reported."""
        from app.core.database import rows
        from app.square.models import Host, HostStatus

        configured = {name for machines in settings.of(SquareSettings).square_machines.values() for name in machines}
        return configured | {name for table in (Host, HostStatus) for (name,) in rows(table.select(table.name).distinct())}
