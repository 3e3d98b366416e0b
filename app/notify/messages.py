"""Messages: notifications as channels send them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from app.core.event_sources import source_of
from app.core.events import Event
from app.core.zones import time_text
from app.notify.models import TEST, Notification

MAX_NAMED = 10
"""Titles in a digest of a channel that is read at a glance."""


class Message(NamedTuple):
    """A notification for a receiver."""

    id: str  # unique: a receiver may get a message twice
    kind: str
    system: str
    run: int | None
    title: str
    text: str
    at: float  # of the event, Unix s UTC
    link: str  # of the page about it; "" for none
    permalink: str = ""  # the permanent link of the event; "" for none

    @property
    def moment(self) -> str:
        """When it happened, Swiss time."""
        return time_text(self.at)


def message_of(row: Notification, public_url: str) -> Message:
    """The message of a notification. public_url: the address of this instance, "" for messages without a link."""
    text = row.text
    if row.repeats:
        text = f"{text} ({row.repeats} repeat{'s' if row.repeats > 1 else ''} suppressed)".strip()
    link, permalink = (public_url.rstrip("/") + path if public_url and path else "" for path in (path_of(row), permanent_path(row)))
    return Message(row.event, row.kind, row.system, row.run, row.title, text, row.at, link, permalink)


def event_of(row: Notification) -> Event:
    """The event of a notification."""
    return Event(row.event, row.system, row.kind, row.run, row.key, row.at, row.title, row.text)


def path_of(row: Notification) -> str:
    """Path and query of the page about a notification; "" if no area has this kind of events any more."""
    source = source_of(row.kind)
    if source is None:
        return "/notifications" if row.kind == TEST else ""
    return source.path(event_of(row))


def has_page(row: Notification) -> bool:
    """Whether what the page of an event is about is still kept."""
    source = source_of(row.kind)
    return source is not None and source.is_kept(event_of(row))


def permanent_path(row: Notification) -> str:
    """Path of the permanent link of a notification."""
    return f"/events/{row.mark}"


def headline(messages: Sequence[Message]) -> str:
    """One line for one message or several."""
    return messages[0].title if len(messages) == 1 else f"{len(messages)} notifications: {messages[0].title} and more"
