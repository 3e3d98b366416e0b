"""Channels: the ways to notify people. Each kind is a folder here, found without a list.

A folder has `channel.py` with a subclass of `Channel` (see base.py) named `CHANNEL`, `settings.py` with its table of
settings named `TABLE`, `form.py` with what operators enter to add one on the page (see form.py) as `FORM`, and `README.md`
with its section of the documentation. The setting `notify_<kind>_kinds` lists
the kinds of events that it is subscribed to.
"""

from __future__ import annotations

import logging
from dataclasses import fields
from functools import lru_cache
from importlib import import_module
from typing import TYPE_CHECKING

from app.notify.channel_folders import channel_kinds, channel_tables

if TYPE_CHECKING:
    from app.core.settings import Settings
    from app.notify.channels.base import Channel


__all__ = ["channel_kinds", "channel_problems", "channel_tables", "channel_types", "channels", "fault_of"]

log = logging.getLogger(__name__)


def channel_types() -> list[type[Channel]]:
    """The classes of all kinds of channels."""
    return [import_module(f"{__name__}.{kind}.channel").CHANNEL for kind in channel_kinds()]


def channels(settings: Settings) -> list[Channel]:
    """The channels that are configured. A kind with a fault has none, see `channel_problems`: the others still send."""
    return [channel for kind in channel_types() for channel in _configured(kind, settings)[0]]


def channel_problems(settings: Settings) -> list[str]:
    """What is wrong with the settings of channels, one sentence each."""
    return [problem for kind in channel_types() for problem in _configured(kind, settings)[1]]


def _configured(kind: type[Channel], settings: Settings) -> tuple[list[Channel], list[str]]:
    """The channels of a kind, with the secrets of its settings, and its problems."""
    try:
        found: list[Channel] = [*kind.configured(settings)]
        secrets = _secrets(settings, kind.kind)
        for channel in found:
            channel.secrets = secrets
        return found, kind.problems(settings)
    except Exception as error:
        return [], [f"No channel {kind.kind} of the settings can be made: {fault_of(kind.kind, error)}."]


def _secrets(settings: Settings, kind: str) -> tuple[str, ...]:
    """The values of the secret settings of a kind of channels."""
    values = [settings[row.name] for row in fields(dict(channel_tables())[kind]) if row.metadata["secret"]]
    return tuple(text for value in values for text in ([value] if isinstance(value, str) else value))


def fault_of(channel: str, error: Exception) -> str:
    """What pages say about a fault in the code or data of a channel, without its text, which may hold a secret; call it in `except`."""
    _log_once(channel, repr(error))
    return f"a fault that is in the log ({type(error).__name__})"


@lru_cache(maxsize=100)
def _log_once(channel: str, _: str) -> None:
    """Channels are made every few seconds."""
    log.exception("The channel %s cannot be made", channel)
