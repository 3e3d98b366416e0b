"""The accounts of a demo: one for each role, only where other machines cannot use them."""

from __future__ import annotations

import socket
from collections.abc import Callable
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from app.security import demo_accounts, this_machine
from app.security.models import User
from app.security.roles import GRANTED
from tests.security.conftest import sign_in
from tests.support.cli import dqmhub

if TYPE_CHECKING:
    from flask import Flask

    from app.core.settings import Settings

pytestmark = pytest.mark.slow


def test_a_demo_has_one_account_for_each_role_that_can_sign_in(small_app: Callable[..., Flask]) -> None:
    app = small_app(demo_accounts=True)
    hub: Settings = app.config["HUB"]
    made = demo_accounts.make(hub)
    assert [User.get(User.name == name).role for name in made] == list(GRANTED)
    assert demo_accounts.make(hub) == made, "passwords stay"
    client = app.test_client()
    page = client.get("/account/sign-in", headers={"Authorization": f"Bearer {this_machine.read_key(hub)}"}).text
    for name, password in made.items():
        assert name in page
        assert password in page
        assert sign_in(client, name, password).status_code == 303
    assert (hub.data / "demo_accounts.json").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(("is_demo", "peer"), [(False, "127.0.0.1"), (True, "192.0.2.7")])
def test_without_a_demo_or_from_another_machine_the_page_names_the_command_that_makes_an_account(
    small_app: Callable[..., Flask], is_demo: bool, peer: str
) -> None:
    app = small_app(demo_accounts=is_demo)
    made = demo_accounts.make(app.config["HUB"])
    page = app.test_client().get("/account/sign-in?next=/account/audit", environ_base={"REMOTE_ADDR": peer}).text
    assert "dqmhub user add NAME --role admin" in page
    assert not any(password in page for password in made.values())


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "hub.example"])
def test_a_demo_that_other_machines_reach_has_no_accounts(hub: Settings, host: str) -> None:
    with pytest.raises(ValueError, match="other machines can reach"):
        demo_accounts.make(hub.replace(web_host=host))
    assert User.select().count() == 0


@pytest.mark.parametrize(("is_demo", "host", "disabled"), [(True, "127.0.0.1", False), (False, "127.0.0.1", True), (True, "0.0.0.0", True)])
def test_after_the_demo_its_accounts_are_disabled(hub: Settings, is_demo: bool, host: str, disabled: bool) -> None:
    made = demo_accounts.make(hub)
    demo_accounts.disable_unless_demo(hub.replace(demo_accounts=is_demo, web_host=host))
    assert {user.disabled for user in User.select().where(User.name.in_(list(made)))} == {disabled}
    demo_accounts.make(hub)
    assert not any(user.disabled for user in User.select())


@pytest.mark.parametrize(("page", "role"), [("/account/audit", "admin"), ("/", ""), ("/nothing", "")])
def test_the_sign_in_page_names_the_role_that_a_page_needs(small_app: Callable[..., Flask], page: str, role: str) -> None:
    text = small_app().test_client().get(f"/account/sign-in?next={page}").text
    assert ("needs the role" in text) == bool(role)
    assert not role or f"needs the role <b>{role}</b>" in text


def test_a_web_server_that_cannot_listen_leaves_the_accounts_of_the_demo(hub: Settings) -> None:
    made = demo_accounts.make(hub)
    with closing(socket.create_server(("127.0.0.1", 0))) as other:
        port = other.getsockname()[1]
        done = dqmhub(hub.replace(web_port=port), "web")
    assert done.returncode == 1
    assert f"Cannot listen on 127.0.0.1:{port}: Address already in use; see the settings web_host and web_port" in done.stderr
    assert not any(user.disabled for user in User.select().where(User.name.in_(list(made))))
