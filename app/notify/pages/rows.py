"""Contents of the page of notifications."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from markupsafe import Markup
from peewee import Expression, ModelSelect

from app.core.event_sources import event_systems
from app.core.settings import Settings
from app.core.zones import DEFAULT_ZONE, ZONES
from app.notify.added_channels import all_channels
from app.notify.channels.base import Channel
from app.notify.messages import path_of
from app.notify.models import DUPLICATE, LATE, MAINTENANCE, NEWEST_FIRST, OPEN, PENDING, Delivery, Notification
from app.web.arguments import choice_arg
from app.web.badges import Badge
from app.web.clock import time_html
from app.web.links import NavLink, link

PAGE_ROWS = 50
"""Notifications of one page."""

OUTCOMES = {LATE: "none (event too old)", MAINTENANCE: "none (maintenance)", DUPLICATE: "none (duplicate)"}
"""Texts for events that were not notified."""

BADGES = {
    "pending": Badge("idle", "unsure", "pending"),
    "retrying": Badge("warning", "warning", "retrying"),
    "deferred": Badge("idle", "off", "deferred (quiet hours)"),
    "sent": Badge("ok", "ok", "sent"),
    "failed": Badge("error", "error", "failed"),
    "suppressed": Badge("idle", "off", "suppressed (quiet hours)"),
}
"""Badges of deliveries; see `badge_of`."""


class PageState(NamedTuple):
    """State of the page that all its links keep."""

    system: str  # of pages of DQM^2 that link here; "" for the main one
    tz: str  # a key of ZONES

    def link(self, path: str, **query: object) -> str:
        """An address of this product with this state; `path` may have a query."""
        state = {"system": "" if "system=" in path else self.system, "tz": "" if self.tz == DEFAULT_ZONE else self.tz}
        return link(path, {**query, **state})

    def link_of(self, row: Notification) -> str:
        """The address of the page about a notification; "" for none."""
        path = path_of(row)
        return self._replace(system="").link(path) if path else ""

    @property
    def zone(self) -> str:
        """The label of the zone."""
        return ZONES[self.tz]

    def time(self, at: float | None) -> Markup:
        """A moment, Unix s UTC."""
        return time_html(at, self.tz)

    def zone_links(self, path: str, **query: object) -> list[NavLink]:
        """A link for each zone to the same page, labelled with the key of the zone."""
        return [NavLink(name, self._replace(tz=name).link(path, **query), name == self.tz) for name in ZONES]


class NotificationRow(NamedTuple):
    """A notification with its deliveries, by channel."""

    notification: Notification
    deliveries: list[Delivery]


class ChannelStatus(NamedTuple):
    """A channel, and how its deliveries go."""

    channel: Channel
    pending: int
    last: Delivery | None  # the last delivery that was attempted


def page_state() -> PageState:
    """The state in the query of the request. Raises Problem 400."""
    systems = event_systems() or [""]
    system = choice_arg("system", systems)
    return PageState("" if system == systems[0] else system, choice_arg("tz", tuple(ZONES)))


def badge_of(delivery: Delivery) -> Badge:
    """The badge of a delivery."""
    return BADGES["retrying" if delivery.state in OPEN and delivery.attempts else delivery.state]


def notification_rows(before: int, chosen: ModelSelect[Notification] | None = None) -> Sequence[NotificationRow]:
    """The notifications of the newest events, or of those before the one with the number `before`; one more than a page has,
    if there are more.

    chosen: a query of notifications, None for all.
    """
    query = Notification.select() if chosen is None else chosen
    if before:
        query = query.where(_is_before(before))
    return with_deliveries(list(query.order_by(*NEWEST_FIRST).limit(PAGE_ROWS + 1)))


def _is_before(number: int) -> Expression:
    """Whether an event was before that of a notification; when that is removed, all that are left by number."""
    first: Notification | None = Notification.get_or_none(Notification.id == number)
    lower: Expression = Notification.id < number
    if first is None:
        return lower
    earlier: Expression = (Notification.at <= first.at) & ((Notification.at < first.at) | lower)  # bounds the part of the index
    return earlier


def with_deliveries(found: Sequence[Notification]) -> list[NotificationRow]:
    """Notifications with their deliveries."""
    deliveries: dict[int, list[Delivery]] = {}
    numbers = [row.id for row in found]
    for delivery in Delivery.select().where(Delivery.notification.in_(numbers)).order_by(Delivery.channel):
        deliveries.setdefault(delivery.__data__["notification"], []).append(delivery)
    return [NotificationRow(row, deliveries.get(row.id, [])) for row in found]


def channel_statuses(settings: Settings) -> list[ChannelStatus]:
    """All channels, those of the page included."""
    found = []
    for channel in all_channels(settings):
        ours = Delivery.select().where(Delivery.channel == channel.name)
        last = ours.where(Delivery.attempts > 0).order_by(Delivery.changed.desc()).first()
        found.append(ChannelStatus(channel, ours.where(Delivery.state == PENDING).count(), last))
    return found
