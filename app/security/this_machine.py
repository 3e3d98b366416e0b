"""Proof that a client is on this machine: it can read the file data_dir/local_key, or was given a link by who can.

An address is no proof: requests through a proxy or tunnel that does not say so come from 127.0.0.1, too. Scripts send the
content of the file as API token, transfers by their option `token_file`. For browsers `dqmhub local-link` prints a link,
which starts a session.
"""

from __future__ import annotations

import hmac
from pathlib import Path
from secrets import token_urlsafe

from flask import current_app, request, session
from itsdangerous import BadData, URLSafeTimedSerializer

from app.core.settings import Settings, create_private_file, load_secret_key
from app.security.tokens import PREFIX, digest
from app.web import request_settings
from app.web.answers import is_bearer

KEY_PREFIX = f"{PREFIX}local_"
SESSION_KEY = "local"

LINK_S = 600
"""For so long a link can be opened."""


def key_file(settings: Settings) -> Path:
    """The file with the key; who may read it decides its mode."""
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


def is_proven() -> bool:
    """Whether the sender of the current request is on this machine."""
    if is_bearer():
        return is_key(request.headers["Authorization"][7:].strip())
    if current_app.config["SESSION_COOKIE_NAME"] not in request.cookies or not (found := session.get(SESSION_KEY)):
        return False
    key = read_key(request_settings())
    return bool(key) and hmac.compare_digest(str(found), digest(key))


def is_key(secret: str) -> bool:
    """Whether a token is the key of this machine."""
    if not secret.startswith(KEY_PREFIX):
        return False
    key = read_key(request_settings())
    return key.startswith(KEY_PREFIX) and hmac.compare_digest(secret.encode(), key.encode())


def link_token(settings: Settings) -> str:
    """What the link for browsers proves, for LINK_S."""
    return _serializer(settings).dumps("local")


def start_session(token: str) -> bool:
    """Note in the session of this browser that it is on this machine; False if the token of its link is not valid."""
    settings = request_settings()
    try:
        _serializer(settings).loads(token, max_age=LINK_S)
    except BadData:
        return False
    session.permanent = True
    session[SESSION_KEY] = digest(read_key(settings))
    return True


def _serializer(settings: Settings) -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(load_secret_key(settings), salt="link of this machine")
