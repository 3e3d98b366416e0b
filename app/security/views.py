"""Pages of accounts: sign in, sign out, change one's password, and the audit log."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from flask import Blueprint, Response, make_response, redirect, render_template, request, session, url_for
from werkzeug.wrappers import Response as AnyResponse

from app.security import accounts
from app.security.audit import audit
from app.security.caller import SESSION_KEY, current_user, session_user
from app.security.guard import local
from app.security.models import Audit, User
from app.security.roles import Role, needs
from app.security.settings import SecuritySettings
from app.web import Problem, page, request_settings

blueprint = Blueprint("account", __name__, url_prefix="/account")

FORM_BYTES = 16 * 1024
ROWS = 100
CERN = ZoneInfo("Europe/Zurich")


def form(name: str) -> str:
    request.max_content_length = FORM_BYTES
    return request.form.get(name, "").replace("\0", "")  # which PostgreSQL takes in no text


def shown(template: str, status: int = 200, problem: Problem | None = None, **context: Any) -> Response:
    answer = make_response(render_template(template, problem=problem and problem.message, **context), problem.status if problem else status)
    answer.headers["Cache-Control"] = "no-store"
    answer.headers.update(problem.headers if problem else {})
    return answer


@blueprint.get("/sign-in")
@needs(Role.PUBLIC)
def sign_in() -> AnyResponse:
    return shown("security/sign_in.html", next=local(request.args.get("next", "/")), name="")


@blueprint.post("/sign-in")
@needs(Role.PUBLIC)
def sign_in_now() -> AnyResponse:
    name, target = form("name"), local(form("next") or "/")
    try:
        user = accounts.check_password(name, form("password"), request.remote_addr or "")
    except Problem as problem:
        return shown("security/sign_in.html", problem=problem, next=target, name=name)
    if user is None:
        wrong = Problem(401, "the name or the password is wrong, or the account is disabled")
        return shown("security/sign_in.html", problem=wrong, next=target, name=name)
    _end_session()
    _start_session(user)
    return redirect(request.script_root + target, 303)


@blueprint.post("/sign-out")
@needs(Role.PUBLIC)
def sign_out() -> AnyResponse:
    if user := session_user():
        audit("sign out", user.name)
    _end_session()
    return redirect(request.script_root + "/", 303)


@blueprint.get("/password")
@needs(Role.VIEWER)
def password() -> AnyResponse:
    if not current_user().name:
        return redirect(url_for("account.sign_in", next="/account/password"), 303)
    _own_account()
    return shown("security/password.html", done=False)


@blueprint.post("/password")
@needs(Role.VIEWER)
def password_now() -> AnyResponse:
    user = _own_account()
    try:
        if form("new") != form("again"):
            raise accounts.Refused("the two new passwords differ")
        accounts.change_own_password(user, form("old"), form("new"), request.remote_addr or "")
    except accounts.Refused as refused:
        return shown("security/password.html", problem=Problem(400, str(refused)), done=False)
    except Problem as problem:
        return shown("security/password.html", problem=problem, done=False)
    _start_session(user)  # this browser stays signed in, all others have to sign in again
    return shown("security/password.html", done=True)


def _own_account() -> User:
    if user := session_user():
        return user
    raise Problem(403, "sign in first: only a user who is signed in with a password can change it")


def _start_session(user: User) -> None:
    session.clear()
    session.permanent = True
    session[SESSION_KEY] = accounts.start_session(user, request_settings().of(SecuritySettings).session_hours)


def _end_session() -> None:
    if identifier := session.get(SESSION_KEY):
        accounts.end_session(identifier)
    session.clear()


@blueprint.get("/audit")
@needs(Role.ADMIN)
def audit_log() -> AnyResponse:
    """The newest rows, or those before row `before`, of one `user` or `action` or all."""
    wanted = {name: request.args.get(name, "") for name in ("user", "action")}
    before = request.args.get("before", "")
    if before and not (before.isascii() and before.isdecimal() and len(before) < 19):
        raise Problem(400, "the page of the audit log is not known", [("before", "a row number is expected")])
    rows = list(_rows(wanted, int(before) if before else None))
    older = "?" + urlencode({**{k: v for k, v in wanted.items() if v}, "before": rows[ROWS - 1].id}) if len(rows) > ROWS else ""
    context = {"rows": rows[:ROWS], "older": older, "wanted": wanted, "before": before, "cern": _cern}
    return page("security/audit.html", "security/audit_fragment.html", **context)


def _rows(wanted: dict[str, str], before: int | None) -> Any:
    rows = Audit.select().order_by(Audit.id.desc()).limit(ROWS + 1)
    for name, value in wanted.items():
        rows = rows.where(getattr(Audit, name) == value) if value else rows
    return rows.where(Audit.id < before) if before is not None else rows


def _cern(at: float) -> datetime:
    return datetime.fromtimestamp(at, CERN)
