"""The check before each request: Host header, origin, and the least role of the view."""

from __future__ import annotations

from urllib.parse import quote, urlsplit

from flask import Flask, Response, current_app, redirect, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import HTTPException

from app.core.settings import Settings
from app.security.caller import current_user, role_remedy, trusted
from app.security.origin import allowed_host_names, check_host, check_origin
from app.security.refusals import REFUSED
from app.security.roles import Role, least_role, needs
from app.web import Problem, is_api, is_fragment, shown_page


def init_app(app: Flask, settings: Settings) -> None:
    """Check each request of the application before its view."""
    allowed = allowed_host_names(settings)
    for endpoint in ("static", "bundle", "favicon"):
        needs(Role.PUBLIC)(app.view_functions[endpoint])

    @app.before_request
    def guard() -> ResponseReturnValue | None:
        check_host(allowed)
        check_origin()
        if request.endpoint is None:  # routing answers with 404 or 405
            return None
        least = least_role(current_app.view_functions[request.endpoint])
        if least is None:
            raise Problem(403, f"Nobody may use {request.path}: this page has no least role, which is a bug of DQM Hub")
        return None if least == Role.PUBLIC or current_user().role >= least else deny(least)


def deny(least: Role) -> ResponseReturnValue:
    """The response if the role is too low: a redirect to the sign-in page, or an error with the reason."""
    caller = current_user()
    if caller.problem:
        raise Problem(403, caller.problem)
    if caller.name:
        remedy = role_remedy(caller, least.title)
        raise Problem(403, f"Needs the role {least.title} (you are {caller.role.title}); {remedy}")
    if is_api():
        challenge = {"WWW-Authenticate": 'Bearer realm="dqmhub"'}
        raise Problem(401, f"Needs the role {least.title}: send an API token", headers=challenge)
    request.environ[REFUSED] = True
    sign_in = url_for("account.sign_in", next=page_address())
    if is_fragment():
        return Response(status=401, headers={"HX-Redirect": sign_in, "Cache-Control": "no-store"})
    response = redirect(sign_in, 303)
    response.headers["Cache-Control"] = "no-store"
    return response


def check_machine(networks: tuple[str, ...], action: str) -> None:
    """Refuse a request of a program that is not in one of these networks and has neither the key of this machine nor the token of an operator.

    Args:
        networks: Whose programs need no token.
        action: What it wants, such as "Registering files". Raises Problem 401 or 403.
    """
    caller = current_user()
    has_key = caller.is_local and caller.is_token  # a browser of this machine reads only
    if not (trusted(networks) or has_key or caller.role >= Role.OPERATOR):
        status, challenge = 403 if caller.name else 401, {"WWW-Authenticate": 'Bearer realm="dqmhub"'}
        raise Problem(status, f"{action} from this network needs the API token of an operator", headers=challenge)


def role_of_page(address: str) -> str:
    """The least role of the page at a local address, if it is above viewer; "" otherwise."""
    adapter = current_app.create_url_adapter(request)
    try:
        endpoint = adapter.match(urlsplit(address).path, "GET")[0] if adapter else ""
    except HTTPException:
        return ""
    least = least_role(current_app.view_functions[endpoint]) if endpoint else None
    return least.title if least and least > Role.VIEWER else ""


def page_address() -> str:
    """The address of the current page, to return to after signing in; "/" for the response to a form.

    For a fragment it is the page that contains it. The URL prefix is left out.
    """
    if is_fragment():
        parts = shown_page()
        start = request.script_root
        path = parts.path.removeprefix(start) if (parts.path + "/").startswith(start + "/") else "/"
        return local_address(path + ("?" + parts.query if parts.query else ""))
    if request.method != "GET":
        return "/"
    query = request.query_string.decode("latin-1")
    path = quote(request.environ["PATH_INFO"], encoding="latin-1")  # names need not be UTF-8
    return local_address(path + ("?" + query if query else ""))


def local_address(target: str) -> str:
    r"""An address of this site for a redirect, without the URL prefix; "/" if a browser could take it for another site.

    Browsers drop control characters and read "\" as "/", so "/\t/evil.example" and "/\evil.example" are other sites.
    """
    is_plain = target.isascii() and target.isprintable() and " " not in target
    is_local = target.startswith("/") and not target.startswith("//") and "\\" not in target
    return target if is_plain and is_local else "/"
