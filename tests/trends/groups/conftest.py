"""Accounts of experts for tests of display groups."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask.testing import FlaskClient

from app.security import accounts, tokens
from app.security.roles import parse_role
from tests.security.conftest import PASSWORD, sign_in


@pytest.fixture
def signed_in(client: FlaskClient) -> Callable[[str], FlaskClient]:
    """Signs the browser in as somebody with a role, such as `expert:Pixel`."""

    def become(role: str) -> FlaskClient:
        name = role.replace(":", "-").lower()
        if accounts.user_by_name(name) is None:
            found, subsystems = parse_role(role)
            accounts.add(name, found, PASSWORD, subsystems)
        sign_in(client, name)
        return client

    return become


@pytest.fixture
def bearer(hub: object) -> Callable[[str], dict[str, str]]:
    """Makes the header of an API token of somebody with a role, such as `expert:Pixel`."""

    def header(role: str) -> dict[str, str]:
        found, subsystems = parse_role(role)
        user = accounts.add(role.replace(":", "-").lower(), found, PASSWORD, subsystems)
        return {"Authorization": f"Bearer {tokens.make(user, 'test', found, 1)[1]}"}

    return header
