"""Users of the tests of the diary."""

from __future__ import annotations

import time

from flask.testing import FlaskClient

from app.security import Role, sessions, tokens
from app.security.models import User
from app.security.sessions import Lengths
from app.security.signed_in import SESSION_KEY


def signed_in(name: str, role: Role = Role.VIEWER) -> dict[str, str]:
    """The headers of requests of a new user."""
    user = User.create(name=name, role=role, password="", created=time.time())
    return {"Authorization": f"Bearer {tokens.make(user, 'test', role, 1)[1]}"}


def browser_of(client: FlaskClient, name: str, role: Role = Role.VIEWER) -> FlaskClient:
    """A browser in which a user is signed in, beside another one of the same hub."""
    user, _ = User.get_or_create(name=name, defaults={"role": role, "password": "", "created": time.time()})
    browser = client.application.test_client()
    with browser.session_transaction(base_url="http://127.0.0.1:8889") as session:
        session[SESSION_KEY] = sessions.start(user, Lengths(1.0, 1.0), "", "")
    browser.environ_base |= {"HTTP_SEC_FETCH_SITE": "same-origin", "HTTP_HOST": "127.0.0.1:8889"}
    return browser
