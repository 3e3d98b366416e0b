"""Users whom the front end of CMSWEB identifies by signed headers."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from app.security import Role, accounts, needs, tokens
from app.security.caller import current_user
from app.security.models import Audit, User
from app.security.proxy_sign_in import cmsweb
from tests.security.conftest import HOME, make_user, sign_in

if TYPE_CHECKING:
    from flask import Flask
    from flask.testing import FlaskClient

KEY = b"0123456789abcdefghij"
FRONT, ELSEWHERE = "10.0.0.1", "192.0.2.7"
ANNA = {
    "cms-authn-dn": "/DC=ch/DC=cern/OU=Organic Units/OU=Users/CN=aberg/CN=700123/CN=Anna Berg",
    "cms-authn-login": "aberg",
    "cms-authn-method": "X509Cert",
    "cms-authn-name": "Anna B\u00c3\u00a9rg",  # UTF-8, as WSGI hands it on
    "cms-authz-dqm-expert": "group:dqm site:t2-ch-cern",
}
SIGNATURE = "e06723c426a893087fa613d7eefa2dbcfa281e0f"
"""Made with `openssl dgst -sha1 -hmac` of the text that the documentation of CMSWEB describes, written by hand."""


def signed(**changes: str) -> dict[str, str]:
    """The headers of Anna with changes, signed by the front end; "" removes a header."""
    headers = {name: value for name, value in (ANNA | {name.replace("_", "-"): value for name, value in changes.items()}).items() if value}
    return headers | {"cms-auth-status": "OK", "cms-authn-hmac": cmsweb.signature(headers, KEY)}


Who = Callable[..., str]


@pytest.fixture
def make_app(small_app: Callable[..., Flask], tmp_path: Path) -> Callable[..., Flask]:
    """Makes applications behind CMSWEB."""
    (tmp_path / "key").write_bytes(KEY)

    def make(**values: object) -> Flask:
        rules = {"proxy_sign_in": "cmsweb", "proxy_sign_in_networks": ("10.0.0.0/24",), "proxy_sign_in_key_file": str(tmp_path / "key")}
        app = small_app(**{**rules, "proxy_sign_in_roles": ("dqm-expert/group:dqm=expert:Pixel",), "anonymous_read": "nobody", **values})
        app.add_url_rule("/api/who", view_func=needs(Role.VIEWER)(_who), endpoint="who")
        return app

    return make


def _who() -> str:
    caller = current_user()
    return f"{caller.name} {caller.role.title} {caller.subsystems}".strip()


def who(client: FlaskClient, headers: dict[str, str], peer: str = FRONT) -> str:
    """Who the hub says that the sender is, or the message of the error."""
    answer = client.get("/api/who", headers=headers, environ_overrides={"REMOTE_ADDR": peer}, base_url=HOME)
    return answer.text if answer.status_code == 200 else f"{answer.status_code} {answer.get_json()['message']}"


def answers() -> list[str]:
    return [row.answer for row in Audit.select().where(Audit.action.endswith("proxy sign-in")).order_by(Audit.id)]


def test_the_signature_is_that_of_the_documentation_of_cmsweb() -> None:
    assert cmsweb.signature(ANNA, KEY) == SIGNATURE


def test_a_user_whom_cmsweb_identifies_has_the_role_of_their_groups(make_app: Callable[..., Flask]) -> None:
    client = make_app().test_client()
    assert who(client, signed()) == "aberg expert Pixel"
    user = User.get(User.name == "aberg")
    assert (user.origin, user.subject) == ("proxy", "aberg")
    assert answers() == ["accepted"]
    assert who(client, signed(cms_authz_dqm_expert="group:other")).startswith(
        "403 aberg has no role here: ask the administrators for a line"
    )
    client = make_app(
        proxy_sign_in_roles=("dqm-expert=expert:Pixel", "dqm-expert/site:t2-ch-cern=expert:Ecal", "login:aberg=viewer")
    ).test_client()
    assert who(client, signed()) == "aberg expert Pixel,Ecal"
    client = make_app(proxy_sign_in_roles=(), proxy_sign_in_without_role="viewer").test_client()
    assert who(client, signed()) == "aberg viewer"


def test_who_has_lost_the_role_at_cmsweb_loses_it_for_their_tokens_too(make_app: Callable[..., Flask]) -> None:
    client = make_app().test_client()
    who(client, signed())
    _, secret = tokens.make(User.get(), "nightly", Role.EXPERT, 365)
    script = {"Authorization": f"Bearer {secret}"}
    assert who(client, script) == "aberg expert Pixel"
    for _ in range(2):
        assert who(client, signed(cms_authz_dqm_expert="group:other")).startswith("403")
    assert who(client, script).startswith("403")
    rows = Audit.select().where(Audit.action == "change role")
    assert [(row.user, row.target, row.answer) for row in rows] == [("proxy", "aberg", "from expert:Pixel to public")]


@pytest.mark.parametrize(
    "headers",
    [
        signed() | {"cms-authz-admin": "group:dqm"},
        signed() | {"cms-authn-login": "root"},
        signed() | {"cms-authn-hmac": "0" * 40},
        {name: value for name, value in signed().items() if name != "cms-authn-hmac"},
        {name: value for name, value in signed().items() if name != "cms-authn-method"},
        signed() | {"cms-authn-hmac": "\u00e9"},
    ],
    ids=["a role more", "another login", "another signature", "no signature", "a header less", "no hexadecimal signature"],
)
def test_headers_that_are_not_signed_as_they_are_identify_nobody(make_app: Callable[..., Flask], headers: dict[str, str]) -> None:
    assert "no valid signature" in who(make_app(proxy_sign_in_roles=("admin=admin",)).test_client(), headers)
    assert not User.select().exists()
    assert answers()[0].startswith("refused: The headers of CMSWEB have no valid signature")


def test_headers_from_elsewhere_are_removed_and_named_in_the_audit_log(make_app: Callable[..., Flask]) -> None:
    app = make_app(trusted_proxies=("10.0.0.0/24", "192.0.2.0/24"))
    assert who(app.test_client(), signed(), ELSEWHERE) == "401 Needs the role viewer: send an API token"
    forwarded = signed() | {"X-Forwarded-For": FRONT}
    assert who(app.test_client(), forwarded, ELSEWHERE).startswith("401"), "the proxy must be the peer itself"
    assert answers() == [f"ignored: no proxy that identifies users is at {ELSEWHERE}"], "one row in an hour"
    assert not User.select().exists()


def test_without_the_setting_nobody_is_identified_and_nothing_is_written(make_app: Callable[..., Flask]) -> None:
    assert who(make_app(proxy_sign_in="off").test_client(), signed()).startswith("401")
    assert answers() == []


def test_each_user_who_is_refused_behind_one_address_has_a_row_whatever_came_from_there_before(make_app: Callable[..., Flask]) -> None:
    client = make_app().test_client()
    for login in ("carol", "aberg"):
        who(client, signed(cms_authn_login=login))
    accounts.set_disabled(User.get(User.name == "carol"), True)
    who(client, signed() | {"cms-authn-hmac": "0" * 40})
    for login in ("aberg", "mallory"):
        who(client, signed(cms_authn_login=login, cms_authz_dqm_expert="group:other"))
    who(client, signed(cms_authn_login="carol"))
    refused = Audit.select().where(Audit.action == "refused proxy sign-in").order_by(Audit.id)
    assert [row.target for row in refused] == ["(unknown)", "aberg", "mallory", "carol"]


@pytest.mark.parametrize("method", ["None", "HostIP", "AUCookie", "X509LimitedProxy", ""])
def test_weak_methods_identify_nobody(make_app: Callable[..., Flask], method: str) -> None:
    assert who(make_app().test_client(), signed(cms_authn_method=method)) == "401 Needs the role viewer: send an API token"


def test_a_token_of_the_hub_counts_alone_and_tokens_of_others_are_left_to_the_front_end(make_app: Callable[..., Flask]) -> None:
    client = make_app().test_client()
    _, secret = tokens.make(make_user("robot", Role.ADMIN), "nightly", Role.VIEWER, 1)
    assert who(client, signed() | {"Authorization": f"Bearer {secret}"}) == "robot viewer"
    assert who(client, signed() | {"Authorization": "Bearer dqmhub_guessed"}).startswith("401 Unknown or revoked API token")
    assert who(client, signed() | {"Authorization": "Bearer eyJhbGciOiJSUzI1NiJ9.e30.c2ln"}) == "aberg expert Pixel"
    assert who(client, {"Authorization": "Bearer eyJhbGciOiJSUzI1NiJ9.e30.c2ln"}).startswith("401 Unknown or revoked API token")


def test_a_local_account_is_never_taken_over_and_one_that_is_disabled_stays_so(make_app: Callable[..., Flask]) -> None:
    client = make_app().test_client()
    local = make_user("aberg", Role.ADMIN)
    assert "belongs to another account" in who(client, signed())
    local.delete_instance()
    assert who(client, signed()) == "aberg expert Pixel"
    accounts.set_disabled(User.get(User.name == "aberg"), True)
    assert "is disabled here" in who(client, signed())


def test_who_signs_in_with_a_local_account_is_that_account(make_app: Callable[..., Flask]) -> None:
    client = make_app().test_client()
    make_user("emergency", Role.ADMIN)
    sign_in(client, "emergency", headers=signed(cms_authn_hmac="0" * 40))
    assert who(client, signed()) == "emergency admin"


@pytest.mark.parametrize(("content", "problem"), [(None, "cannot be read: No such file"), (b"short\n", "less than 16 bytes")])
def test_a_key_that_cannot_be_used_is_named(make_app: Callable[..., Flask], tmp_path: Path, content: bytes | None, problem: str) -> None:
    client = make_app().test_client()
    (tmp_path / "key").unlink()
    if content:
        (tmp_path / "key").write_bytes(content)
    assert problem in who(client, signed())
    page = client.get("/", headers=signed(), environ_overrides={"REMOTE_ADDR": FRONT}, base_url=HOME)
    assert page.status_code == 403
    assert "/account/sign-in" in page.text, "local accounts still sign in"


def test_a_user_whom_a_proxy_identifies_makes_tokens_and_has_no_password_to_change(make_app: Callable[..., Flask]) -> None:
    client = make_app().test_client()
    front = {"environ_overrides": {"REMOTE_ADDR": FRONT}, "base_url": HOME}
    form = {"name": "nightly", "role": "expert", "days": "7"}
    made = client.post("/account/tokens", data=form, headers=signed() | {"Origin": HOME}, **front)
    secret = re.findall(r"dqmhub_[\w-]{43}", made.text)[0]
    assert who(client, {"Authorization": f"Bearer {secret}"}, ELSEWHERE) == "aberg expert Pixel"
    assert "Sign out" not in made.text
    assert "Sign out everywhere" not in client.get("/account/sessions", headers=signed(), **front).text
    assert client.get("/account/password", headers=signed(), **front).status_code == 403
