"""The channels that the settings name."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from functools import partial
from typing import NamedTuple
from urllib.parse import urlsplit

from app.core.settings import Settings
from app.notify.channels import mail, sound, webhook
from app.notify.settings import NotifySettings
from app.notify.transport import Message

SOUND_PATIENCE_S, WEBHOOK_PATIENCE_S, MAIL_PATIENCE_S = 60.0, 3600.0, 86400.0
"""How long a delivery is tried: an alarm that comes later is noise, a mail is read later anyway."""


class Channel(NamedTuple):
    """A way to tell somebody.

    kind: webhook, mail or sound; name: as it is shown, without what only its receiver should know. kinds: of events
    that it tells. patience_s: how long a delivery is tried. sums: it tells many notices at once. holds: what comes in
    quiet hours is told at their end, else never. quiet: those hours, of all kinds. send: tells messages, and gives what was answered; NotSent, Refused.
    """

    name: str
    kind: str
    kinds: tuple[str, ...]
    patience_s: float
    sums: bool
    holds: bool
    quiet: tuple[str, ...]
    send: Callable[[Sequence[Message]], str]


def channels(settings: Settings) -> list[Channel]:
    """All that are set."""
    found, quiet = [], settings.of(NotifySettings).notice_quiet
    hosts: Counter[str] = Counter()
    for address in settings.of(NotifySettings).notice_webhooks:
        host = urlsplit(address).netloc
        hosts[host] += 1
        name = f"webhook {host}" + (f" ({hosts[host]})" if hosts[host] > 1 else "")
        send = partial(webhook.post, address, settings)
        found.append(
            Channel(name, "webhook", settings.of(NotifySettings).notice_webhook_kinds, WEBHOOK_PATIENCE_S, False, False, quiet, send)
        )
    if (
        settings.of(NotifySettings).notice_smtp
        and settings.of(NotifySettings).notice_mail_from
        and settings.of(NotifySettings).notice_mail_to
    ):
        found.append(
            Channel(
                "mail",
                "mail",
                settings.of(NotifySettings).notice_mail_kinds,
                MAIL_PATIENCE_S,
                True,
                True,
                quiet,
                partial(mail.post, settings),
            )
        )
    if settings.of(NotifySettings).notice_sound:
        found.append(
            Channel(
                "sound",
                "sound",
                settings.of(NotifySettings).notice_sound_kinds,
                SOUND_PATIENCE_S,
                True,
                False,
                quiet,
                partial(sound.post, settings),
            )
        )
    return found
