"""Pages of accounts: sign in, sign out, and the audit log; `own_account.py` has those of one's own account."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, Response, make_response, redirect, render_template, request, session, url_for
from werkzeug.wrappers import Response as AnyResponse

from app.core.database import proxy
from app.core.outages import log_outage, outage_of
from app.security import accounts, demo_accounts, sessions
from app.security.audit_log import audit
from app.security.caller import current_user
from app.security.errors import SecurityError
from app.security.guard import local_address, role_of_page
from app.security.models import Audit
from app.security.problems import problem_of
from app.security.repeated import counts_of
from app.security.roles import Role, needs
from app.security.settings import SecuritySettings
from app.security.sign_on.provider import IdentityProvider, current_provider
from app.security.sign_on.provider_sessions import id_token_of, sign_out_address
from app.security.signed_in import current_session, end_local, end_session, session_identifier, start_local, start_session
from app.web import Problem, page, request_settings
from app.web.arguments import int_arg
from app.web.clock import time_html

blueprint = Blueprint("account", __name__, url_prefix="/account")

MAX_FORM_BYTES = 16 * 1024
AUDIT_ROWS = 100
SIGNED_OUT_HERE = "This browser is signed out. DQM Hub cannot store that now, so a copy of its session, if somebody has one, stays valid until it expires."


def form_text(name: str) -> str:
    """A field of the form of this request."""
    request.max_content_length = MAX_FORM_BYTES
    return request.form.get(name, "")


def account_page(template: str, problem: Problem | None = None, **context: Any) -> Response:
    """A page of accounts, which no cache stores; with status and message of a problem, if there is one."""
    text = render_template(template, problem=problem and problem.message, **context)
    response = make_response(text, problem.status if problem else 200)
    response.headers["Cache-Control"] = "no-store"
    response.headers.update(problem.headers if problem else {})
    return response


@blueprint.get("/sign-in")
@needs(Role.PUBLIC)
def sign_in() -> AnyResponse:
    """The form to sign in."""
    return sign_in_page(local_address(request.args.get("next", "/")), "")


@blueprint.post("/sign-in")
@needs(Role.PUBLIC)
def sign_in_now() -> AnyResponse:
    """Check name and password, and start a session."""
    name, target = form_text("name"), local_address(form_text("next") or "/")
    try:
        user = accounts.check_password(name, form_text("password"), request.remote_addr or "")
        if user:
            start_session(user)
    except SecurityError as error:
        return sign_in_page(target, name, problem_of(error))
    if user is None:
        wrong = Problem(401, "Wrong user name or password, or the account is disabled.")
        return sign_in_page(target, name, wrong)
    return redirect(request.script_root + target, 303)


def sign_in_page(target: str, name: str, problem: Problem | None = None, is_refused: bool = False) -> Response:
    """The form, with the role that the page `target` needs, the way to the identity provider, and in a demo with its accounts for users of this machine."""
    settings = request_settings()
    security, caller, provider = settings.of(SecuritySettings), current_user(), current_provider()
    return account_page(
        "security/sign_in.html",
        problem,
        next=target,
        name=name,
        role=role_of_page(target),
        provider=provider and provider.settings.sign_on_name,
        is_refused=is_refused,
        is_provider_unreachable=bool(provider and provider.problem),
        demo=demo_accounts.read(settings) if security.demo_accounts and caller.is_local else {},
        is_demo=security.demo_accounts,
        reads_locally=security.anonymous_read != "nobody" and caller.role == Role.PUBLIC,
    )


@blueprint.get("/this-machine")
@needs(Role.PUBLIC)
def open_local_link() -> AnyResponse:
    """Open the link of `dqmhub local-link`."""
    target = local_address(request.args.get("next", "/"))
    if request_settings().of(SecuritySettings).anonymous_read == "nobody":
        return sign_in_page(
            target, "", Problem(403, "Reading this hub takes an account (anonymous_read): links of this machine open nothing")
        )
    if not start_local(request.args.get("token", "")):
        return sign_in_page(
            target,
            "",
            Problem(403, "This link has expired or was opened before. Print another one on the machine of the hub: dqmhub local-link"),
        )
    return redirect(request.script_root + target, 303)


@blueprint.get("/sign-out")
@needs(Role.PUBLIC)
def after_sign_out() -> AnyResponse:
    """The home page, for a browser that opens the address of a page after signing out again; it signs nobody out."""
    return redirect(request.script_root + "/", 303)


@blueprint.post("/sign-out")
@needs(Role.PUBLIC)
def sign_out() -> AnyResponse:
    """End the session of this browser, and its rights of this machine; with `everywhere` all sessions of the user."""
    try:
        own = current_session()
        id_token = id_token_of(own) if own else ""
        with proxy.atomic():
            if own and request.form.get("everywhere"):
                sessions.end_others(own.user, session_identifier())
            end_session()
            end_local()
            if own:
                audit("sign out", own.user.name, user=own.user.name)
    except Exception as error:
        if (outage := outage_of(error)) is None:
            raise
        log_outage("Sign-outs are not stored", outage)
        session.clear()
        return sign_in_page("/", "", Problem(200, SIGNED_OUT_HERE))
    if id_token and (provider := current_provider()):
        return _provider_sign_out_page(provider, id_token)
    return redirect(request.script_root + "/", 303)


def _provider_sign_out_page(provider: IdentityProvider, id_token: str) -> AnyResponse:
    """A page that sends the browser on to end its session at the provider: a form may not lead to another site (CSP)."""
    try:
        address = sign_out_address(provider, id_token, url_for("home.index", _external=True))
    except SecurityError:
        address = ""
    return account_page("security/signed_out.html", address=address, provider=provider.settings.sign_on_name)


@blueprint.get("/audit")
@needs(Role.ADMIN)
def audit_log() -> AnyResponse:
    """The latest rows, or those before the row `before`, of one `user` and `action` or of all."""
    filters = {name: request.args.get(name, "") for name in ("user", "action")}
    before = int_arg("before", 0)
    rows = list(_audit_rows(filters, before))
    next_page = (
        {**{name: value for name, value in filters.items() if value}, "before": rows[AUDIT_ROWS - 1].id} if len(rows) > AUDIT_ROWS else {}
    )
    return page(
        "security/audit.html",
        "security/audit_fragment.html",
        rows=rows[:AUDIT_ROWS],
        counts=counts_of(rows[:AUDIT_ROWS]),
        earlier="?" + urlencode(next_page) if next_page else "",
        filters=filters,
        before=before,
        time_html=time_html,
    )


def _audit_rows(filters: dict[str, str], before: int) -> Any:
    """The rows of one page of the audit log, and one more if there is a next page."""
    rows = Audit.select().order_by(Audit.id.desc()).limit(AUDIT_ROWS + 1)
    for name, value in filters.items():
        rows = rows.where(getattr(Audit, name) == value) if value else rows
    return rows.where(Audit.id < before) if before else rows
