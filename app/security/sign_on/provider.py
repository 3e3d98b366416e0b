"""The identity provider: its metadata, its keys, and its endpoints, each by one short request.

Metadata and keys are kept in this process. A token that names an unknown key has them fetched again, at most once a minute,
so that a change of keys needs nobody and made-up tokens cost nothing. After a failure the provider gets no request for some seconds.
"""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from threading import BoundedSemaphore
from typing import Any
from urllib.parse import quote, urlsplit

from authlib.oauth2.auth import ClientAuth
from authlib.oauth2.rfc6749.parameters import prepare_token_request
from authlib.oidc.discovery import get_well_known_url
from flask import Flask, current_app
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from app.core.settings.checks import secure_url
from app.http_client import HttpClient, HttpError
from app.security.errors import SignInBusyError
from app.security.sign_on.errors import AnswerRefused, ProviderUnavailable
from app.security.sign_on.settings import SignOnSettings, sign_on_problems

log = logging.getLogger(__name__)

DEADLINE_S = 5.0
MAX_BYTES = 1 << 20
KEEP_S = 3600.0
"""Metadata and keys are fetched again after this time."""

REFETCH_S = 60.0
"""Keys are fetched at most this often because a token names an unknown one."""

LEAVE_ALONE_S = 10.0
"""A provider that failed gets no request for this time, s, so that it does not hold up every visitor."""

EXCHANGES = 4
"""Sign-ons of this process that may wait for the provider at the same time; the other threads serve pages."""

BUSY_S = 2.0
"""A further one waits for its turn at most this long."""

LOG_S = 60.0
"""Why the provider cannot be used is logged at most this often, however many visitors see it."""

REFUSALS_OF_THE_HUB = ("invalid_client", "unauthorized_client")
"""Errors of the token endpoint (RFC 6749, 5.2) by which the provider does not accept this hub, until somebody changes its settings."""

FORM = "application/x-www-form-urlencoded"


@contextmanager
def _in_turn(turns: BoundedSemaphore) -> Iterator[None]:
    """Wait for a turn. Raises SignInBusyError after BUSY_S: each visitor who waits holds a thread of the web server."""
    if not turns.acquire(timeout=BUSY_S):
        raise SignInBusyError("Too many sign-ons at the same time; try again in a few seconds", BUSY_S)
    try:
        yield
    finally:
        turns.release()


class IdentityProvider:
    """The provider in the settings."""

    def __init__(self, settings: SignOnSettings) -> None:
        self.settings = settings
        self._fetching = BoundedSemaphore(1)
        self._exchanges = BoundedSemaphore(EXCHANGES)
        self._metadata: dict[str, Any] = {}
        self._keys = KeySet([])
        self._fetched = self._refetched = self._failed = -KEEP_S * 1e6  # monotonic times
        self._problem = ""
        self._logged = -LOG_S
        self._logged_reason = ""

    @property
    def problem(self) -> str:
        """Why the provider could not be used just now; "" if it could, or nobody has tried."""
        return self._problem if time.monotonic() < self._failed + LEAVE_ALONE_S else ""

    def log_problem(self, reason: str) -> None:
        """Log why a visitor cannot sign on, unless this process has just logged the same."""
        if reason != self._logged_reason or time.monotonic() > self._logged + LOG_S:
            self._logged, self._logged_reason = time.monotonic(), reason
            log.warning("The identity provider cannot be used: %s", reason)

    def metadata(self) -> Mapping[str, Any]:
        """The metadata of the provider. Raises ProviderUnavailable, SignInBusyError."""
        if time.monotonic() > self._fetched + KEEP_S:
            self._fetch(self._fetched)
        return self._metadata

    def keys(self, unless: KeySet | None = None) -> KeySet:
        """The public keys, fetched again (at most once a minute) if those in `unless` do not suffice.

        Raises ProviderUnavailable, SignInBusyError.
        """
        self.metadata()
        if unless is self._keys and time.monotonic() > self._refetched + REFETCH_S:
            self._refetched = time.monotonic()
            self._fetch(self._fetched)
        return self._keys

    def exchange(self, code: str, verifier: str, redirect_uri: str) -> dict[str, Any]:
        """The tokens for an authorization code.

        Raises:
            AnswerRefused: The provider does not accept the code.
            ProviderUnavailable: There is no usable answer.
            SignInBusyError: Too many sign-ons wait for the provider.
        """
        url = self._endpoint("token_endpoint")
        body = prepare_token_request("authorization_code", redirect_uri=redirect_uri, code=code, code_verifier=verifier)
        headers = {"Content-Type": FORM, "Accept": "application/json"}
        url, headers, body = self._client_auth().prepare("POST", url, headers, body)  # type: ignore[no-untyped-call]  # of Authlib
        return self._request_json("POST", url, body.encode(), headers)

    def user_info(self, access_token: str) -> dict[str, Any]:
        """The claims that the provider has beside those of the token. Raises ProviderUnavailable, SignInBusyError."""
        url = self._endpoint("userinfo_endpoint")
        return self._request_json("GET", url, None, {"Authorization": f"Bearer {access_token}", "Accept": "application/json"})

    def _client_auth(self) -> ClientAuth:
        client, secret = self.settings.sign_on_client_id, self.settings.sign_on_client_secret
        if not secret:
            return ClientAuth(client, "", "none")
        methods = self.metadata().get("token_endpoint_auth_methods_supported", ["client_secret_basic"])
        if not isinstance(methods, list) or "client_secret_basic" in methods:  # both parts are encoded as in a form: RFC 6749, 2.3.1
            return ClientAuth(quote(client, safe=""), quote(secret, safe=""), "client_secret_basic")
        return ClientAuth(client, secret, "client_secret_post")

    def _endpoint(self, name: str) -> str:
        url = self.metadata().get(name)
        if not isinstance(url, str) or not url:
            raise self._unusable(f"its metadata have no {name}")
        return url

    def _request_json(self, method: str, url: str, body: bytes | None, headers: Mapping[str, str]) -> dict[str, Any]:
        with _in_turn(self._exchanges), self._client() as client:
            return self._json(client, method, url, body, headers)

    def _fetch(self, seen: float) -> None:
        """Fetch metadata and keys, unless another thread has done so since `seen`."""
        with _in_turn(self._fetching):
            if self._fetched != seen:
                return
            if self.problem:
                raise self._unusable(self.problem)
            try:
                with self._client() as client:
                    found = self._json(client, "GET", get_well_known_url(self.settings.sign_on_issuer, external=True))
                    if problem := metadata_problem(found, self.settings.sign_on_issuer):
                        raise self._unusable(problem)
                    keys = self._key_set(self._json(client, "GET", found["jwks_uri"]))
            except ProviderUnavailable as error:
                self._problem, self._failed = error.reason, time.monotonic()
                raise
            self._metadata, self._keys, self._fetched, self._problem = found, keys, time.monotonic(), ""

    def _key_set(self, found: dict[str, Any]) -> KeySet:
        """The public keys of a key set: a shared key, which anybody could read there, is none."""
        listed = found.get("keys")
        keys = [key for key in listed if isinstance(key, dict) and key.get("kty") != "oct"] if isinstance(listed, list) else []
        try:
            return KeySet.import_key_set({"keys": keys})
        except (JoseError, ValueError, TypeError, KeyError) as error:
            raise self._unusable(f"its keys cannot be read: {error}") from error

    @contextmanager
    def _client(self) -> Iterator[HttpClient]:
        client = HttpClient(ca=self.settings.sign_on_ca)
        try:
            yield client
        finally:
            client.close()

    def _json(
        self, client: HttpClient, method: str, url: str, body: bytes | None = None, headers: Mapping[str, str] | None = None
    ) -> dict[str, Any]:
        try:
            answer = client.request(method, url, deadline_s=DEADLINE_S, max_bytes=MAX_BYTES, body=body, headers=headers)
        except HttpError as error:
            raise self._unusable(f"{urlsplit(url).path}: {error}") from error
        try:
            found = json.loads(answer.body)
        except (ValueError, RecursionError):
            found = None
        if answer.status == 200 and isinstance(found, dict):
            return found
        detail = str(found.get("error", "")) if isinstance(found, dict) else "no JSON object"
        reason = f"{urlsplit(url).path} answers {answer.status} {detail}"[:300]
        if detail == "invalid_grant":  # it was used before, is too old or not from this sign-on
            raise AnswerRefused(f"{self.settings.sign_on_name} does not accept this sign-on any more: begin again", reason)
        raise self._unusable(reason, lasts=detail in REFUSALS_OF_THE_HUB)

    def _unusable(self, reason: str, lasts: bool = False) -> ProviderUnavailable:
        name = self.settings.sign_on_name
        remedy = "does not work: tell the administrators of this hub" if lasts else "does not work now. Try again later"
        return ProviderUnavailable(f"Signing in with {name} {remedy}, or use a local account", reason)


def metadata_problem(found: Mapping[str, Any], issuer: str) -> str:
    """What is wrong with the metadata of a provider; "" if the hub can use them."""
    if found.get("issuer") != issuer:
        return f"its metadata name another issuer: {str(found.get('issuer'))[:200]!r}, while sign_on_issuer is {issuer!r}"
    for name in ("authorization_endpoint", "token_endpoint", "jwks_uri", "userinfo_endpoint", "end_session_endpoint"):
        url = found.get(name, "")
        if not isinstance(url, str) or secure_url(url.partition("?")[0]) or (not url and name in REQUIRED):
            return f"its metadata have no secure address as {name}"
    return ""


REQUIRED = ("authorization_endpoint", "token_endpoint", "jwks_uri")


def current_provider() -> IdentityProvider | None:
    """The provider in the settings of this application, if there is one."""
    found: IdentityProvider | None = current_app.extensions["identity_provider"]
    return found


def init_app(app: Flask, settings: SignOnSettings) -> None:
    """Add the provider to the application."""
    for problem in sign_on_problems(settings):
        log.warning("Settings of sign-on: %s", problem.text)
    is_used = settings.sign_on_issuer and settings.sign_on_client_id
    app.extensions["identity_provider"] = IdentityProvider(settings) if is_used else None
