"""Channels of the page, and their deliveries, for tests."""

from __future__ import annotations

import pytest

from app.core.settings import Settings
from app.notify.added_channels import ChannelDefinition, add_channel, all_channels
from app.notify.delivery import deliver_due
from app.notify.errors import InvalidChannel
from app.notify.models import Delivery

LOOPBACK = ("127.0.0.0/8",)


def add(settings: Settings, channel: str, title: str, *events: str, **options: str) -> None:
    add_channel(settings, ChannelDefinition(channel, title, events or ("all",), options), "olga")


def problems(settings: Settings, channel: str, title: str, *events: str, **options: str) -> list[tuple[str, str]]:
    with pytest.raises(InvalidChannel) as error:
        add(settings, channel, title, *events, **options)
    return error.value.fields


def states() -> list[tuple[str, str, str]]:
    return [(each.channel, each.state, each.detail) for each in Delivery.select().order_by(Delivery.channel, Delivery.id)]


def send_due(settings: Settings) -> None:
    for channel in all_channels(settings):
        deliver_due(channel, "", lambda: False)
