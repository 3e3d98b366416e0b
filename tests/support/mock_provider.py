"""An identity provider on this machine that does as tests say: also what a broken or hostile one does."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, parse_qsl, unquote_plus, urlencode, urlsplit
from uuid import uuid4

from joserfc import jwt
from joserfc.jwk import RSAKey

from tests.support.raw_server import served

CLIENT, SECRET = "dqmhub", "a secret: of 100 % + blanks"


def new_key(kid: str) -> RSAKey:
    return RSAKey.generate_key(2048, {"kid": kid, "use": "sig", "alg": "RS256"})


KEY, OTHER_KEY = new_key("first"), new_key("second")
Signer = Callable[["MockProvider", dict[str, Any]], str]


def sign(provider: MockProvider, claims: dict[str, Any], key: RSAKey | None = None, kid: str = "") -> str:
    """A token as it should be."""
    used = key or provider.key
    return jwt.encode({"alg": "RS256", "kid": kid or str(used.kid)}, claims, used, ["RS256"])


@dataclass
class MockProvider:
    """The provider, its user, and what it does wrong."""

    issuer: str = ""
    key: RSAKey = field(default_factory=lambda: KEY)
    published: list[RSAKey] = field(default_factory=lambda: [KEY])
    claims: dict[str, Any] = field(
        default_factory=lambda: {"sub": "4711", "preferred_username": "Ada", "roles": ["dqm-operators"], "sid": "s-1"}
    )
    wrong: dict[str, Any] = field(default_factory=dict)  # claims of tokens instead of the right ones; None: left out
    sign: Signer = sign
    metadata: dict[str, Any] = field(default_factory=dict)  # instead of the right ones
    user_info: dict[str, Any] = field(default_factory=dict)
    client: str = CLIENT
    secret: str = SECRET
    failing: int = 0  # status of all answers
    begun: dict[str, dict[str, str]] = field(default_factory=dict)  # requests for authorization, by code
    requests: list[str] = field(default_factory=list)  # paths

    def authorize(self, address: str) -> dict[str, str]:
        """What the browser brings back after the user signed in at this address."""
        asked = dict(parse_qsl(urlsplit(address).query))
        assert address.startswith(f"{self.issuer}/authorize?")
        assert (asked["response_type"], asked["client_id"], asked["code_challenge_method"]) == ("code", self.client, "S256")
        code = f"code-{len(self.begun)}"
        self.begun[code] = asked
        return {"code": code, "state": asked["state"], "iss": self.issuer}

    def logout_token(self, **changes: Any) -> str:
        event = {"http://schemas.openid.net/event/backchannel-logout": {}}
        claims = {
            "iss": self.issuer,
            "aud": self.client,
            "iat": int(time.time()),
            "jti": uuid4().hex,
            "events": event,
            "sub": self.claims["sub"],
            **changes,
        }
        return self.sign(self, {name: value for name, value in claims.items() if value is not None})

    def client_auth(self, authorization: str, form: dict[str, str]) -> tuple[str, str]:
        """Client and secret of a request, in its header, or in the form if the metadata allow only that or there is no secret."""
        if authorization:
            client, secret = base64.b64decode(authorization.removeprefix("Basic ")).decode().split(":")
            return unquote_plus(client), unquote_plus(secret)
        return form.get("client_id", ""), form.get("client_secret", "")

    def answer(self, method: str, path: str, headers: Any, form: dict[str, str]) -> tuple[int, dict[str, Any]]:
        self.requests.append(path)
        if self.failing:
            return self.failing, {"error": "server_error"}
        if path == "/.well-known/openid-configuration":
            return 200, self._metadata()
        if path == "/keys":
            return 200, {"keys": [key.as_dict(private=False) for key in self.published]}
        if path == "/userinfo" and headers["Authorization"] == "Bearer access":
            return 200, self.user_info
        return self._token(headers["Authorization"] or "", form) if (method, path) == ("POST", "/token") else (404, {})

    def _metadata(self) -> dict[str, Any]:
        found = {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/keys",
            "userinfo_endpoint": f"{self.issuer}/userinfo",
            "end_session_endpoint": f"{self.issuer}/end",
            "authorization_response_iss_parameter_supported": True,
        }
        return {**found, **self.metadata}

    def _token(self, authorization: str, form: dict[str, str]) -> tuple[int, dict[str, Any]]:
        if self.client_auth(authorization, form) != (self.client, self.secret):
            return 401, {"error": "invalid_client"}
        asked = self.begun.pop(form["code"], None)
        challenge = base64.urlsafe_b64encode(sha256(form["code_verifier"].encode()).digest()).rstrip(b"=").decode()
        if asked is None or (challenge, form["redirect_uri"]) != (asked["code_challenge"], asked["redirect_uri"]):
            return 400, {"error": "invalid_grant"}
        now = int(time.time())
        claims = {
            "iss": self.issuer,
            "aud": self.client,
            "iat": now,
            "exp": now + 300,
            "nonce": asked["nonce"],
            **self.claims,
            **self.wrong,
        }
        id_token = self.sign(self, {name: value for name, value in claims.items() if value is not None})
        return 200, {"access_token": "access", "token_type": "Bearer", "id_token": id_token}


def handler(provider: MockProvider) -> type[BaseHTTPRequestHandler]:
    """Lets a provider answer the hub, and at /authorize the browser of a user who has signed in."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            length = int(self.headers["Content-Length"] or 0)
            form = {name: values[0] for name, values in parse_qs(self.rfile.read(length).decode()).items()}
            address = urlsplit(self.path)
            if address.path == "/authorize":
                back = dict(parse_qsl(address.query))["redirect_uri"]
                self._send(302, b"", Location=f"{back}?{urlencode(provider.authorize(provider.issuer + self.path))}")
                return
            status, answer = provider.answer(self.command, address.path, self.headers, form)
            self._send(status, json.dumps(answer).encode(), **{"Content-Type": "application/json"})

        do_POST = do_GET

        def _send(self, status: int, body: bytes, **headers: str) -> None:
            self.send_response(status)
            for name, value in {**headers, "Content-Length": str(len(body))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:
            pass

    return Handler


@contextmanager
def mock_provider() -> Iterator[MockProvider]:
    """A provider on a free port."""
    found = MockProvider()
    with ThreadingHTTPServer(("127.0.0.1", 0), handler(found)) as server, served(server):
        found.issuer = f"http://127.0.0.1:{server.server_address[1]}"
        yield found
