"""Signing on with the identity provider: who gets in, with which role, and what is refused."""

from __future__ import annotations

import base64
import hmac
import json
import time
from collections.abc import Callable
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from joserfc import jwt
from joserfc.jwk import OctKey

from app import create_app
from app.security import Role, accounts, tokens
from app.security.models import Audit, Session, User
from app.security.sign_on.provider import EXCHANGES, IdentityProvider
from tests.security.conftest import HOME, make_user
from tests.security.conftest import sign_in as sign_in_locally
from tests.security.sign_on.conftest import begin, bring_back, sign_on, sign_on_settings
from tests.security.sign_on.mock_provider import CLIENT, KEY, OTHER_KEY, MockProvider, sign
from tests.support.small_disk import fill_hub

if TYPE_CHECKING:
    from flask import Flask
    from flask.testing import FlaskClient

    from app.core.settings import Settings


def refusal(user: str = "(unknown)") -> str:
    """The reason in the latest row of the audit log, about this user of the provider."""
    row = Audit.select().order_by(Audit.id.desc()).get()
    assert (row.user, row.action, row.target) == ("nobody", "sign on", user)
    assert row.answer.startswith("refused: ")
    return str(row.answer).removeprefix("refused: ")


def test_a_user_gets_in_with_the_role_that_the_provider_grants_and_returns_to_the_page(
    visitor: FlaskClient, provider: MockProvider
) -> None:
    answer = sign_on(visitor, provider, "/account/sessions?x=1")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/account/sessions?x=1")
    page = visitor.get("/account/sessions", base_url=HOME).text
    assert "Role: operator" in page
    user = User.get()
    assert (user.name, user.role, user.origin, user.subject) == ("ada", Role.OPERATOR, "sign-on", f"{provider.issuer} 4711")
    assert [(row.user, row.action, row.answer) for row in Audit.select()] == [
        ("ada", "add user", "role operator, from sign-on"),
        ("ada", "sign on", "accepted"),
    ]


def test_the_hub_proves_to_the_provider_that_it_began_the_sign_on(visitor: FlaskClient, provider: MockProvider) -> None:
    asked = dict(parse_qsl(urlsplit(begin(visitor)).query))
    assert asked["redirect_uri"] == f"{HOME}/account/sign-on/return"
    assert asked["scope"] == "openid profile"
    assert all(len(asked[name]) >= 32 for name in ("state", "nonce", "code_challenge"))
    again = dict(parse_qsl(urlsplit(begin(visitor)).query))
    assert not {asked[name] for name in ("state", "nonce", "code_challenge")} & set(again.values())


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


def test_who_is_refused_can_sign_on_as_another_user(visitor: FlaskClient, provider: MockProvider) -> None:
    provider.claims["roles"] = []
    page = sign_on(visitor, provider, "/help").text
    assert 'href="/account/sign-on?next=/help&amp;another=1"' in page
    again = visitor.get("/account/sign-on?next=/help&another=1", base_url=HOME).headers["Location"]
    assert dict(parse_qsl(urlsplit(again).query))["prompt"] == "login"
    assert "prompt" not in begin(visitor)
    assert "As another user" not in visitor.get("/account/sign-in", base_url=HOME).text


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


def test_a_local_account_of_the_same_name_is_never_taken_over(visitor: FlaskClient, provider: MockProvider) -> None:
    make_user("ada", Role.ADMIN)
    answer = sign_on(visitor, provider)
    assert answer.status_code == 403
    assert "The name ada belongs to another account here, which is not taken over" in answer.text
    assert not Session.select().exists()
    assert sign_in_locally(visitor, "ada").status_code == 303


def test_an_account_that_is_disabled_here_does_not_get_in(visitor: FlaskClient, provider: MockProvider) -> None:
    sign_on(visitor, provider)
    accounts.set_disabled(User.get(), True)
    answer = sign_on(visitor, provider)
    assert (answer.status_code, "The account ada is disabled here" in answer.text) == (403, True)
    assert not Session.select().exists()


def joined(header: dict[str, str], claims: dict[str, Any], secret: bytes = b"") -> str:
    """A token without a library, which would refuse to make it: with an HMAC if there is a secret."""
    signed = b".".join(base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=") for part in (header, claims))
    signature = base64.urlsafe_b64encode(hmac.digest(secret, signed, "sha256")).rstrip(b"=") if secret else b""
    return (signed + b"." + signature).decode()


def joined_and_signed(claims: dict[str, Any]) -> str:
    """A rightly signed token with escapes in its JSON that the library would not write."""
    signed = b".".join(
        base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=") for part in ({"alg": "RS256", "kid": "first"}, claims)
    )
    key = KEY.get_op_key("sign")
    signature = key.sign(signed, padding.PKCS1v15(), hashes.SHA256())
    return (signed + b"." + base64.urlsafe_b64encode(signature).rstrip(b"=")).decode()


def unsigned(provider: MockProvider, claims: dict[str, Any]) -> str:
    return joined({"alg": "none"}, claims)


def with_the_public_key_as_secret(provider: MockProvider, claims: dict[str, Any]) -> str:
    return joined({"alg": "HS256", "kid": "first"}, claims, KEY.as_pem(private=False))


def by_a_stranger(provider: MockProvider, claims: dict[str, Any]) -> str:
    return sign(provider, claims, OTHER_KEY, kid="first")


def by_an_unknown_key(provider: MockProvider, claims: dict[str, Any]) -> str:
    return sign(provider, claims, OTHER_KEY)


def changed_afterwards(provider: MockProvider, claims: dict[str, Any]) -> str:
    header, _, signature = sign(provider, claims).split(".")
    forged = json.dumps({**claims, "roles": ["dqm-admins"]}).encode()
    return ".".join([header, base64.urlsafe_b64encode(forged).rstrip(b"=").decode(), signature])


def no_token(provider: MockProvider, claims: dict[str, Any]) -> str:
    return "abc"


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        ({"wrong": {"nonce": "another"}}, "token: invalid_claim: Invalid claim: 'nonce'"),
        ({"wrong": {"nonce": None}}, "token: missing_claim: Missing claim: 'nonce'"),
        ({"wrong": {"aud": "another client"}}, "token: invalid_claim: Invalid claim: 'aud'"),
        ({"wrong": {"aud": [CLIENT, "another"], "azp": "another"}}, "token: invalid_claim: Invalid claim: 'azp'"),
        ({"wrong": {"iss": "https://evil.example"}}, "token: invalid_claim: Invalid claim: 'iss'"),
        ({"wrong": {"exp": int(time.time()) - 3600}}, "token: expired_token: The token is expired"),
        ({"wrong": {"exp": None}}, "token: missing_claim: Missing claim: 'exp'"),
        ({"wrong": {"iat": int(time.time()) + 86400}}, "token: invalid_claim: The token was issued in the future"),
        ({"wrong": {"at_hash": "YWJj"}}, "token: invalid_claim: Invalid claim: 'at_hash'"),
        ({"wrong": {"sub": None}}, "token: missing_claim: Missing claim: 'sub'"),
        ({"wrong": {"preferred_username": 7}}, "account: no name in the claim preferred_username (sign_on_name_claim) of http"),
        ({"sign": unsigned}, "token: unsupported_algorithm: Algorithm of 'none' is not allowed"),
        ({"sign": with_the_public_key_as_secret}, "token: unsupported_algorithm: Algorithm of 'HS256' is not allowed"),
        ({"sign": by_a_stranger}, "token: bad_signature: "),
        ({"sign": by_an_unknown_key}, "token: invalid_key_id: No key for kid: 'second'"),
        ({"sign": changed_afterwards}, "token: bad_signature: "),
        ({"sign": no_token}, "token: decode_error: Invalid JSON Web Signature"),
    ],
    ids=lambda value: (
        next(iter(value["wrong"].items()))[0] if "wrong" in value else value["sign"].__name__ if isinstance(value, dict) else ""
    ),
)
def test_a_token_that_is_not_right_is_refused_with_a_row_in_the_audit_log(
    visitor: FlaskClient, provider: MockProvider, wrong: dict[str, Any], reason: str
) -> None:
    for name, value in wrong.items():
        setattr(provider, name, value)
    answer = sign_on(visitor, provider)
    user = f"{provider.issuer} 4711" if reason.startswith("account") else "(unknown)"
    assert answer.status_code == 403
    assert "egin again" in answer.text or "tell the administrators" in answer.text
    assert "Sign in with CERN" in answer.text
    assert refusal(user).startswith(reason)
    assert not Session.select().exists()
    assert not User.select().exists()


def test_the_page_sends_nobody_without_an_account_to_a_command_where_there_is_sign_on(visitor: FlaskClient) -> None:
    text = visitor.get("/account/sign-in", base_url=HOME).text
    assert "No account, or no role? Ask the administrators of this hub." in text
    assert "dqmhub user add" not in text


def test_a_provider_without_names_is_told_to_administrators_by_the_setting(visitor: FlaskClient, provider: MockProvider) -> None:
    provider.wrong = {"preferred_username": 7}
    answer = sign_on(visitor, provider)
    assert "CERN sends no name for your account: tell the administrators of this hub (sign_on_name_claim)" in answer.text


def test_only_the_browser_that_began_a_sign_on_can_finish_it(visitor: FlaskClient, provider: MockProvider) -> None:
    stolen = provider.authorize(begin(visitor))
    other = visitor.application.test_client()
    begin(other)
    answer = bring_back(other, stolen)
    assert answer.status_code == 403
    assert "This sign-on was not begun in this browser, or more than 10 minutes ago, or is finished: begin again" in answer.text
    assert refusal() == "state: of no sign-on that this browser has begun"
    assert bring_back(visitor, stolen).status_code == 303


def test_a_sign_on_can_be_finished_once(visitor: FlaskClient, provider: MockProvider) -> None:
    answer = provider.authorize(begin(visitor))
    with visitor.session_transaction(base_url=HOME) as cookie:
        kept = dict(cookie)
    assert bring_back(visitor, answer).status_code == 303
    assert bring_back(visitor, answer).status_code == 403
    with visitor.session_transaction(base_url=HOME) as cookie:  # also not with a copy of the cookie: the code was used
        cookie.update(kept)
    assert bring_back(visitor, answer).status_code == 403
    assert refusal() == "/token answers 400 invalid_grant"


def test_a_sign_on_that_took_too_long_is_begun_again(visitor: FlaskClient, provider: MockProvider) -> None:
    answer = provider.authorize(begin(visitor))
    with visitor.session_transaction(base_url=HOME) as cookie:
        cookie["sign-on"] = {state: {**kept, "began": kept["began"] - 601} for state, kept in cookie["sign-on"].items()}
    assert bring_back(visitor, answer).status_code == 403


def test_a_code_of_another_sign_on_is_refused(visitor: FlaskClient, provider: MockProvider) -> None:
    injected = provider.authorize(begin(visitor.application.test_client()))
    own = provider.authorize(begin(visitor))
    assert bring_back(visitor, {**own, "code": injected["code"]}).status_code == 403
    assert refusal() == "/token answers 400 invalid_grant"  # by PKCE


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"iss": "https://evil.example"}, "answer: of the issuer 'https://evil.example'"),
        ({"iss": None}, "answer: of the issuer None"),
        ({"code": None}, "answer: neither code nor error"),
        ({"error": "access_denied"}, "answer: error access_denied"),
    ],
)
def test_an_answer_of_another_provider_or_without_a_code_is_refused(
    visitor: FlaskClient, provider: MockProvider, change: dict[str, str | None], reason: str
) -> None:
    changed = {**provider.authorize(begin(visitor)), **change}
    assert bring_back(visitor, {name: value for name, value in changed.items() if value is not None}).status_code == 403
    assert refusal() == reason
    assert "/token" not in provider.requests


def test_words_that_a_visitor_chooses_fill_no_audit_log_and_hide_no_refused_user(visitor: FlaskClient, provider: MockProvider) -> None:
    for word in ("x1", "x2:", "x3"):
        bring_back(visitor, {**provider.authorize(begin(visitor)), "error": word})
        bring_back(visitor, {**provider.authorize(begin(visitor)), "iss": f"https://{word}.example"})
    provider.claims["roles"] = []
    for name in ("Ada", "Bob"):
        provider.claims["preferred_username"] = name
        sign_on(visitor, provider)
    assert [row.target for row in Audit.select().where(Audit.action == "sign on").order_by(Audit.id)] == ["(unknown)", "Ada", "Bob"]


def test_each_cause_of_refused_tokens_has_a_row_of_its_own_in_the_audit_log(visitor: FlaskClient, provider: MockProvider) -> None:
    for wrong in ({"exp": int(time.time()) - 3600}, {"aud": "another"}, {"aud": "third"}, {"nonce": "another"}):
        provider.wrong = wrong
        sign_on(visitor, provider)
    provider.wrong, provider.sign = {}, by_a_stranger
    sign_on(visitor, provider)
    rows = Audit.select().where(Audit.action == "sign on").order_by(Audit.id)
    assert [row.answer.removeprefix("refused: token: ").partition(".")[0] for row in rows] == [
        "expired_token: The token is expired",
        "invalid_claim: Invalid claim: 'aud'",
        "invalid_claim: Invalid claim: 'nonce'",
        "bad_signature: ",
    ]


def test_tokens_of_strangers_fill_no_audit_log_with_the_keys_that_they_name(visitor: FlaskClient, provider: MockProvider) -> None:
    for kid in ("one", "two", "three"):
        token = jwt.encode({"alg": "RS256", "kid": kid}, {"sub": "x"}, OTHER_KEY, ["RS256"])
        assert visitor.post("/account/sign-on/end-sessions", data={"logout_token": token}, base_url=HOME).status_code == 400
    assert Audit.select().where(Audit.action == "end sessions").count() == 1


def test_another_reason_why_the_provider_cannot_be_used_is_logged_at_once(
    visitor: FlaskClient, provider: MockProvider, caplog: pytest.LogCaptureFixture
) -> None:
    visitor.application.extensions["identity_provider"].metadata()
    for status in (401, 401, 500):
        state = provider.authorize(begin(visitor))
        provider.failing = status
        bring_back(visitor, state)
        provider.failing = 0
    assert caplog.text.count("/token answers 401") == 1
    assert caplog.text.count("/token answers 500") == 1


def test_an_outage_of_the_provider_is_logged_once_however_many_visitors_see_it(
    visitor: FlaskClient, provider: MockProvider, caplog: pytest.LogCaptureFixture
) -> None:
    provider.failing = 500
    for _ in range(3):
        assert visitor.get("/account/sign-on", base_url=HOME).status_code == 503
    assert caplog.text.count("The identity provider cannot be used") == 1


def test_text_from_outside_is_no_markup(visitor: FlaskClient, provider: MockProvider) -> None:
    page = bring_back(visitor, {**provider.authorize(begin(visitor)), "error": "<script>alert(1)</script>"}).text
    assert "&lt;script&gt;alert(1)" in page
    assert "<script>alert" not in page


def test_several_windows_of_a_browser_can_sign_on_at_the_same_time(visitor: FlaskClient, provider: MockProvider) -> None:
    first, second = (provider.authorize(begin(visitor, page)) for page in ("/help", "/files"))
    assert bring_back(visitor, first).headers["Location"] == "/help"
    assert bring_back(visitor, second).headers["Location"] == "/files"


@pytest.mark.parametrize("target", ["https://evil.example/", "//evil.example", "/\\evil.example", "/" + "a" * 3000])
def test_a_sign_on_never_leads_to_another_site(visitor: FlaskClient, provider: MockProvider, target: str) -> None:
    assert sign_on(visitor, provider, target).headers["Location"] == "/"


def test_new_keys_of_the_provider_are_fetched_when_a_token_names_one(visitor: FlaskClient, provider: MockProvider) -> None:
    assert sign_on(visitor, provider).status_code == 303
    provider.key, provider.published = OTHER_KEY, [OTHER_KEY, KEY]
    assert sign_on(visitor, provider).status_code == 303
    assert provider.requests.count("/keys") == 2


def test_made_up_keys_do_not_make_the_hub_fetch_again_and_again(visitor: FlaskClient, provider: MockProvider) -> None:
    provider.sign = by_an_unknown_key
    assert [sign_on(visitor, provider).status_code for _ in range(4)] == [403] * 4
    assert provider.requests.count("/keys") == 2


def test_a_shared_key_among_the_public_ones_verifies_nothing(visitor: FlaskClient, provider: MockProvider) -> None:
    shared = OctKey.import_key(b"known to everybody who reads the key set", {"kid": "shared"})
    provider.published = [KEY, shared]  # type: ignore[list-item]  # what a broken provider publishes
    provider.sign = lambda _, claims: jwt.encode({"alg": "HS256", "kid": "shared"}, claims, shared, ["HS256"])
    assert sign_on(visitor, provider).status_code == 403


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        ({"failing": 502}, "/.well-known/openid-configuration answers 502 server_error"),
        ({"metadata": {"issuer": "https://evil.example"}}, "its metadata name another issuer: 'https://evil.example'"),
        ({"metadata": {"token_endpoint": "http://far.example/token"}}, "its metadata have no secure address as token_endpoint"),
        ({"metadata": {"jwks_uri": None}}, "its metadata have no secure address as jwks_uri"),
        ({"published": []}, "its keys cannot be read"),
    ],
)
def test_while_the_provider_does_not_work_the_page_says_so_and_local_accounts_get_in(
    visitor: FlaskClient, provider: MockProvider, wrong: dict[str, Any], reason: str
) -> None:
    for name, value in wrong.items():
        setattr(provider, name, value)
    answer = visitor.get("/account/sign-on", base_url=HOME)
    assert answer.status_code == 503
    assert "Signing in with CERN does not work now. Try again later, or use a local account" in answer.text
    assert refusal().startswith(reason)
    assert "CERN cannot be reached now. Local accounts work." in visitor.get("/account/sign-in", base_url=HOME).text
    make_user("emergency", Role.ADMIN)
    assert sign_in_locally(visitor, "emergency").status_code == 303


def test_a_provider_that_failed_gets_no_request_for_some_seconds(visitor: FlaskClient, provider: MockProvider) -> None:
    provider.failing = 500
    assert [visitor.get("/account/sign-on", base_url=HOME).status_code for _ in range(5)] == [503] * 5
    assert len(provider.requests) == 1


def test_the_secret_of_the_hub_goes_where_the_provider_takes_it(small_app: Callable[..., Flask], provider: MockProvider) -> None:
    provider.metadata = {"token_endpoint_auth_methods_supported": ["client_secret_post"]}
    assert sign_on(small_app(**sign_on_settings(provider)).test_client(), provider).status_code == 303


def test_a_hub_without_a_secret_is_a_public_client(small_app: Callable[..., Flask], provider: MockProvider) -> None:
    provider.secret = ""
    assert sign_on(small_app(**{**sign_on_settings(provider), "sign_on_client_secret": ""}).test_client(), provider).status_code == 303


def test_a_wrong_secret_is_named_in_the_audit_log(small_app: Callable[..., Flask], provider: MockProvider) -> None:
    answer = sign_on(small_app(**{**sign_on_settings(provider), "sign_on_client_secret": "old"}).test_client(), provider)
    assert (answer.status_code, refusal()) == (503, "/token answers 401 invalid_client")
    assert "Signing in with CERN does not work: tell the administrators of this hub, or use a local account" in answer.text


def test_behind_a_proxy_the_way_to_the_provider_and_back_stays_below_the_prefix(
    small_app: Callable[..., Flask], provider: MockProvider
) -> None:
    settings = {"url_prefix": "/dqm", "trusted_proxies": ("192.0.2.1/32",), "secure_cookies": True, "allowed_hosts": ("hub.cern.ch",)}
    visitor = small_app(**sign_on_settings(provider), **settings).test_client()
    proxied: dict[str, Any] = {
        "base_url": "https://hub.cern.ch",
        "environ_overrides": {"REMOTE_ADDR": "192.0.2.1"},
        "headers": {"X-Forwarded-For": "192.0.2.7", "X-Forwarded-Proto": "https"},
    }
    address = visitor.get("/dqm/account/sign-on?next=/help", **proxied).headers["Location"]
    assert dict(parse_qsl(urlsplit(address).query))["redirect_uri"] == "https://hub.cern.ch/dqm/account/sign-on/return"
    answer = visitor.get("/dqm/account/sign-on/return", query_string=provider.authorize(address), **proxied)
    assert answer.headers["Location"] == "/dqm/help"


def test_few_requests_wait_for_a_slow_provider_at_the_same_time(visitor: FlaskClient, provider: MockProvider) -> None:
    answer = provider.authorize(begin(visitor))
    exchanges = visitor.application.extensions["identity_provider"]._exchanges
    with ExitStack() as others:
        for _ in range(EXCHANGES):
            others.enter_context(exchanges)
        busy = bring_back(visitor, answer)
    assert (busy.status_code, busy.headers["Retry-After"]) == (503, "2")
    assert "Too many sign-ons at the same time; try again in a few seconds" in busy.text
    assert "/token" not in provider.requests


STRANGE: list[Any] = [7, -1, 1e300, True, "", "\ud800", "x" * 5000, [], [1], ["x", None], {"a": 1}, [[["a"]]], 10**400]


def test_claims_of_any_type_are_refused_or_taken_and_never_an_error(visitor: FlaskClient, provider: MockProvider) -> None:
    names = ("iss", "aud", "iat", "exp", "nbf", "nonce", "sub", "azp", "at_hash", "amr", "auth_time", "sid", "preferred_username", "roles")
    for name in names:
        for value in STRANGE:
            provider.sign = lambda mock, claims, name=name, value=value: joined_and_signed({**claims, name: value})  # type: ignore[misc]
            assert sign_on(visitor, provider).status_code in (303, 403), (name, value)


def test_metadata_of_any_type_make_no_error(visitor: FlaskClient, provider: MockProvider) -> None:
    for name in ("issuer", "authorization_endpoint", "jwks_uri", "end_session_endpoint", "token_endpoint_auth_methods_supported"):
        for value in (*STRANGE, "http://[::1", "javascript:alert(1)"):
            provider.metadata = {name: value}
            visitor.application.extensions["identity_provider"] = IdentityProvider(
                visitor.application.extensions["identity_provider"].settings
            )
            answer = visitor.get("/account/sign-on", base_url=HOME)
            assert answer.status_code == 503 or sign_on(visitor, provider).status_code in (303, 403, 503), (name, value)


def test_a_full_disk_refuses_a_sign_on_with_the_reason_and_the_next_one_works(small_hub: Settings, provider: MockProvider) -> None:
    visitor = create_app(small_hub.replace(**sign_on_settings(provider))).test_client()
    answer = provider.authorize(begin(visitor))
    filling = fill_hub(small_hub)
    refused = bring_back(visitor, answer)
    assert (refused.status_code, "full" in refused.text) == (507, True)
    assert not User.select().exists()
    filling.unlink()
    assert sign_on(visitor, provider).status_code == 303


def test_a_hub_without_a_provider_has_only_local_accounts(small_app: Callable[..., Flask]) -> None:
    visitor = small_app().test_client()
    assert "Local account" not in visitor.get("/account/sign-in", base_url=HOME).text
    for path in ("/account/sign-on", "/account/sign-on/return"):
        assert visitor.get(path, base_url=HOME).status_code == 404
