"""Channels: the ways to notify people. Each kind is a folder here, found without a list.

A folder has `channel.py` with a subclass of `Channel` (see base.py) named `CHANNEL`, `settings.py` with its table of
settings named `TABLE`, `form.py` with what operators enter to add one on the page (see form.py) as `FORM`, and `README.md`
with its section of the documentation. The setting `notify_<kind>_kinds` lists
the kinds of events that it is subscribed to.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from app.notify.channel_folders import channel_kinds, channel_tables

if TYPE_CHECKING:
    from app.core.settings import Settings
    from app.notify.channels.base import Channel


__all__ = ["channel_kinds", "channel_problems", "channel_tables", "channel_types", "channels"]


def channel_types() -> list[type[Channel]]:
    """The classes of all kinds of channels."""
    return [import_module(f"{__name__}.{kind}.channel").CHANNEL for kind in channel_kinds()]


def channels(settings: Settings) -> list[Channel]:
    """The channels that are configured."""
    return [channel for kind in channel_types() for channel in kind.configured(settings)]


def channel_problems(settings: Settings) -> list[str]:
    """What is wrong with the settings of channels, one sentence each."""
    return [problem for kind in channel_types() for problem in kind.problems(settings)]
