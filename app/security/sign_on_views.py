"""Addresses of sign-on: to the provider and back, and the one to which the provider sends the end of sessions."""

from __future__ import annotations

from datetime import timedelta

from flask import Blueprint, Response, jsonify, redirect, request, session, url_for
from werkzeug.wrappers import Response as AnyResponse

from app.core.database import proxy
from app.security import accounts
from app.security.audit_log import audit
from app.security.errors import AccountError, NoNameError, NoRoleError, RetryLaterError, SecurityError
from app.security.guard import local_address
from app.security.problems import problem_of
from app.security.repeated import audit_often
from app.security.roles import Role, needs
from app.security.sign_on.checked_tokens import check_logout_token
from app.security.sign_on.errors import AnswerRefused, ProviderUnavailable, SignOnError
from app.security.sign_on.flow import PENDING_S, PendingSignOn, begin, complete, provider_address
from app.security.sign_on.provider import IdentityProvider, current_provider
from app.security.sign_on.provider_sessions import ORIGIN, end_by_provider, remember
from app.security.signed_in import start_session
from app.security.throttle import network_of
from app.security.views import form_text, sign_in_page
from app.web import Problem

blueprint = Blueprint("sign_on", __name__, url_prefix="/account/sign-on")

PENDING_KEY = "sign-on"
PENDING = 3
"""Most sign-ons that a browser may have begun: a cookie has 4 kB."""

MAX_TARGET_CHARS = 500


@blueprint.get("")
@needs(Role.PUBLIC)
def begin_now() -> AnyResponse:
    """Send the browser to the provider."""
    provider, target = _provider(), local_address(request.args.get("next", "/"))
    pending = begin(url_for("sign_on.returned", _external=True), target if len(target) <= MAX_TARGET_CHARS else "/")
    try:
        address = provider_address(provider, pending, "another" in request.args)
    except SecurityError as error:
        return _refusal_page(error, target)
    _store_pending(pending)
    response = redirect(address, 303)
    response.headers["Cache-Control"] = "no-store"
    return response


@blueprint.get("/return")
@needs(Role.PUBLIC)
def returned() -> AnyResponse:
    """Check what the browser brings back from the provider, and start a session."""
    provider, pending = _provider(), _pop_pending(request.args.get("state", ""))
    try:
        if pending is None:
            limit = f"{timedelta(seconds=PENDING_S).seconds // 60} minutes"
            raise AnswerRefused(
                f"This sign-on was not begun in this browser, or more than {limit} ago, or is finished: begin again",
                "state: of no sign-on that this browser has begun",
            )
        _start(provider, pending)
    except SecurityError as error:
        return _refusal_page(error, pending.target if pending else "/")
    return redirect(request.script_root + pending.target, 303)


@blueprint.post("/end-sessions")
@needs(Role.PUBLIC)
def end_sessions() -> AnyResponse:
    """End the sessions that began in one that the provider ends: its back channel, with a token that it has signed."""
    provider, status, answer = _provider(), 200, {}
    try:
        end_by_provider(provider, check_logout_token(provider, form_text("logout_token")))
    except SecurityError as error:
        _audit_refusal("end sessions", error)
        status = 503 if isinstance(error, ProviderUnavailable | RetryLaterError) else 400
        text = f"This logout token is not valid ({error.reason})" if isinstance(error, AnswerRefused) else str(error)
        answer = {"error": "invalid_request", "error_description": text}
    response = jsonify(answer)
    response.status_code = status
    response.headers["Cache-Control"] = "no-store"
    return response


def _provider() -> IdentityProvider:
    if provider := current_provider():
        return provider
    raise Problem(404, "This hub has no identity provider: sign in with a local account at /account/sign-in")


def _start(provider: IdentityProvider, pending: PendingSignOn) -> None:
    """Start the session of the user that the provider names. Raises SecurityError."""
    identity = complete(provider, pending, request.args)
    try:
        user = accounts.from_directory(ORIGIN, identity.subject, identity.name, identity.role, identity.subsystems)
    except NoRoleError as error:
        named, claim = f" as {identity.name[:64]}" if identity.name else "", provider.settings.sign_on_role_claim
        raise SignOnError(
            f"{provider.settings.sign_on_name} knows you{named}, and grants you no role here. Ask the administrators of this hub for one",
            f"claims: no value of {claim} grants a role to {identity.name[:64] or identity.subject}",
            identity.name[:64] or identity.subject,
        ) from error
    except NoNameError as error:
        claim = provider.settings.sign_on_name_claim
        raise SignOnError(
            f"{provider.settings.sign_on_name} sends no name for your account: tell the administrators of this hub (sign_on_name_claim)",
            f"account: no name in the claim {claim} (sign_on_name_claim) of {identity.subject}",
            identity.subject,
        ) from error
    except AccountError as error:
        raise SignOnError(str(error), f"account: {error}", identity.name[:64] or identity.subject) from error
    with proxy.atomic():
        remember(start_session(user), identity)
        audit("sign on", user.name, f"from {request.remote_addr}", "accepted", user=user.name)


def _refusal_page(error: SecurityError, target: str) -> Response:
    """The sign-in page with the reason; another account may work."""
    _audit_refusal("sign on", error)
    return sign_in_page(target, "", problem_of(error), is_refused=type(error) is SignOnError)


def _audit_refusal(action: str, error: SecurityError) -> None:
    """Add a row for each kind of refusal, such as an expired token, user whom the provider has identified, and network in an hour.

    The other text of a reason does not count: visitors choose a part of it, and would fill the log with it.
    """
    address, reason, user = request.remote_addr or "", str(error), ""
    kind = reason.partition(":")[0]
    if isinstance(error, SignOnError):
        reason, user, kind = error.reason, error.user, error.kind
    if isinstance(error, ProviderUnavailable):
        _provider().log_problem(reason)
    sender = f"{kind[:60]} {user[:100]}@{network_of(address)}"
    audit_often(action, user or "(unknown)", address, f"refused: {reason}", sender=sender, user="nobody")


def _store_pending(pending: PendingSignOn) -> None:
    latest = list(_pending_sign_ons().items())[1 - PENDING :]
    session[PENDING_KEY] = dict([*latest, (pending.state, pending.to_cookie())])


def _pop_pending(state: str) -> PendingSignOn | None:
    """The sign-on of this state, which can be finished once."""
    kept = _pending_sign_ons()
    found = PendingSignOn.from_cookie(kept.pop(state, None))
    if kept:
        session[PENDING_KEY] = kept
    else:
        session.pop(PENDING_KEY, None)
    return found


def _pending_sign_ons() -> dict[str, object]:
    """The sign-ons that this browser has begun and that are not too old, by state."""
    found = session.get(PENDING_KEY)
    kept = found if isinstance(found, dict) else {}
    return {state: value for state, value in kept.items() if PendingSignOn.from_cookie(value)}
