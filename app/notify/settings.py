"""Settings of notifications that all channels share; those of a channel are in its folder."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from app.core.event_sources import check_systems
from app.core.settings.checks import between, networks
from app.core.settings.table import setting, settings_table
from app.notify.channel_folders import channel_kinds

QUIET_HOURS = re.compile(r"(?P<channel>\w+) (?P<begin>([01]\d|2[0-3]):[0-5]\d)-(?P<end>([01]\d|2[0-3]):[0-5]\d)")


def check_quiet_hours(value: Sequence[str]) -> str:
    """Check of the setting `notify_quiet`."""
    found = [QUIET_HOURS.fullmatch(item) for item in value]
    good = all(each and each["channel"] in channel_kinds() and each["begin"] != each["end"] for each in found)
    return "" if good else f'a list such as "sound 22:00-06:00"; channels: {", ".join(channel_kinds())}'


USER_PAUSE_MAX_S = 3600.0
"""Longest time for which notifications to a user are collected."""


@settings_table
@dataclass(frozen=True)
class NotifySettings:
    """Settings that all channels share."""

    notify_systems: tuple[str, ...] = setting(
        ("production", "plots", "trends", "jobs", "transfers"), "Systems whose events are notified.", check_systems
    )
    notify_quiet: tuple[str, ...] = setting(
        (),
        'Quiet hours of channels, Swiss time, as "sound 22:00-06:00"; mail is sent at their end, others are suppressed.',
        check_quiet_hours,
    )
    notify_user_domains: tuple[str, ...] = setting(
        ("cern.ch",),
        "Domains, with those below them, of mail addresses that are entered on pages: of users for their own jobs, of operators for channels.",
    )
    notify_networks: tuple[str, ...] = setting(
        (), "Private networks that may contain the webhooks and sound servers that operators add on the page.", networks
    )
    notify_user_pause_s: float = setting(
        60.0, "Time for which notifications about a user's own jobs are collected into one mail, s.", between(0, USER_PAUSE_MAX_S)
    )
    notify_refresh_s: float = setting(3.0, "Refresh interval of the page, s.", between(1, 600))
    notify_ca: str = setting(
        "", "File (PEM) or folder of authorities for the certificates of webhooks and mail server; empty: the usual ones."
    )
    notify_timeout_s: float = setting(10.0, "Time limit for one attempt to send, s.", between(0.1, 60))
    notify_keep_days: int = setting(365, "Days that notifications are kept.", between(1, 36500))
