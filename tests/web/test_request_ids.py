"""Every response has the id of its request, which log lines and the pages of errors have as well."""

from __future__ import annotations

import logging
from html.parser import HTMLParser

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app import create_app
from app.core import log_context
from app.core.settings import Settings

PROXY = {"REMOTE_ADDR": "10.1.2.3"}


def id_of(client: FlaskClient, path: str, sent: str = "", **options: object) -> str:
    response = client.get(path, headers={"X-Request-ID": sent} if sent else {}, **options)
    (found,) = response.headers.getlist("X-Request-ID")
    return found


@pytest.mark.parametrize("path", ["/", "/api/v1/samples", "/nowhere", "/static/gui/none.css", "/healthz/live"])
def test_every_response_has_an_id_of_its_own(client: FlaskClient, path: str) -> None:
    first, second = id_of(client, path), id_of(client, path)
    assert first != second
    assert log_context.is_request_id(first)


def test_the_id_of_a_client_is_not_used(client: FlaskClient) -> None:
    assert id_of(client, "/healthz/live", "chosen-by-a-client") != "chosen-by-a-client"


@pytest.fixture
def behind_proxy(hub: Settings) -> Flask:
    return create_app(hub.replace(trusted_proxies=("10.1.0.0/16",), proxy_request_ids=True))


def test_the_id_of_a_trusted_proxy_is_kept(behind_proxy: Flask) -> None:
    client = behind_proxy.test_client()
    assert id_of(client, "/healthz/live", "4f1d0a5e" * 4, environ_base=PROXY) == "4f1d0a5e" * 4


@pytest.mark.parametrize("sent", ["short", "x" * 65, "two words", "a%0ab12345", 'quote"quote'])
def test_an_id_that_is_not_one_word_is_replaced(behind_proxy: Flask, sent: str) -> None:
    assert id_of(behind_proxy.test_client(), "/healthz/live", sent, environ_base=PROXY) != sent


class Words(HTMLParser):
    text = ""

    def handle_data(self, data: str) -> None:
        self.text += data


def test_the_page_of_an_error_shows_the_id_under_which_the_log_has_it(app: Flask, client: FlaskClient) -> None:
    logged = []

    class Watcher(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            logged.append(log_context.request_id())

    def fail() -> str:
        raise ValueError("a fault")

    app.before_request(fail)
    watcher = Watcher()
    logging.getLogger("app.web.errors").addHandler(watcher)
    response = client.get("/", headers={"Accept": "text/html"})
    logging.getLogger("app.web.errors").removeHandler(watcher)
    page = Words()
    page.feed(response.text)
    assert logged == [response.headers["X-Request-ID"]]
    assert f"request {logged[0]}" in page.text


def test_an_access_log_has_a_line_for_each_request_without_its_query(hub: Settings, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "access")
    client = create_app(hub.replace(access_log=True)).test_client()
    client.get("/healthz/live?secret=1")
    client.get("/nowhere%0aforged", headers={"Accept": "text/html"})
    first, second = (record.getMessage().split() for record in caplog.records if record.name == "access")
    assert (first[:3], first[4:]) == (["GET", "/healthz/live", "200"], ["ms", "127.0.0.1"])
    assert second[:3] == ["GET", "/nowhere\\nforged", "404"]
