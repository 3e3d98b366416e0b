"""The page of one's own API tokens: what each may do, until when, and when it was last used; make and revoke them."""

from __future__ import annotations

import time
from typing import Any

from flask import Blueprint, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from app.security import tokens
from app.security.caller import current_user
from app.security.models import User
from app.security.own_account import check_number, own_account
from app.security.roles import GRANTED, Role, needs
from app.security.token_limits import limit_text, limits
from app.security.views import account_page, form_text
from app.web import Problem
from app.web.clock import time_html

blueprint = Blueprint("own_tokens", __name__, url_prefix="/account/tokens")

TOKENS = 50
"""Most tokens of a user, with those that have expired."""
NAME_CHARS = 100
DAYS = (1, 7, 30, 90, 365)
"""Lengths of a token, from which its owner chooses."""


@blueprint.get("")
@needs(Role.VIEWER)
def own_tokens() -> AnyResponse:
    """The tokens of the user, and the form for another one."""
    if not current_user().name:
        return redirect(url_for("account.sign_in", next="/account/tokens"), 303)
    return _tokens_page(own_account(), days=90, role="viewer")


@blueprint.post("")
@needs(Role.VIEWER)
def add_token() -> AnyResponse:
    """Make a token, and show it this once."""
    user = own_account()
    form: dict[str, Any] = {"name": form_text("name").strip(), "role": form_text("role"), "days": request.form.get("days", 0, int)}
    form["areas"] = sorted(set(request.form.getlist("area")))
    try:
        problem = _problem(user, form, Role.of(form["role"]))
    except ValueError as error:
        problem = str(error)
    if problem:
        return _tokens_page(user, Problem(400, problem), **form)
    row, secret = tokens.make(user, form["name"], Role.of(form["role"]), form["days"], form["areas"])
    return _tokens_page(user, made=row, secret=secret, days=90, role="viewer")


@blueprint.post("/<int:number>/revoke")
@needs(Role.VIEWER)
def revoke_token(number: int) -> AnyResponse:
    """Revoke one token of the user; nothing if it is revoked already."""
    check_number(number)
    for token in tokens.tokens_of(own_account()):
        if token.id == number:
            tokens.revoke(token)
    return redirect(url_for("own_tokens.own_tokens"), 303)


def _problem(user: User, form: dict[str, Any], role: Role) -> str:
    """Why a token cannot be made, "" if it can."""
    if not form["name"] or len(form["name"]) > NAME_CHARS or not form["name"].isprintable():
        return f"Say what the token is for, in at most {NAME_CHARS} characters."
    if role not in GRANTED or role > user.role:
        return f"A token of yours has at most your role, {user.role.title}."
    if form["days"] not in DAYS:
        return f"A token is valid for {', '.join(map(str, DAYS))} days."
    if unknown := sorted(set(form["areas"]) - {area.name for area in limits()}):
        return (
            f"A token cannot be limited to {unknown[0][:60]}: there is no such area. Choose among those below; nothing chosen is no limit."
        )
    if any(token.name == form["name"] and token.expires > time.time() for token in tokens.tokens_of(user)):
        return f"You have a token “{form['name']}” already, which was shown when it was made: revoke it, or name another purpose."
    if len(tokens.tokens_of(user)) >= TOKENS:
        return f"You have {TOKENS} tokens: revoke one first."
    return ""


def _tokens_page(user: User, problem: Problem | None = None, **context: Any) -> AnyResponse:
    return account_page(
        "security/tokens.html",
        problem,
        tokens=tokens.tokens_of(user),
        roles=[role.title for role in GRANTED if role <= user.role],
        limits=limits(),
        limit_text=limit_text,
        lengths=DAYS,
        now=time.time(),
        time_html=time_html,
        **context,
    )
