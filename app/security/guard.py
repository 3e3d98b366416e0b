"""The hook before each request: the Host, the origin, and the role that the view needs."""

from __future__ import annotations

from urllib.parse import quote, urlsplit

from flask import Flask, Response, current_app, redirect, request, url_for
from flask.typing import ResponseReturnValue

from app.core.settings import Settings
from app.security.caller import current_user
from app.security.origin import check_host, check_origin, hosts
from app.security.roles import Role, least_role, needs
from app.web import Problem, is_api, is_fragment


def init_app(app: Flask, settings: Settings) -> None:
    allowed = hosts(settings)
    for endpoint in ("static", "bundle"):
        needs(Role.PUBLIC)(app.view_functions[endpoint])

    @app.before_request
    def guard() -> ResponseReturnValue | None:
        check_host(allowed)
        check_origin()
        if request.endpoint is None:  # no such address, or not for this method: routing says so
            return None
        least = least_role(current_app.view_functions[request.endpoint])
        if least is None:
            raise Problem(403, f"nobody may use {request.path}: the page does not say which role it needs (a fault of DQM Hub)")
        return None if least == Role.PUBLIC or current_user().role >= least else refuse(least)


def refuse(least: Role) -> ResponseReturnValue:
    """What somebody gets whose role is too low: the sign-in page, or why not."""
    caller = current_user()
    if caller.name:
        raise Problem(403, f"{caller.name} has the role {caller.role.title} here; this needs the role {least.title}")
    if is_api():
        raise Problem(401, f"this needs the role {least.title}: send an API token", headers={"WWW-Authenticate": 'Bearer realm="dqmhub"'})
    sign_in = url_for("account.sign_in", next=asked_page())
    if is_fragment():
        return Response(status=401, headers={"HX-Redirect": sign_in, "Cache-Control": "no-store"})
    answer = redirect(sign_in, 303)
    answer.headers["Cache-Control"] = "no-store"
    return answer


def asked_page() -> str:
    """The page that the browser shows or asks for, to come back to after signing in; "/" after a form was sent."""
    if is_fragment():
        parts = urlsplit(request.headers.get("HX-Current-URL", ""))
        start = request.script_root
        path = parts.path.removeprefix(start) if (parts.path + "/").startswith(start + "/") else "/"
        return local(path + ("?" + parts.query if parts.query else ""))
    if request.method != "GET":
        return "/"
    query = request.query_string.decode("latin-1")
    path = quote(request.environ["PATH_INFO"], encoding="latin-1")  # names need not be UTF-8
    return local(path + ("?" + query if query else ""))


def local(target: str) -> str:
    r"""An address of this site to lead to, without the URL prefix; "/" for anything that a browser could take for another site.

    Browsers drop control characters and take "\" for "/", so "/\t/evil.example" and "/\evil.example" are other sites.
    """
    plain = target.isascii() and target.isprintable() and " " not in target
    return target if plain and target.startswith("/") and not target.startswith("//") and "\\" not in target else "/"
