"""Mail addresses that users and operators enter on pages: those in the domains of `notify_user_domains`."""

from __future__ import annotations

import re

from app.core.settings import Settings
from app.core.settings.checks import MAIL
from app.notify.settings import NotifySettings


def allowed_domains(settings: Settings) -> tuple[str, ...]:
    """The domains of addresses that may be entered."""
    return settings.of(NotifySettings).notify_user_domains


def address_problem(settings: Settings, address: str) -> str:
    """What is wrong with an address; "" if nothing is."""
    if not re.fullmatch(MAIL, address):
        return "expected an address such as anna@cern.ch"
    domains, domain = allowed_domains(settings), address.rpartition("@")[2].lower()
    is_allowed = any(domain == each.lower() or domain.endswith("." + each.lower()) for each in domains)
    return "" if is_allowed else f"expected an address of {' or '.join(domains) or 'no domain: notify_user_domains is empty'}"
