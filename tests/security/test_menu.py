"""Every page without arguments can be reached by links from the home page, by whoever may see it."""

from __future__ import annotations

import re
from html import unescape

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.diary.observations.store import store
from app.security import Role
from app.security.roles import GRANTED
from tests.diary.observations import NOW, seen

HTML = {"Accept": "text/html"}

SIGN_IN = "/account/sign-in"
"""Not linked for those who have signed in."""


def links(text: str) -> set[str]:
    """The pages of this hub that a page links to, without queries."""
    return {unescape(found).partition("?")[0] for found in re.findall(r'<a\b[^>]*\bhref="(/[^"#]*)"', text)}


def pages(app: Flask, headers: dict[str, str]) -> dict[str, str]:
    """Text of each whole page without arguments that is open to a user, by path."""
    found = {}
    client = app.test_client()
    for rule in app.url_map.iter_rules():
        if "GET" in (rule.methods or set()) and not rule.arguments and rule.rule != SIGN_IN:
            answer = client.get(rule.rule, headers=headers | HTML, buffered=True)  # downloads are streamed
            if answer.status_code == 200 and answer.mimetype == "text/html" and "<html" in answer.text:
                found[rule.rule] = answer.text
    return found


@pytest.mark.parametrize("role", GRANTED)
def test_links_lead_from_home_to_every_page_that_a_role_may_see(
    client: FlaskClient, bearer: dict[Role, dict[str, str]], role: Role
) -> None:
    store("slurm", [seen(NOW)], NOW)  # some pages are about jobs, and an empty list does not lead to them
    found = pages(client.application, bearer[role])
    assert {"/files", "/status", "/help"} < set(found)
    reached: set[str] = set()
    new = {"/"}
    while new:
        reached |= new
        new = set().union(*(links(found[path]) for path in new if path in found)) - reached
    assert set(found) <= reached, sorted(set(found) - reached)
