"""Pages of one's own account: change the password, and see and end one's sessions; `own_tokens.py` has those of tokens."""

from __future__ import annotations

import time

from flask import Blueprint, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from app.security import accounts, sessions, tokens
from app.security.caller import current_user
from app.security.errors import AccountError, SecurityError
from app.security.models import LOCAL, Token, User
from app.security.problems import problem_of
from app.security.roles import Role, needs
from app.security.sessions import browser_name
from app.security.signed_in import current_session, lengths, session_identifier, start_session
from app.security.token_limits import limit_text
from app.security.views import account_page, form_text
from app.web import Problem
from app.web.clock import time_html

blueprint = Blueprint("own_account", __name__, url_prefix="/account")


@blueprint.get("/password")
@needs(Role.VIEWER)
def password() -> AnyResponse:
    """The form to change one's own password."""
    if not current_user().name:
        return redirect(url_for("account.sign_in", next="/account/password"), 303)
    _check_has_password()
    return account_page("security/password.html", done=False, tokens=_valid_tokens(own_account()), kept=set(), time_html=time_html)


@blueprint.post("/password")
@needs(Role.VIEWER)
def password_now() -> AnyResponse:
    """Change one's own password, sign out all other browsers of the user, and revoke all tokens but those to `keep`."""
    _check_has_password()
    user, form = own_account(), {name: form_text(name) for name in ("old", "new", "again")}
    keep = set(request.form.getlist("keep", int))
    try:
        if form["new"] != form["again"]:
            raise AccountError("The two new passwords differ")
        revoked = accounts.change_own_password(user, form["old"], form["new"], request.remote_addr or "", keep)
    except SecurityError as error:
        shown = {"tokens": _valid_tokens(user), "kept": keep, "time_html": time_html}
        return account_page("security/password.html", problem_of(error), done=False, **shown)
    start_session(user)  # this browser stays signed in
    return account_page("security/password.html", done=True, revoked=revoked)


@blueprint.get("/sessions")
@needs(Role.VIEWER)
def own_sessions() -> AnyResponse:
    """The sessions and tokens of the user, with their last use."""
    if not current_user().name:
        return redirect(url_for("account.sign_in", next="/account/sessions"), 303)
    user, own = own_account(), current_session()
    return account_page(
        "security/sessions.html",
        sessions=sessions.sessions_of(user, lengths()),
        own=own and own.id,
        tokens=tokens.tokens_of(user),
        limit_text=limit_text,
        now=time.time(),
        lengths=lengths(),
        browser_name=browser_name,
        time_html=time_html,
    )


@blueprint.post("/sessions/<int:number>/end")
@needs(Role.VIEWER)
def end_session_now(number: int) -> AnyResponse:
    """End one session of the user; nothing if it has ended already."""
    check_number(number)
    sessions.end_of(own_account(), number)
    return redirect(url_for("own_account.own_sessions"), 303)


@blueprint.post("/sessions/end-others")
@needs(Role.VIEWER)
def end_other_sessions() -> AnyResponse:
    """End all sessions of the user but that of this browser."""
    sessions.end_others(own_account(), session_identifier())
    return redirect(url_for("own_account.own_sessions"), 303)


def check_number(number: int) -> None:
    """Raise Problem 404 for a number that no row can have."""
    if number >= 2**63:
        raise Problem(404, f"There is no number {str(number)[:30]}; the page /account/sessions has the sessions and tokens")


def _check_has_password() -> None:
    if (origin := current_user().origin) != LOCAL:
        raise Problem(403, f"You have no password here: your account comes from {origin}, which checks who you are")


def _valid_tokens(user: User) -> list[Token]:
    return [token for token in tokens.tokens_of(user) if token.expires > time.time()]


def own_account() -> User:
    """The account of the sender, who has signed in or is identified by a proxy. Raises Problem 403 for tokens and without an account."""
    caller = current_user()
    if not caller.is_token and caller.name and (user := accounts.user_by_name(caller.name)):
        return user
    raise Problem(403, "Sign in first: only a browser that is signed in shows and changes its own account")
