"""Tokens of the identity provider that are refused, and the keys that verify them."""

from __future__ import annotations

import base64
import hmac
import json
import time
from typing import TYPE_CHECKING, Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from joserfc import jwt
from joserfc.jwk import OctKey

from app.security.models import Audit, Session, User
from tests.security.conftest import HOME
from tests.security.sign_on.conftest import STRANGE_VALUES, refusal, sign_on
from tests.support.mock_provider import CLIENT, KEY, OTHER_KEY, MockProvider, sign

if TYPE_CHECKING:
    from flask.testing import FlaskClient


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


def test_claims_of_any_type_are_refused_or_taken_and_never_an_error(visitor: FlaskClient, provider: MockProvider) -> None:
    names = ("iss", "aud", "iat", "exp", "nbf", "nonce", "sub", "azp", "at_hash", "amr", "auth_time", "sid", "preferred_username", "roles")
    for name in names:
        for value in STRANGE_VALUES:
            provider.sign = lambda mock, claims, name=name, value=value: joined_and_signed({**claims, name: value})  # type: ignore[misc]
            assert sign_on(visitor, provider).status_code in (303, 403), (name, value)
