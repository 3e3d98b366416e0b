"""The form of mail: who gets it. Server and sender are those of the settings."""

from __future__ import annotations

import re
from collections.abc import Mapping

from app.core.settings import Settings
from app.notify.channels.base import Channel
from app.notify.channels.form import ChannelField, ChannelForm
from app.notify.channels.mail.channel import MailChannel
from app.notify.channels.mail.settings import MailSettings
from app.notify.user_addresses import address_problem

MAX_RECIPIENTS = 20


def recipients(text: str) -> tuple[str, ...]:
    """The addresses in a text, which blanks, commas or semicolons separate; each once, however it is written."""
    found: dict[str, str] = {}
    for each in filter(None, re.split(r"[\s,;]+", text)):
        found.setdefault(each.lower(), each)
    return tuple(found.values())


class MailForm(ChannelForm):
    """Addresses in the domains of `notify_user_domains`."""

    title = "Mail"
    fields = (ChannelField("to", "Recipients", f"Mail addresses, with commas between; at most {MAX_RECIPIENTS}."),)

    def obstacle(self, settings: Settings) -> str:
        """A mail server or sender that is missing."""
        ours = settings.of(MailSettings)
        missing = [name for name in ("notify_smtp", "notify_mail_from") if not getattr(ours, name)]
        return f"No mail can be sent: {' and '.join(missing)} must be set." if missing else ""

    def problems(self, settings: Settings, options: Mapping[str, str]) -> list[tuple[str, str]]:
        """The first wrong address, none or too many."""
        addresses = recipients(options["to"])
        if not addresses:
            return [("to", "at least one address such as anna@cern.ch")]
        if len(addresses) > MAX_RECIPIENTS:
            return [("to", f"at most {MAX_RECIPIENTS} addresses")]
        wrong = [f"{address}: {problem}" for address in addresses if (problem := address_problem(settings, address))]
        return [("to", wrong[0])] if wrong else []

    def receiver(self, options: Mapping[str, str]) -> str:
        """The addresses."""
        return ", ".join(recipients(options["to"]))

    def channel(self, settings: Settings, name: str, options: Mapping[str, str]) -> Channel:
        """The channel; the notifications of single users are sent by that of the settings, once."""
        found = MailChannel(settings.replace(notify_mail_to=recipients(options["to"])), name)
        found.reaches_users = False
        return found


FORM = MailForm()
