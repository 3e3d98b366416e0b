"""The base class of forms of channels: what an operator enters on the page to add a channel of a kind."""

from __future__ import annotations

import re
import socket
from abc import ABC, abstractmethod
from collections.abc import Mapping
from contextlib import suppress
from ipaddress import ip_address
from typing import ClassVar, NamedTuple

from app.core.reach import is_reachable
from app.core.settings import Settings
from app.notify.channels.base import Channel
from app.notify.settings import NotifySettings


class ChannelField(NamedTuple):
    """A field of a form: one line of text."""

    name: str
    label: str
    hint: str = ""
    is_required: bool = True
    is_secret: bool = False  # never shown again once it is stored


class ChannelForm(ABC):
    """How a channel of one kind is made of the fields of a form."""

    title: ClassVar[str]
    fields: ClassVar[tuple[ChannelField, ...]]

    def obstacle(self, settings: Settings) -> str:
        """Why no channel of this kind can be added under these settings, a sentence; "" if one can."""
        return ""

    @abstractmethod
    def problems(self, settings: Settings, options: Mapping[str, str]) -> list[tuple[str, str]]:
        """Name of each wrong field, and what would be right. options: the fields; required ones are not empty."""

    @abstractmethod
    def receiver(self, options: Mapping[str, str]) -> str:
        """The receiver as pages and the audit log show it, without secrets."""

    @abstractmethod
    def channel(self, settings: Settings, name: str, options: Mapping[str, str]) -> Channel:
        """The channel. settings: those of the instance, with the kinds of events that this channel is subscribed to."""


MAX_HOST = 253
LABEL = r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?"
"""A part of a name of a host (RFC 1035), as far as the look-up allows it."""


def wrong_host(settings: Settings, host: str) -> str:
    """What is wrong with a host that must be in the internet or in `notify_networks`, as far as its text shows; "" if nothing is.

    A name is looked up when a message is sent, and its address checked then.
    """
    networks = settings.of(NotifySettings).notify_networks
    address = _address(host)
    if address:
        reachable = is_reachable(address, networks)
    elif len(host) > MAX_HOST or not re.fullmatch(rf"{LABEL}(\.{LABEL})*\.?", host, re.IGNORECASE):
        return f"{host} is not the name of a host: expected one such as chat.cern.ch"
    else:
        reachable = host.lower().rstrip(".") != "localhost" or is_reachable("127.0.0.1", networks)
    return "" if reachable else f"{host} is in a private network, and the setting notify_networks does not list that"


def _address(host: str) -> str:
    """The IP address that a text is, also as connections read it: 127.1 and 2130706433 are 127.0.0.1; "" for a name."""
    with suppress(ValueError):
        return str(ip_address(host.partition("%")[0]))
    with suppress(OSError):
        return socket.inet_ntoa(socket.inet_aton(host))
    return ""
