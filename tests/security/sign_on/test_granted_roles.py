"""Roles and subsystems that the identity provider grants: at the first sign-on, at the next one, and without any."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from app.security import Role, tokens
from app.security.models import Audit, Session, User
from tests.security.conftest import HOME
from tests.security.sign_on.conftest import refusal, sign_on, sign_on_settings
from tests.support.mock_provider import MockProvider

if TYPE_CHECKING:
    from flask import Flask
    from flask.testing import FlaskClient


@pytest.mark.parametrize(
    ("values", "role", "subsystems"),
    [
        (["dqm-viewers"], Role.VIEWER, ""),
        (["pixel"], Role.EXPERT, "Pixel"),
        (["pixel", "strips", "dqm-viewers"], Role.EXPERT, "Pixel,SiStrips"),
        (["dqm-admins", "pixel"], Role.ADMIN, ""),
        ("pixel strips", Role.EXPERT, "Pixel,SiStrips"),
    ],
)
def test_claims_grant_roles_and_subsystems(
    visitor: FlaskClient, provider: MockProvider, values: object, role: Role, subsystems: str
) -> None:
    provider.claims["roles"] = values
    assert sign_on(visitor, provider).status_code == 303
    assert (User.get().role, User.get().subsystems) == (role, subsystems)


def test_roles_may_be_nested_in_the_claims(small_app: Callable[..., Flask], provider: MockProvider) -> None:
    settings = {**sign_on_settings(provider), "sign_on_role_claim": "resource_access.dqmhub.roles"}
    visitor = small_app(**settings).test_client()
    provider.claims["resource_access"] = {"dqmhub": {"roles": ["pixel"]}}
    assert sign_on(visitor, provider).status_code == 303
    assert User.get().subsystems == "Pixel"


def test_what_the_token_lacks_comes_from_the_userinfo_of_the_same_user(visitor: FlaskClient, provider: MockProvider) -> None:
    provider.claims = {"sub": "4711"}
    provider.user_info = {"sub": "4712", "preferred_username": "mallory", "roles": ["dqm-admins"]}
    assert sign_on(visitor, provider).status_code == 403
    assert refusal() == "userinfo: of another sub than the token"
    provider.user_info["sub"] = "4711"
    assert sign_on(visitor, provider).status_code == 303
    assert User.get().role == Role.ADMIN


def test_without_a_role_a_user_is_refused_or_reads_as_the_setting_says(small_app: Callable[..., Flask], provider: MockProvider) -> None:
    provider.claims["roles"] = ["something else"]
    answer = sign_on(small_app(**sign_on_settings(provider)).test_client(), provider)
    assert answer.status_code == 403
    assert "CERN knows you as Ada, and grants you no role here. Ask the administrators of this hub for one" in answer.text
    assert refusal("Ada") == "claims: no value of roles grants a role to Ada"
    assert not User.select().exists()


def test_without_a_role_a_user_may_be_a_viewer(small_app: Callable[..., Flask], provider: MockProvider) -> None:
    provider.claims["roles"] = []
    assert sign_on(small_app(**sign_on_settings(provider), sign_on_without_role="viewer").test_client(), provider).status_code == 303
    assert User.get().role == Role.VIEWER


def test_a_role_that_the_provider_takes_back_is_gone_at_the_next_sign_on_and_so_are_the_sessions(
    visitor: FlaskClient, provider: MockProvider
) -> None:
    sign_on(visitor, provider)
    other = visitor.application.test_client()
    provider.claims["roles"] = ["dqm-viewers"]
    sign_on(other, provider)
    assert (User.get().role, Session.select().count()) == (Role.VIEWER, 1)


def test_who_has_left_the_groups_loses_the_role_in_all_browsers_and_tokens_although_the_sign_on_is_refused(
    visitor: FlaskClient, provider: MockProvider
) -> None:
    sign_on(visitor, provider)
    _, secret = tokens.make(User.get(), "nightly", Role.OPERATOR, 365)
    provider.claims["roles"] = ["nothing"]
    assert sign_on(visitor.application.test_client(), provider).status_code == 403
    assert (User.get().role, Session.select().count()) == (Role.PUBLIC, 0)
    script = visitor.application.test_client()
    assert script.get("/api/v1/samples", headers={"Authorization": f"Bearer {secret}"}, base_url=HOME).status_code == 403
    assert visitor.get("/account/sessions", base_url=HOME).status_code != 200
    rows = Audit.select().where(Audit.action == "change role")
    assert [(row.user, row.target, row.answer) for row in rows] == [("sign-on", "ada", "from operator to public")]
    provider.claims["roles"] = ["dqm-viewers"]
    assert sign_on(visitor, provider).status_code == 303
    assert User.get().role == Role.VIEWER


def test_who_loses_role_and_name_at_the_provider_loses_the_role_here(visitor: FlaskClient, provider: MockProvider) -> None:
    sign_on(visitor, provider)
    provider.claims = provider.user_info = {"sub": "4711"}
    assert sign_on(visitor, provider).status_code == 403
    assert User.get().role == Role.PUBLIC
