"""The accounts of a demo: one for each role, with random passwords that the sign-in page shows to users of this machine.

`dqmhub run --demo` makes them, only if the hub listens on a loopback address. The passwords are in a file of data_dir that
only its owner can read.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from secrets import token_urlsafe

from app.core.settings import Settings
from app.security import accounts
from app.security.passwords import verify
from app.security.proxies import LOOPBACK, is_inside
from app.security.roles import GRANTED, Role
from app.security.settings import SecuritySettings

PREFIX = "demo-"
"""Beginning of the names; the role follows."""


def listens_on_loopback(settings: Settings) -> bool:
    """Whether only programs on this machine can reach the web server."""
    return settings.web_host == "localhost" or is_inside(settings.web_host, LOOPBACK)


def read(settings: Settings) -> dict[str, str]:
    """Password of each demo account, by name and by ascending role; empty if there are none."""
    try:
        found: dict[str, str] = json.loads(_file(settings).read_text())
    except (OSError, ValueError):
        return {}
    return found


def make(settings: Settings) -> dict[str, str]:
    """Make the accounts that are missing, and repair those that were changed; returns the password of each, by name.

    Raises ValueError if other machines can reach the web server.
    """
    if not listens_on_loopback(settings):
        raise ValueError(f"No demo accounts: other machines can reach {settings.web_host}")
    known = read(settings)
    passwords = {PREFIX + role.title: known.get(PREFIX + role.title) or token_urlsafe(12) for role in GRANTED}
    file = os.open(_file(settings), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with open(file, "w") as out:
        json.dump(passwords, out, indent=1)
    for name, password in passwords.items():
        _make_account(name, Role.of(name.removeprefix(PREFIX)), password)
    return passwords


def disable_unless_demo(settings: Settings) -> None:
    """Disable the accounts of an earlier demo if this is none, or if other machines can reach the web server."""
    if settings.of(SecuritySettings).demo_accounts and listens_on_loopback(settings):
        return
    for name in read(settings):
        user = accounts.user_by_name(name)
        if user and not user.disabled:
            accounts.set_disabled(user, True)


def _make_account(name: str, role: Role, password: str) -> None:
    user = accounts.user_by_name(name)
    if user is None:
        accounts.add(name, role, password)
        return
    if not verify(password, user.password):
        accounts.set_password(user, password)
    if user.role != role:
        accounts.set_role(user, role)
    if user.disabled:
        accounts.set_disabled(user, False)


def _file(settings: Settings) -> Path:
    return settings.data / "demo_accounts.json"
