"""A hub whose disk is full: reading goes on, writing is refused with a sentence, and everything works again once there is space.

The disk is a real one in memory, as small as the data are.
"""

from __future__ import annotations

import os
import re
from contextlib import nullcontext
from itertools import chain, count
from typing import TYPE_CHECKING, Any

import pytest
from peewee import OperationalError

from app import create_app
from app.areas import AREAS
from app.core import database
from app.core.disk import FULL_BYTES
from app.core.outages import outage_of
from app.core.settings import Settings
from app.gui.models import Dataset
from app.security import Role
from tests.security.conftest import HOME, make_user, sign_in
from tests.security.test_roles import address, rules
from tests.support.small_disk import fill_hub

if TYPE_CHECKING:
    from flask import Flask
    from flask.testing import FlaskClient

FULL = "The disk of DQM Hub is full: nothing can be stored or changed until there is space again"


@pytest.fixture
def app(small_hub: Settings) -> Flask:
    return create_app(small_hub)


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """An administrator who is signed in."""
    make_user("ada", Role.ADMIN)
    client = app.test_client()
    assert sign_in(client, "ada").status_code == 303
    return client


def send(client: FlaskClient, method: str, path: str, **options: Any) -> Any:
    return client.open(path, method=method, base_url=HOME, headers={"Origin": HOME}, **options)


def add_rows(nested: bool) -> None:
    """Add rows in one transaction, each in a transaction of its own within it if they are nested, until that fails."""
    with database.proxy.atomic():
        for number in count():
            with database.proxy.atomic() if nested else nullcontext():
                Dataset.create(name=f"/{number}/{'long' * 10_000}")


@pytest.mark.parametrize("nested", [False, True])
def test_the_error_of_a_transaction_is_its_first_cause(small_hub: Settings, nested: bool) -> None:
    filling = fill_hub(small_hub)
    with pytest.raises(OperationalError, match=r"^database or disk is full$") as raised:
        add_rows(nested)
    assert outage_of(raised.value) == ("full", "database or disk is full")
    filling.unlink()
    assert Dataset.select().count() == 0
    with database.proxy.atomic():
        Dataset.create(name="/a/b/c")


def test_pages_are_as_before_while_the_disk_is_full(client: FlaskClient, app: Flask, small_hub: Settings) -> None:
    paths = [address(rule) for rule, method in rules(app) if method == "GET" and not rule.endpoint.startswith(("health", "status"))]
    before = {path: send(client, "GET", path).status_code for path in paths}
    fill_hub(small_hub)
    assert {path: send(client, "GET", path).status_code for path in paths} == before


def test_what_changes_something_is_refused_with_a_sentence_in_every_area(client: FlaskClient, app: Flask, small_hub: Settings) -> None:
    without_storage = set(chain.from_iterable(area.endpoints_without_storage for area in AREAS))
    changes = [(rule, method) for rule, method in rules(app) if method != "GET"]
    changes.sort(key=lambda change: change[0].endpoint == "account.sign_out")  # it works, so it is the last
    fill_hub(small_hub)
    for rule, method in changes:
        answer = send(client, method, address(rule))
        if rule.endpoint != "account.sign_in_now":  # which is tried, and may find some space
            assert (answer.status_code == 507) == (rule.endpoint not in without_storage), f"{method} {rule.rule}: {answer.status}"
        if answer.status_code == 507:
            assert FULL in answer.text


def test_who_is_signed_in_can_sign_out_while_the_disk_is_full(client: FlaskClient, small_hub: Settings) -> None:
    fill_hub(small_hub)
    assert send(client, "GET", "/account/audit").status_code == 200
    answer = send(client, "POST", "/account/sign-out")
    assert answer.status_code == 303 or "This browser is signed out. DQM Hub cannot store that now" in answer.text
    assert send(client, "GET", "/account/audit").status_code == 303


def test_signing_in_is_tried_while_little_space_is_left(client: FlaskClient, small_hub: Settings) -> None:
    os.truncate(filling := fill_hub(small_hub), filling.stat().st_size - FULL_BYTES // 2)
    assert send(client, "POST", "/diary/searches", data={"name": "a", "query": "q=a"}).status_code == 507
    assert send(client, "POST", "/account/sign-out").status_code == 303
    assert sign_in(client, "ada").status_code == 303
    assert send(client, "GET", "/account/audit").status_code == 200


def test_every_page_says_that_the_disk_is_full_for_as_long_as_it_is(client: FlaskClient, small_hub: Settings) -> None:
    pages = ["/", "/square", "/trends", "/diary", "/transfers", "/notifications", "/status", "/help", "/nowhere", "/account/audit"]
    banner = f'class="disk-banner" data-disk="full" role="alert">.*<span>{FULL}.</span></p>'
    assert not [page for page in pages if re.search(banner, send(client, "GET", page).text)]
    filling = fill_hub(small_hub)
    assert [page for page in pages if re.search(banner, send(client, "GET", page).text)] == pages
    filling.unlink()
    assert not [page for page in pages if re.search(banner, send(client, "GET", page).text)]


def test_the_status_and_the_check_of_readiness_name_the_disk(client: FlaskClient, small_hub: Settings) -> None:
    assert send(client, "GET", "/healthz/ready").json["checks"]["disk"] == "ok"
    filling = fill_hub(small_hub)
    answer = send(client, "GET", "/healthz/ready")
    assert (answer.status_code, answer.json["status"], answer.json["checks"]["disk"]) == (503, "down", "down")
    assert send(client, "GET", "/healthz/live").status_code == 200
    assert re.search(
        r'<th scope="row">disk</th>\s*<td data-label="State"><span class="badge badge-error">', send(client, "GET", "/status").text
    )
    os.truncate(filling, filling.stat().st_size - (2 << 20))
    assert "nearly full: 0.0 GB of 0.1 GB free" in send(client, "GET", "/status").text
    filling.unlink()
    assert send(client, "GET", "/healthz/ready").json["checks"]["disk"] == "ok"


def test_the_first_request_after_space_is_back_is_stored(client: FlaskClient, small_hub: Settings) -> None:
    form = {"name": "Pixel errors", "query": "q=pixel"}
    filling = fill_hub(small_hub)
    assert send(client, "POST", "/diary/searches", data=form).status_code == 507
    filling.unlink()
    answer = send(client, "POST", "/diary/searches", data=form)
    assert answer.status_code in (200, 303), answer.text


def test_a_database_that_is_full_on_a_disk_that_is_not_is_507_as_well(client: FlaskClient, small_hub: Settings) -> None:
    """As with a quota, which the free space does not show: SQLite may not add a page to its file."""
    pages = database.proxy.execute_sql("PRAGMA page_count").fetchone()[0]
    database.proxy.execute_sql(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(OperationalError, match="full"):
        add_rows(nested=False)
    links = (f"/browse/1/a/b/c?q={number}{'long' * 100}" for number in range(1000))
    answers = (send(client, "POST", "/s", data={"address": link}) for link in links)
    refused = next(answer for answer in answers if answer.status_code not in (200, 303))
    assert (refused.status_code, FULL in refused.text) == (507, True)
