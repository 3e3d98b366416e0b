"""Settings of notifications."""

from __future__ import annotations

from dataclasses import dataclass

from app.core.settings.checks import between, mail_address, mail_addresses, one_of, place, quiet_hours, some_of, webhooks
from app.core.settings.table import setting, settings_table

EVENTS = ("run-start", "run-end", "crash", "stuck", "silent-host")
TROUBLES = ("crash", "stuck", "silent-host")


@settings_table
@dataclass(frozen=True)
class NotifySettings:
    """Settings of notifications."""

    notice_systems: tuple[str, ...] = setting(
        ("production",), "Systems of DQM^2 whose events are told by notices.", some_of("production", "playback")
    )
    notice_webhooks: tuple[str, ...] = setting((), "Addresses that each notice is sent to as JSON, https://...", webhooks, secret=True)
    notice_webhook_secret: str = setting("", "Key that signs what is sent to them (HMAC-SHA256); empty: it is not signed.", secret=True)
    notice_webhook_kinds: tuple[str, ...] = setting(EVENTS, "What they are told: " + ", ".join(EVENTS) + ".", some_of(*EVENTS))
    notice_smtp: str = setting("", "Mail server, host:port; empty: no notice is mailed.", place)
    notice_smtp_security: str = setting(
        "starttls", "How it is spoken to: starttls, tls (from the first byte) or none.", one_of("starttls", "tls", "none")
    )
    notice_smtp_user: str = setting("", "Account at the mail server; empty: it needs none.")
    notice_smtp_password: str = setting("", "Password of that account.", secret=True)
    notice_mail_from: str = setting("", "Sender of the mails, an address alone.", mail_address)
    notice_mail_to: tuple[str, ...] = setting((), "Who gets the mails; empty: no notice is mailed.", mail_addresses)
    notice_mail_kinds: tuple[str, ...] = setting(TROUBLES, "What is mailed.", some_of(*EVENTS))
    notice_sound: str = setting("", "Sound server of the control room (CMS-WOW), host:port; empty: no notice is heard.", place)
    notice_sound_kinds: tuple[str, ...] = setting(TROUBLES, "What is heard.", some_of(*EVENTS))
    notice_quiet: tuple[str, ...] = setting(
        (),
        'Hours in which a channel is quiet, Swiss time, as "sound 22:00-06:00"; what was to be mailed is mailed at their end.',
        quiet_hours,
    )
    notice_ca: str = setting(
        "", "File (PEM) or folder of the authorities that webhooks and mail server are checked against; empty: the usual ones."
    )
    notice_timeout_s: float = setting(10.0, "Seconds that one sending may take in all.", between(0.1, 60))
    notice_keep_days: int = setting(365, "Days that notices are kept.", between(1, 36500))
