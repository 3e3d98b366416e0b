"""Users with every role, and clients that send requests as them."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from app import create_app
from app.core import database
from app.core.settings import Settings
from app.security import passwords, tokens
from app.security.headers import REPORTS
from app.security.models import User
from app.security.roles import GRANTED, Role
from tests.support.processes import LOOPBACK_RIGHTS

if TYPE_CHECKING:
    from flask import Flask
    from flask.testing import FlaskClient
    from werkzeug.test import TestResponse

PASSWORD = "violet tractor 7 harbour"
HOME = "http://127.0.0.1:8889"


@cache
def stored_password() -> str:
    return passwords.hash_password(PASSWORD)


def make_user(name: str, role: Role) -> User:
    user: User = User.create(name=name, role=role, password=stored_password(), created=0.0)
    return user


def csp_reports() -> float:
    """How many violations of the content security policy were reported."""
    (family,) = REPORTS.collect()
    return family.samples[0].value


@pytest.fixture
def people(hub: Settings) -> dict[Role, User]:
    """One user of each role, named after it."""
    return {role: make_user(role.title, role) for role in GRANTED}


@pytest.fixture
def bearer(people: dict[Role, User]) -> dict[Role, dict[str, str]]:
    """The Authorization header of a token of each role; none for PUBLIC."""
    headers = {role: {"Authorization": f"Bearer {tokens.make(user, 'test', role, 1)[1]}"} for role, user in people.items()}
    return {Role.PUBLIC: {}, **headers}


@pytest.fixture
def remote(app: Flask) -> RemoteClient:
    """A client on another machine; the default settings give it no access."""
    return RemoteClient(app)


class RemoteClient:
    """Sends requests from an address, by default one of the documentation networks."""

    def __init__(self, app: Flask) -> None:
        self.client: FlaskClient = app.test_client()

    def __call__(self, method: str, path: str, *, address: str = "192.0.2.7", **options: Any) -> TestResponse:
        options.setdefault("base_url", HOME)
        return self.client.open(path, method=method, environ_overrides={"REMOTE_ADDR": address}, **options)


def sign_in(client: FlaskClient, name: str, password: str = PASSWORD, **options: Any) -> TestResponse:
    options.setdefault("base_url", HOME)
    headers = {"Origin": options["base_url"], **options.pop("headers", {})}
    form = {"name": name, "password": password, "next": options.pop("next", "/")}
    return client.post("/account/sign-in", data=form, headers=headers, **options)


@pytest.fixture
def small_app(sqlite_template: Path, tmp_path: Path) -> Iterator[Callable[..., Flask]]:
    """Makes applications with other settings, on SQLite, where the database is not what is tested."""
    data = tmp_path / "small"
    shutil.copytree(sqlite_template, data)

    def make(**changes: Any) -> Flask:
        return create_app(Settings(data_dir=str(data), instance_name="Test", **{**LOOPBACK_RIGHTS, **changes}))

    yield make
    database.disconnect()
    database.proxy.initialize(None)


@pytest.fixture
def local(small_app: Callable[..., Flask]) -> FlaskClient:
    """A browser on this machine, which needs no proof of that."""
    return small_app().test_client()
