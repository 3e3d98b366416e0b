"""The token server: client credentials for an audience (api-access), and the exchange of a token for one of another audience."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping

from aiohttp import web

from .state import RunServices

REALM = "/auth/realms/cern"
EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"
ACCESS_TOKEN = "urn:ietf:params:oauth:token-type:access_token"


def api_access(services: RunServices, form: Mapping[str, str], authorization: str) -> web.Response:
    """Client credentials for an audience, in one step."""
    if problem := _client_problem(services, form, authorization):
        return problem
    if form.get("grant_type") != "client_credentials":
        return _error(400, "unsupported_grant_type", "Unsupported grant_type")
    audience = form.get("audience", "")
    if audience not in (services.options.oms_audience, services.options.rr_audience):
        return _error(400, "invalid_client", "Audience not found")
    return _token(services, audience)


def openid_token(services: RunServices, form: Mapping[str, str], authorization: str) -> web.Response:
    """The two steps: client credentials, then the exchange."""
    if problem := _client_problem(services, form, authorization):
        return problem
    if form.get("grant_type") == "client_credentials":
        return _token(services, "")
    if form.get("grant_type") != EXCHANGE:
        return _error(400, "unsupported_grant_type", "Unsupported grant_type")
    if form.get("requested_token_type") != ACCESS_TOKEN:
        return _error(400, "invalid_request", "requested_token_type unsupported")
    if not services.is_valid(form.get("subject_token", "")):
        return _error(400, "invalid_token", "Invalid token")
    audience = form.get("audience", "")
    if audience not in (services.options.oms_audience, services.options.rr_audience):
        return _error(400, "invalid_client", "Audience not found")
    return _token(services, audience)


def _client_problem(services: RunServices, form: Mapping[str, str], authorization: str) -> web.Response | None:
    client, secret = form.get("client_id", ""), form.get("client_secret", "")
    if authorization.startswith("Basic "):
        try:
            client, _, secret = base64.b64decode(authorization.removeprefix("Basic "), validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            client = secret = ""
    if (client, secret) == (services.options.client_id, services.options.client_secret):
        return None
    return _error(401, "unauthorized_client", "Invalid client or Invalid client credentials")


def _token(services: RunServices, audience: str) -> web.Response:
    life_s = int(services.life_s)
    return web.json_response({"access_token": services.issue_token(audience), "expires_in": life_s, "token_type": "Bearer"})


def _error(status: int, error: str, description: str) -> web.Response:
    return web.json_response({"error": error, "error_description": description}, status=status)
