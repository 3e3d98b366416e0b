"""Proof that a client is on this machine: it can read the file data_dir/local_key, or has opened a link of `dqmhub local-link`.

An address is no proof: requests through a proxy or tunnel that does not say so come from 127.0.0.1, too. Scripts send the
content of the file as API token, transfers by their option `token_file`. Browsers open a link: local_browsers.py.
"""

from __future__ import annotations

import hmac
from pathlib import Path
from secrets import token_urlsafe

from app.core.settings import Settings, create_private_file
from app.security.tokens import PREFIX
from app.web import request_settings

KEY_PREFIX = f"{PREFIX}local_"
MARK_DIGITS = 16


def key_file(settings: Settings) -> Path:
    """The file with the key; its mode decides who may read it."""
    return settings.data / "local_key"


def make_key(settings: Settings) -> None:
    """Create the file with the key, for the user of the hub only, unless it exists."""
    if not key_file(settings).exists():
        create_private_file(key_file(settings), f"{KEY_PREFIX}{token_urlsafe(32)}\n".encode())


def read_key(settings: Settings) -> str:
    """The key, "" if there is none."""
    try:
        return key_file(settings).read_text().strip()
    except OSError:
        return ""


def hub_mark(settings: Settings) -> str:
    """A mark of this data folder, which everybody may see: it says nothing of the key."""
    return hmac.digest(read_key(settings).encode(), b"mark of a hub", "sha256").hex()[:MARK_DIGITS]


def is_key(secret: str) -> bool:
    """Whether a token is the key of this machine."""
    if not secret.startswith(KEY_PREFIX):
        return False
    key = read_key(request_settings())
    return key.startswith(KEY_PREFIX) and hmac.compare_digest(secret.encode(), key.encode())
