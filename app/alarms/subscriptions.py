"""Which channels are subscribed to alarms: a rule that names another kind of channel notifies nobody by it."""

from __future__ import annotations

from collections.abc import Collection

from app.alarms.kinds import RAISED
from app.alarms.models import AlarmRule
from app.core.settings import Settings
from app.notify.added_channels import all_channels


def subscribed_channels(settings: Settings) -> set[str]:
    """The kinds of the channels that are subscribed to alarms, of the settings and of the page."""
    return {channel.kind for channel in all_channels(settings) if RAISED in channel.kinds}


def channel_problem(rule: AlarmRule, subscribed: Collection[str]) -> str:
    """What is wrong with the channels of a rule, "" for nothing. A rule that names no channels has no problem, even if none is subscribed."""
    missing = [kind for kind in rule.channels.split() if kind not in subscribed]
    return f"No channel {' or '.join(missing)} is subscribed to alarms, so nobody is notified by it" if missing else ""
