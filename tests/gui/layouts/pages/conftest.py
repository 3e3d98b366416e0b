"""Pages of layouts on a hub whose files are registered; no test here needs a picture."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from app.core.settings import Settings
from app.security import accounts
from app.security.roles import parse_role
from tests.security.conftest import PASSWORD, sign_in
from tests.support import gui


@pytest.fixture
def hub(hub: Settings, demo_files: list[Path]) -> Settings:
    """A hub with a file of run 367140 of /Cosmics/Run2023C-Demo-v1/DQMIO."""
    gui.register_all([next(file for file in demo_files if "__Cosmics__" in file.name)])
    return hub.replace(file_roots=(str(demo_files[0].parent),))


@pytest.fixture
def signed_in(client: FlaskClient) -> Callable[..., FlaskClient]:
    """Sign in as a new user of a role such as `expert:Pixel`."""

    def become(role: str, name: str = "anna") -> FlaskClient:
        found, subsystems = parse_role(role)
        accounts.add(name, found, PASSWORD, subsystems)
        sign_in(client, name)
        return client

    return become
