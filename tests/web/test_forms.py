"""Forms of all pages."""

from __future__ import annotations

import io

import pytest
from flask import Flask

from app.security import accounts
from app.security.roles import Role
from tests.security.conftest import HOME, PASSWORD, sign_in

pytestmark = [pytest.mark.both_databases, pytest.mark.slow]

FIELDS = {"subsystem": "a\0", "dataset": "/a\0/b/c", "name": "n\0", "reason": "r\0", "title": "\0", "do\0": "x"}
HEADERS = {"Origin": HOME}


def form_addresses(app: Flask) -> list[str]:
    """The addresses that take forms, with a number or a word for each part that varies."""
    rules = [rule for rule in app.url_map.iter_rules() if "POST" in (rule.methods or ()) and not rule.rule.startswith("/api/")]
    adapter = app.url_map.bind("localhost")
    addresses = []
    for rule in rules:
        values = {name: 1 if "Integer" in type(rule._converters[name]).__name__ else "x" for name in rule.arguments}
        addresses.append(adapter.build(rule.endpoint, values, method="POST"))
    return addresses


def test_no_form_with_nul_is_an_internal_error_on_either_database(app: Flask) -> None:
    accounts.add("ann", Role.ADMIN, PASSWORD)
    addresses = form_addresses(app)
    assert {"/trends/new", "/trends/lumis", "/trends/configs/remove", "/trends/rules/new"} <= set(addresses)
    for address in addresses:
        browser = app.test_client()
        sign_in(browser, "ann")
        answer = browser.post(address, base_url=HOME, data=FIELDS, headers=HEADERS)
        assert answer.status_code < 500, address


@pytest.mark.parametrize("address", ["/trends/new", "/trends/lumis", "/trends/configs/remove", "/trends/rules/new"])
@pytest.mark.parametrize("kind", ["application/x-www-form-urlencoded", "multipart/form-data"])
def test_a_form_with_nul_names_its_fields(app: Flask, address: str, kind: str) -> None:
    accounts.add("ann", Role.ADMIN, PASSWORD)
    browser = app.test_client()
    sign_in(browser, "ann")
    answer = browser.post(address, base_url=HOME, data=FIELDS, headers=HEADERS, content_type=kind)
    assert answer.status_code == 400
    for name in FIELDS:
        assert f"<b>{name}</b>: must not contain the character NUL".replace("\0", "\\0") in answer.text


def test_the_name_of_a_sent_file_with_nul_is_refused(app: Flask) -> None:
    accounts.add("ann", Role.ADMIN, PASSWORD)
    browser = app.test_client()
    sign_in(browser, "ann")
    file = io.BytesIO(b'{"1": [[1, 2]]}'), "golden\0.json"
    assert browser.post("/trends/golden", base_url=HOME, data={"file": file}, headers=HEADERS).status_code == 400
