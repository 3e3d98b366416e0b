"""Settings of mail."""

from __future__ import annotations

from dataclasses import dataclass

from app.core.event_sources import PROBLEMS, check_kinds
from app.core.settings.checks import host_and_port, mail_address, mail_addresses, one_of
from app.core.settings.table import setting, settings_table


@settings_table
@dataclass(frozen=True)
class MailSettings:
    """Settings of mail."""

    notify_smtp: str = setting("", "Mail server, host:port; empty: no mail.", host_and_port)
    notify_smtp_security: str = setting(
        "starttls", "Encryption: starttls, tls (from the first byte) or none.", one_of("starttls", "tls", "none")
    )
    notify_smtp_user: str = setting("", "Account at the mail server; empty: none is needed.")
    notify_smtp_password: str = setting("", "Password of that account.", secret=True)
    notify_mail_from: str = setting("", "Sender of the mails, an address alone.", mail_address)
    notify_mail_to: tuple[str, ...] = setting((), "Recipients; empty: no mail.", mail_addresses)
    notify_mail_kinds: tuple[str, ...] = setting((PROBLEMS,), "Kinds of events, or `problems`, or `all`.", check_kinds)


TABLE = MailSettings
