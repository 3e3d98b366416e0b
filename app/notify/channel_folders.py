"""The folders of channels in `channels/`: what is known of each without loading it."""

from __future__ import annotations

import pkgutil
from importlib import import_module

CHANNELS = "app.notify.channels"


def channel_kinds() -> tuple[str, ...]:
    """Names of the folders of channels."""
    return tuple(sorted(module.name for module in pkgutil.iter_modules(import_module(CHANNELS).__path__) if module.ispkg))


def channel_tables() -> tuple[tuple[str, type], ...]:
    """Kind and table of settings of each channel."""
    return tuple((kind, import_module(f"{CHANNELS}.{kind}.settings").TABLE) for kind in channel_kinds())
