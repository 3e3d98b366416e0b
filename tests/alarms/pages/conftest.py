"""Users of the pages of alarms."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.security import accounts, tokens
from app.security.roles import parse_role

Browse = Callable[[str], FlaskClient]
"""Makes a client of a user with a role, such as `expert:Pixel`; the name of the user is that role without its limits."""


@pytest.fixture
def browse(app: Flask) -> Browse:
    """Makes clients of users."""

    def make(text: str) -> FlaskClient:
        role, subsystems = parse_role(text)
        user = accounts.add(role.title, role, "violet tractor 7 harbour", subsystems)
        client = app.test_client()
        client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {tokens.make(user, 'test', role, 1)[1]}"
        return client

    return make
