"""One sign-on: the address to which the browser is sent, the checks of the response, and the user."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from secrets import compare_digest, token_urlsafe
from typing import Any

from authlib.oauth2.rfc6749.parameters import prepare_grant_uri
from authlib.oauth2.rfc7636 import create_s256_code_challenge

from app.security.roles import Role
from app.security.sign_on.checked_tokens import check_id_token
from app.security.sign_on.errors import AnswerRefused, SignOnError
from app.security.sign_on.grants import claim_of, granted_role
from app.security.sign_on.provider import IdentityProvider

PENDING_S = 600
"""Time that users have at the provider."""


@dataclass(frozen=True, slots=True)
class PendingSignOn:
    """A sign-on that has begun, kept in the signed cookie of its browser, so that no other browser can finish it."""

    state: str  # returns in the address
    nonce: str  # returns in the token
    verifier: str  # of PKCE: shown to the provider with the code
    redirect_uri: str
    target: str  # page to which the user returns
    began: float

    @classmethod
    def from_cookie(cls, stored: object) -> PendingSignOn | None:
        """The sign-on that `to_cookie` stored; None if it is something else, or too old."""
        try:
            found = cls(**stored)  # type: ignore[arg-type]  # a mapping with these names, or TypeError
        except TypeError:
            return None
        return found if time.time() - PENDING_S < found.began <= time.time() + 1 else None

    def to_cookie(self) -> dict[str, Any]:
        """What `from_cookie` reads."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class SignedOnUser:
    """A user as the provider describes them."""

    subject: str  # issuer and sub, which no other user ever has
    name: str  # of a new account, "" if the provider sends none
    role: Role  # PUBLIC if the provider grants none
    subsystems: str
    sid: str  # session at the provider, "" if it names none
    id_token: str


def begin(redirect_uri: str, target: str) -> PendingSignOn:
    """A new sign-on."""
    return PendingSignOn(token_urlsafe(24), token_urlsafe(24), token_urlsafe(32), redirect_uri, target, int(time.time()))


def provider_address(provider: IdentityProvider, pending: PendingSignOn, another_user: bool = False) -> str:
    """Where the browser is sent; there it may sign in as another user than the one that the provider knows. Raises ProviderUnavailable."""
    settings = provider.settings
    address: str = prepare_grant_uri(
        provider.metadata()["authorization_endpoint"],
        client_id=settings.sign_on_client_id,
        response_type="code",
        redirect_uri=pending.redirect_uri,
        scope=" ".join(settings.sign_on_scopes),
        state=pending.state,
        nonce=pending.nonce,
        prompt="login" if another_user else None,
        code_challenge=create_s256_code_challenge(pending.verifier),  # type: ignore[no-untyped-call]  # of Authlib
        code_challenge_method="S256",
    )
    return address


def complete(provider: IdentityProvider, pending: PendingSignOn, answer: Mapping[str, str]) -> SignedOnUser:
    """The user who signs on, from the response that the browser brought back from the provider.

    Raises:
        AnswerRefused: It is not the provider's answer to this sign-on.
        ProviderUnavailable: The provider does not answer.
        SignInBusyError: Too many sign-ons wait for the provider.
        SignOnError: The provider refuses the user.
    """
    _check_answer(provider, pending, answer)
    tokens = provider.exchange(answer["code"], pending.verifier, pending.redirect_uri)
    id_token, access_token = (str(tokens.get(name, "")) for name in ("id_token", "access_token"))
    claims = check_id_token(provider, id_token, pending.nonce, access_token)
    return _identity(provider, _with_user_info(provider, claims, access_token), id_token)


def _check_answer(provider: IdentityProvider, pending: PendingSignOn, answer: Mapping[str, str]) -> None:
    name = provider.settings.sign_on_name
    if not compare_digest(answer.get("state", "").encode(), pending.state.encode()):
        raise AnswerRefused("This sign-on was not begun in this browser: begin again", "state: another one than this browser began with")
    issuer, says_issuer = answer.get("iss"), provider.metadata().get("authorization_response_iss_parameter_supported")
    if (issuer is None and says_issuer) or (issuer is not None and issuer != provider.settings.sign_on_issuer):
        raise AnswerRefused(f"This is no answer of {name}: begin again", f"answer: of the issuer {issuer!r}")  # RFC 9207
    if error := answer.get("error"):
        raise SignOnError(f"{name} did not sign you in ({error[:60]}). Begin again, or use a local account", f"answer: error {error}")
    if not answer.get("code"):
        raise AnswerRefused(f"This is no answer of {name}: begin again", "answer: neither code nor error")


def _with_user_info(provider: IdentityProvider, claims: dict[str, Any], access_token: str) -> dict[str, Any]:
    """The claims, with those of the userinfo endpoint where the token lacks the name or roles, as with some providers."""
    settings = provider.settings
    is_complete = all(claim_of(claims, name) is not None for name in (settings.sign_on_name_claim, settings.sign_on_role_claim))
    if is_complete or not access_token or not provider.metadata().get("userinfo_endpoint"):
        return claims
    more = provider.user_info(access_token)
    if more.get("sub") != claims["sub"]:
        raise AnswerRefused(f"{settings.sign_on_name} describes another user: begin again", "userinfo: of another sub than the token")
    return {**more, **claims}


def _identity(provider: IdentityProvider, claims: dict[str, Any], id_token: str) -> SignedOnUser:
    settings = provider.settings
    name, sid = claim_of(claims, settings.sign_on_name_claim), claims.get("sid", "")
    return SignedOnUser(
        f"{settings.sign_on_issuer} {claims['sub']}",
        name.strip() if isinstance(name, str) and name.strip().isprintable() else "",
        *granted_role(claims, settings),
        sid if isinstance(sid, str) and sid.isprintable() else "",
        id_token,
    )
