"""Access of every role to every route."""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import product
from typing import TYPE_CHECKING

import pytest
from flask import request

from app.security import Role, needs
from app.security.caller import current_user
from app.security.roles import least_role
from tests.security.matrix import LEAST_ROLE

if TYPE_CHECKING:
    from flask import Flask
    from werkzeug.routing import Rule

    from tests.security.conftest import RemoteClient


def address(rule: Rule) -> str:
    """An address of this rule, with something in place of each argument."""
    examples = {"path": "a/b/c/d", "server": "online"}
    return re.sub(r"<(?:(?P<kind>\w+)[^:>]*:)?\w+>", lambda match: examples.get(match["kind"], "1"), rule.rule)


def rules(app: Flask) -> list[tuple[Rule, str]]:
    return [(rule, method) for rule in app.url_map.iter_rules() for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"})]


def test_every_route_has_its_least_role(app: Flask) -> None:
    for endpoint, view in app.view_functions.items():
        assert endpoint in LEAST_ROLE, (
            f"the route {endpoint} has no least role: choose one, "
            f'add "{endpoint}": "<least role>" to `roles=` of its area, and mark the view with @needs(Role.<LEAST ROLE>)'
        )
        assert least_role(view) == LEAST_ROLE[endpoint], f"{endpoint}: the mark of the view and `roles=` of its area differ"


def test_every_declared_role_belongs_to_a_route(app: Flask) -> None:
    assert set(LEAST_ROLE) <= set(app.view_functions)


def test_every_route_is_refused_to_the_roles_below_its_own_and_only_to_them(
    app: Flask, remote: RemoteClient, bearer: dict[Role, dict[str, str]]
) -> None:
    reached: list[str] = []

    @app.before_request
    def stop() -> str:  # after the guard: requests that arrive here may use the view; the view itself is not tested
        reached.append(request.endpoint or "")
        return "may"

    for (rule, method), role in product(rules(app), Role):
        reached.clear()
        answer = remote(method, address(rule), headers=bearer[role])
        allowed = role >= LEAST_ROLE.get(rule.endpoint, Role.PUBLIC)
        assert reached == ([rule.endpoint] if allowed else []), f"{method} {rule.rule} as {role.title}: {answer.status}"
        if not allowed:
            assert answer.status_code in ((401, 303) if role == Role.PUBLIC else (403,)), f"{method} {rule.rule} as {role.title}"


def test_a_view_without_a_role_is_refused_even_to_an_administrator(
    app: Flask, remote: RemoteClient, bearer: dict[Role, dict[str, str]]
) -> None:
    app.add_url_rule("/forgotten", "forgotten", lambda: "secret")
    answer = remote("GET", "/forgotten", headers=bearer[Role.ADMIN])
    assert answer.status_code == 403
    assert "this page has no least role" in answer.get_json()["message"]


@pytest.mark.parametrize("path", ["/api/v1/samples", "/data/json/x", "/plotfairy/x", "/jsrootfairy/x", "/hdqm/api/x", "/api", "/metrics"])
def test_a_script_without_a_token_gets_the_one_error_shape(app: Flask, remote: RemoteClient, path: str) -> None:
    app.view_functions["for_scripts"] = needs(Role.VIEWER)(lambda **_: "")
    if not any(rule.rule == path for rule in app.url_map.iter_rules()):
        app.add_url_rule(path, "for_scripts")
    answer = remote("GET", path)
    assert answer.status_code == 401
    assert answer.get_json() == {"message": "Needs the role viewer: send an API token", "status": 401, "errors": []}
    assert answer.headers["WWW-Authenticate"] == 'Bearer realm="dqmhub"'


def test_a_browser_is_redirected_to_the_sign_in_page_and_back(remote: RemoteClient) -> None:
    answer = remote("GET", "/account/audit?user=a%26b&before=7")
    assert answer.status_code == 303
    assert answer.headers["Location"] == "/account/sign-in?next=/account/audit?user%3Da%2526b%26before%3D7"
    assert answer.headers["Cache-Control"] == "no-store"


def test_htmx_is_redirected_to_the_sign_in_page_and_back_to_the_page(remote: RemoteClient) -> None:
    headers = {"HX-Request": "true", "HX-Current-URL": "http://127.0.0.1:8889/status?x=1"}
    answer = remote("GET", "/account/audit", headers=headers)
    assert answer.status_code == 401
    assert answer.headers["HX-Redirect"] == "/account/sign-in?next=/status?x%3D1"


@pytest.mark.parametrize("current", ["http://[", "//[x]y/status", ""])
def test_a_request_from_a_page_without_a_possible_address_is_redirected_to_the_sign_in_page(remote: RemoteClient, current: str) -> None:
    answer = remote("GET", "/account/audit", headers={"HX-Request": "true", "HX-Current-URL": current})
    assert answer.status_code == 401
    assert answer.headers["HX-Redirect"] == "/account/sign-in?next=/"


def test_a_signed_in_user_sees_the_least_role(remote: RemoteClient, bearer: dict[Role, dict[str, str]]) -> None:
    answer = remote("GET", "/account/audit", headers=bearer[Role.EXPERT])
    assert answer.status_code == 403
    assert answer.get_json()["message"] == "Needs the role admin (you are expert); ask the administrators: dqmhub user role expert admin"


@pytest.mark.parametrize(
    ("anonymous_read", "peer", "headers", "role"),
    [
        ("local", "127.0.0.1", {}, Role.PUBLIC),
        ("loopback", "127.0.0.1", {}, Role.VIEWER),
        ("loopback", "::1", {}, Role.VIEWER),
        ("loopback", "192.0.2.7", {}, Role.PUBLIC),
        ("loopback", "127.0.0.1", {"X-Forwarded-For": "127.0.0.1"}, Role.PUBLIC),
        ("loopback", "127.0.0.1", {"Forwarded": "for=127.0.0.1"}, Role.PUBLIC),
        ("loopback", "10.0.0.1", {"X-Forwarded-For": "127.0.0.1"}, Role.PUBLIC),
        ("nobody", "127.0.0.1", {}, Role.PUBLIC),
        ("everyone", "192.0.2.7", {}, Role.VIEWER),
        ("everyone", "10.0.0.1", {"X-Forwarded-For": "192.0.2.7"}, Role.VIEWER),
    ],
)
def test_a_setting_determines_access_without_an_account(
    small_app: Callable[..., Flask], anonymous_read: str, peer: str, headers: dict[str, str], role: Role
) -> None:
    app = small_app(anonymous_read=anonymous_read, trusted_proxies=("10.0.0.0/8",))
    app.add_url_rule("/user", view_func=needs(Role.PUBLIC)(lambda: current_user().role.title), endpoint="user")
    answer = app.test_client().get("/user", headers=headers, environ_overrides={"REMOTE_ADDR": peer}, base_url="http://127.0.0.1:8889")
    assert answer.text == role.title
