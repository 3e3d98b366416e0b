"""Browsers of users with private layouts."""

from __future__ import annotations

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.security import Role, accounts
from tests.gui.layouts.private.my_plots import Browsers
from tests.security.conftest import HOME, PASSWORD, sign_in


@pytest.fixture
def browsers(app: Flask, client: FlaskClient) -> Browsers:
    """Browsers that are signed in: as ada or ben, who are viewers, or as the expert pia of PixelPhase1."""
    accounts.add("ada", Role.VIEWER, PASSWORD)
    accounts.add("ben", Role.VIEWER, PASSWORD)
    accounts.add("pia", Role.EXPERT, PASSWORD, "PixelPhase1")

    def browser(name: str) -> FlaskClient:
        found = app.test_client()
        found.environ_base["HTTP_ORIGIN"] = HOME
        assert sign_in(found, name).status_code == 303
        return found

    return browser


@pytest.fixture
def ada(browsers: Browsers) -> FlaskClient:
    return browsers("ada")
