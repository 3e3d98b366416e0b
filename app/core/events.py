"""Events in an area, as listed by notifications, pages and the API.

An area declares one `EventSource`. Nothing stores events: a source derives them from its tables each time, so an event
that becomes known late is still found, and has the same `id`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection, Iterable, Sequence
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from app.core.settings import Settings


class EventKind(NamedTuple):
    """A kind of event of one area."""

    name: str
    is_problem: bool = False  # somebody should look at it
    is_persistent: bool = False  # lasts until fixed: notified after a maintenance window in which it began
    is_never_late: bool = False  # persistent, and notified however late it is detected if it still lasts
    personal: str = ""  # what happens, for the users who subscribe to it for themselves; "" if it is for all receivers of a channel


class Event(NamedTuple):
    """One thing that happened. Names of hosts and configurations are as the experiment has them: escape and sanitise them."""

    id: str  # the kind and 20 hex digits; the same each time. Those are a hash of names that can be guessed: keep it inside
    system: str  # one of the systems of its source
    kind: str  # name of one of the kinds of its source
    run: int | None  # None when there is none or it is unknown
    key: str  # what the source needs to find the object again: a job, a host; "" for a run
    at: float  # Unix s UTC
    title: str  # one line
    text: str  # one line


class Subject(NamedTuple):
    """The subject of an event."""

    name: str  # the same for repeats: a client, a host or a run
    host: str = ""  # where it happened, for maintenance windows of hosts; "" for none


class EventSource(ABC):
    """The events of one area. Its methods import what they need when they are called: a declaration costs nothing at the start."""

    name: str
    kinds: tuple[EventKind, ...]
    systems: tuple[str, ...]
    is_main: bool = False  # its first system is the default of pages and forms
    first_look_s: float = 86400.0  # age of the oldest events that detection searches when it starts

    @abstractmethod
    def active_systems(self, settings: Settings) -> Sequence[str]:
        """The systems in which something can happen under these settings."""

    @abstractmethod
    def find(self, system: str, since: float, until: float, kinds: Collection[str] | None = None) -> list[Event]:
        """Events of a system from `since` to `until`, Unix s UTC, the newest first; `kinds`: names, None for all."""

    @abstractmethod
    def subject(self, event: Event) -> Subject:
        """The subject of an event."""

    @abstractmethod
    def is_open(self, event: Event) -> bool:
        """Whether an event of a persistent kind still lasts."""

    def channels(self, event: Event) -> Collection[str] | None:
        """The kinds of channels, such as mail, by which an event is notified; None for all that are subscribed to its kind."""
        return None

    def owners(self, event: Event, logins: Collection[str]) -> list[str]:
        """The users of a personal event, among these."""
        return []

    @abstractmethod
    def path(self, event: Event) -> str:
        """Path and query of the page about an event."""

    def is_kept(self, event: Event) -> bool:
        """Whether what its page is about is still kept: events may be kept longer."""
        return True

    @abstractmethod
    def hosts(self, settings: Settings) -> Iterable[str]:
        """Names of the hosts on which events may happen."""
