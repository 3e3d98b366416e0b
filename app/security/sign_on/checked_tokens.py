"""Checks of signed tokens: the ID token of a sign-on, and the logout token that ends sessions (OpenID Connect Core 3.1.3.7, Back-Channel Logout 2.6)."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import BadSignatureError, ExpiredTokenError, InvalidClaimError, InvalidKeyIdError, JoseError
from joserfc.jwt import JWTClaimsRegistry, Token

from app.security.sign_on.errors import AnswerRefused
from app.security.sign_on.provider import IdentityProvider

ALGORITHMS = ("RS256", "PS256", "ES256")
"""Signatures with a public key. A token cannot choose another one, such as none, or HS256 with the public key as shared key."""

CLOCK_SKEW_S = 60
"""Largest difference between the clocks of the provider and of this hub."""

MAX_SUB_CHARS = 255
"""Of ASCII: OpenID Connect Core 2."""

LOGOUT_TOKEN_S = 300
"""A logout token is accepted for this time after it was made."""

LOGOUT_EVENT = "http://schemas.openid.net/event/backchannel-logout"


def check_id_token(provider: IdentityProvider, encoded: str, nonce: str, access_token: str) -> dict[str, Any]:
    """The claims of an ID token that the provider has just made for this hub and this sign-on. Raises AnswerRefused."""
    token = _verify_signature(provider, encoded)
    settings = provider.settings
    expected = {
        "iss": {"essential": True, "value": settings.sign_on_issuer},
        "aud": {"essential": True, "value": settings.sign_on_client_id},
    }
    params = {"nonce": nonce, "client_id": settings.sign_on_client_id, "access_token": access_token}
    claims = CodeIDToken(token.claims, token.header, expected, params)
    try:
        claims.validate(leeway=CLOCK_SKEW_S)
        if not (token.claims["sub"].isascii() and token.claims["sub"].isprintable() and len(token.claims["sub"]) <= MAX_SUB_CHARS):
            raise InvalidClaimError("sub")
    except (JoseError, AttributeError, TypeError, ValueError) as error:  # of claims of other types
        raise _refusal(provider, error) from error
    return dict(token.claims)


def check_logout_token(provider: IdentityProvider, encoded: str) -> dict[str, Any]:
    """The claims of a token with which the provider ends sessions: `sub`, `sid` or both, `iat`, and `jti`. Raises AnswerRefused."""
    token = _verify_signature(provider, encoded)
    claims, settings = token.claims, provider.settings
    registry = JWTClaimsRegistry(
        leeway=CLOCK_SKEW_S,
        iss={"essential": True, "value": settings.sign_on_issuer},
        aud={"essential": True, "value": settings.sign_on_client_id},
        iat={"essential": True},
        jti={"essential": True},
    )
    try:
        registry.validate(claims)
    except JoseError as error:
        raise _refusal(provider, error) from error
    events = claims.get("events")
    if not isinstance(events, dict) or not isinstance(events.get(LOGOUT_EVENT), dict):
        raise _refusal(provider, "it is no logout token: it has no event of a logout")
    if "nonce" in claims:
        raise _refusal(provider, "it is no logout token: it has a nonce, as an ID token")
    names = [claims[name] for name in ("sub", "sid") if name in claims]
    if not names or not all(isinstance(name, str) and name for name in names):
        raise _refusal(provider, "it names neither a user nor a session")
    if logout_token_end(claims) < time.time():
        raise _refusal(provider, "it is too old")
    return claims


def logout_token_end(claims: Mapping[str, Any]) -> float:
    """Until when a logout token is accepted, in Unix seconds."""
    return float(claims["iat"]) + LOGOUT_TOKEN_S + CLOCK_SKEW_S


def _verify_signature(provider: IdentityProvider, encoded: str) -> Token:
    """The content of a token that one of the provider's keys has signed; its keys may have changed since they were fetched."""
    keys = provider.keys()
    try:
        try:
            return jwt.decode(encoded, keys, ALGORITHMS)
        except (InvalidKeyIdError, BadSignatureError):
            if (newer := provider.keys(unless=keys)) is keys:
                raise
            return jwt.decode(encoded, newer, ALGORITHMS)
    except (JoseError, ValueError, TypeError, RecursionError) as error:
        kind = getattr(error, "error", "") or type(error).__name__  # without the text, which strangers choose in tokens of their own
        raise _refusal(provider, error, kind) from error


def _refusal(provider: IdentityProvider, reason: Exception | str, kind: str = "") -> AnswerRefused:
    name = provider.settings.sign_on_name
    remedy = "check the clocks of both" if isinstance(reason, ExpiredTokenError) else "if it happens again, tell the administrators"
    text = f"The answer of {name} is not valid for this sign-on. Begin again; {remedy}"
    return AnswerRefused(text, f"token: {reason}", kind=f"token: {kind or reason}")
