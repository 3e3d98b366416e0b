"""Whole numbers in addresses: what is no number of ASCII digits, or too large for a table, is refused by every address alike."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.routing import Rule

from app.areas import AREAS
from app.ops.openapi import document
from app.security import Role, accounts
from tests.security.conftest import PASSWORD, sign_in
from tests.square.test_pages_whole_log import bearer

HOSTILE = ["1e3", "٣", "-0", " 5", "5 ", "+5", "1_000", "0x10", "²", "1.5", "nan", "5\n", "-1", str(10**30), "9" * 5000]
BROWSER = {"Sec-Fetch-Site": "same-origin"}


@pytest.fixture
def administrator(client: FlaskClient) -> dict[str, str]:
    return bearer(Role.ADMIN) | BROWSER


def rules_with_numbers(app: Flask) -> Iterator[tuple[Rule, str, str]]:
    """Each rule with a whole number in its path, one of its methods, and the name of the number."""
    for rule in app.url_map.iter_rules():
        for name in re.findall(r"<int:(\w+)>", rule.rule):
            for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
                yield rule, method, name


def address(rule: str, **values: str) -> str:
    """An address of a rule with these values, and something for each other argument."""
    return re.sub(r"<(?:\w+[^:>]*:)?(\w+)>", lambda found: values.get(found[1], "1"), rule)


def test_hostile_numbers_in_paths_are_not_found(app: Flask, client: FlaskClient) -> None:
    accounts.add("root", Role.ADMIN, PASSWORD)
    sign_in(client, "root")  # since tokens have no private layouts
    wrong = []
    for rule, method, name in rules_with_numbers(app):
        for value in HOSTILE:
            answer = client.open(address(rule.rule, **{name: quote(value)}), method=method, headers=BROWSER)
            if answer.status_code not in (400, 404, 409):
                wrong.append(f"{method} {rule.rule} with {value[:40]!r}: {answer.status}")
    assert wrong == [], "\n".join(wrong)


NEEDED = {
    "/api?run": "what=get_run",
    "/api?from": "what=get_runs&to=2",
    "/api?to": "what=get_runs&from=1",
    "/api/v1/render_overlay?": "obj=archive/1/a/b/c/d",
    "/api/v1/json_overlay?": "obj=archive/1/a/b/c/d",
}
"""What else a query needs, by its beginning."""

SWITCHES = {"/api?bad_only", "/api?ls"}
"""1 or anything else, as in the original mirror."""

UNLIMITED = {"notOlderThan"}
"""A time in the future means now."""


def numbers_of_the_api() -> list[tuple[str, str, int]]:
    """Address, name and least value of each whole number in a query of the API."""
    found = []
    for path, methods in document(AREAS)["paths"].items():
        parameters: list[dict[str, Any]] = methods.get("get", {}).get("parameters", [])
        found += [
            (re.sub(r"{\w+}", "1", path), each["name"], each["schema"].get("minimum", 0))
            for each in parameters
            if each["in"] == "query" and each["schema"].get("type") == "integer" and f"{path}?{each['name']}" not in SWITCHES
        ]
    return found


def test_hostile_numbers_in_queries_of_the_api_are_refused_with_their_name(client: FlaskClient, administrator: dict[str, str]) -> None:
    wrong, numbers = [], numbers_of_the_api()
    assert len(numbers) > 10
    for path, name, least in numbers:
        for value in HOSTILE:
            if (value == "-1" and least < 0) or (value.isdigit() and value.isascii() and name in UNLIMITED):
                continue
            needed = next((more for start, more in NEEDED.items() if f"{path}?{name}".startswith(start)), "")
            answer = client.get(f"{path}?{name}={quote(value)}&{needed}", headers=administrator)
            if answer.status_code != 400 or name not in [each["field"] for each in answer.json["errors"]]:
                wrong.append(f"{path}?{name}={value[:40]!r}: {answer.status} {answer.text[:100]}")
    assert wrong == [], "\n".join(wrong)


PAGES = [
    ("/account/audit", "before"),
    ("/files", "from"),
    ("/notifications", "before"),
    ("/square/statistics.csv", "from"),
    ("/square/statistics.csv", "to"),
    ("/square/statistics.csv", "limit"),
    ("/square/timeline", "before"),
    ("/square/timeline", "from"),
    ("/square/timeline", "to"),
]


@pytest.mark.parametrize(("path", "name"), PAGES)
def test_hostile_numbers_in_queries_of_pages_are_refused(client: FlaskClient, administrator: dict[str, str], path: str, name: str) -> None:
    for value in HOSTILE:
        answer = client.get(f"{path}?key=1&{name}={quote(value)}", headers=administrator)
        assert (answer.status_code, name in answer.text) == (400, True), f"{value[:40]!r}: {answer.status}"
    assert client.get(f"{path}?key=1&{name}=", headers=administrator).status_code != 400
