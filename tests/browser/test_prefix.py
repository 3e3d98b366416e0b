"""The whole site behind a real nginx with TLS under the path /dqm: no address of any page, header, style, answer or script leaves it."""

from __future__ import annotations

import json
import re
import ssl
from collections.abc import Iterator
from html.parser import HTMLParser
from http.client import HTTPMessage, HTTPSConnection
from http.cookies import SimpleCookie
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote, urlencode, urljoin, urlsplit

import pytest
from flask import Flask
from playwright.sync_api import Browser, expect
from werkzeug.exceptions import HTTPException, MethodNotAllowed
from werkzeug.routing import RequestRedirect

from app import create_app
from app.core.settings import TREE, Settings
from app.notify.messages import message_of
from app.notify.models import Notification
from tests.browser.pages import Watch, open_page, sign_in
from tests.browser.test_axe import PAGES, PASSWORD, page_keys, run_full_site
from tests.security.test_roles import address as example
from tests.support.certificates import write_certificate
from tests.support.nginx import nginx
from tests.support.patience import PATIENCE_S
from tests.support.ports import free_port

pytestmark = pytest.mark.slow

PREFIX = "/dqm"
DOCUMENTED = re.findall(r"^location / .*?^}", (TREE / "docs/operators/accounts.md").read_text(encoding="utf-8"), re.M | re.S)[0]
SERVER = """
server {{
    listen 127.0.0.1:{port} ssl;
    ssl_certificate {certificate};
    ssl_certificate_key {certificate};
    {documented}
    location / {{
        access_log {folder}/outside;
        return 404;
    }}
}}
"""
ADDRESSES = {"href", "src", "action", "formaction", "poster", "data", "cite", "manifest", "hx-get", "hx-post", "hx-put", "hx-delete"}
NO_ADDRESSES = ("JSON name", "input data-key", "input value")
"""Paths in the description of the API, which names the prefix once; keys of the keyboard; what a form sends back to the hub."""
HEADERS = ("Location", "Content-Location", "HX-Redirect", "HX-Location", "HX-Push-Url", "HX-Replace-Url", "HX-Current-URL")
BROWSED = [
    "/",
    "/browse/<path:place>",
    "/square",
    "/square/job",
    "/trends",
    "/trends/chart",
    "/wall/<name>",
    "/diary",
    "/status",
    "/control",
]
"""Routes whose scripts make requests of their own, for the real browser."""


class Found(NamedTuple):
    """A text in an answer that may be an address."""

    place: str  # e.g. "a href"
    text: str


class Attributes(HTMLParser):
    """Collects the values of attributes and the contents of JSON scripts."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[Found] = []
        self.in_json = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found += [Found(f"{tag} {name}", value or "") for name, value in attrs]
        self.in_json = tag == "script" and dict(attrs).get("type", "").endswith("json")  # type: ignore[union-attr]

    def handle_data(self, data: str) -> None:
        if self.in_json:
            self.found += texts(json.loads(data))
            self.in_json = False


def texts(value: Any, place: str = "JSON") -> list[Found]:
    """All texts in a JSON value."""
    if isinstance(value, dict):
        return [found for name, each in value.items() for found in (Found("JSON name", name), *texts(each, f"JSON {name}"))]
    if isinstance(value, list):
        return [found for each in value for found in texts(each, place)]
    return [Found(place, value)] if isinstance(value, str) else []


class Answer(NamedTuple):
    """What came of a request."""

    url: str
    status: int
    headers: HTTPMessage
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode()

    @property
    def kind(self) -> str:
        return self.headers.get_content_type()


class Crawler:
    """Opens pages of the hub behind the proxy as the administrator, and notes addresses without the prefix."""

    def __init__(self, home: str, certificate: str, app: Flask) -> None:
        self.home = home
        self.connection = HTTPSConnection(urlsplit(home).netloc, timeout=PATIENCE_S, context=ssl.create_default_context(cafile=certificate))
        self.cookies: SimpleCookie = SimpleCookie()
        self.routes = app.url_map.bind("127.0.0.1")
        self.outside: set[str] = set()
        self.linked: set[str] = set()

    def visit(self, path: str, **form: str) -> Answer:
        """Request a path below the prefix, by POST if there is a form, and check the answer."""
        headers = {"Origin": self.home, "Cookie": self.cookies.output(attrs=[], header="", sep=";"), "Accept": "text/html, */*"}
        headers |= {"Content-Type": "application/x-www-form-urlencoded"} if form else {}
        address = PREFIX + quote(path, "/:?&=%,+")
        self.connection.request("POST" if form else "GET", address, urlencode(form) or None, headers)
        response = self.connection.getresponse()
        answer = Answer(self.home + address, response.status, response.headers, response.read())
        self.check(answer)
        return answer

    def check(self, answer: Answer) -> None:
        """Note each address in this answer that is not below the prefix."""
        for name in HEADERS:
            self._check_address(answer, name, answer.headers.get(name, PREFIX))
        for cookie in answer.headers.get_all("Set-Cookie", ()):
            self.cookies.load(cookie)
        self.outside |= {f"{answer.url}: cookie {name} of {each['path']}" for name, each in self.cookies.items() if each["path"] != PREFIX}
        for link in re.findall(r"<([^>]*)>", answer.headers.get("Link", "")):
            self._check_address(answer, "Link", link)
        if reports := re.search(r"report-uri (\S+)", answer.headers.get("Content-Security-Policy", "")):
            self._check_address(answer, "report-uri", reports[1])
        for found in contents(answer):
            if found.place.rpartition(" ")[2] in ADDRESSES:
                self._check_address(answer, found.place, found.text)
            elif found.place not in NO_ADDRESSES and self._is_own(found.text):
                self.outside.add(f"{answer.url}: {found.place} {found.text}")

    def _check_address(self, answer: Answer, place: str, address: str) -> None:
        target = urlsplit(urljoin(answer.url, address))
        if f"{target.scheme}://{target.netloc}" != self.home:
            return
        if (target.path + "/").startswith(f"{PREFIX}/"):
            self.linked.add(target.path.removeprefix(PREFIX))
        else:
            self.outside.add(f"{answer.url}: {place} {address}")

    def _is_own(self, text: str) -> bool:
        """Whether a text is an address of a route of the hub without the prefix."""
        path = urlsplit(text).path if text.startswith("/") and not text.startswith((PREFIX, "//")) else ""
        try:
            return bool(path) and bool(self.routes.match(path, "GET"))
        except (MethodNotAllowed, RequestRedirect):
            return True
        except HTTPException:
            return False


def contents(answer: Answer) -> list[Found]:
    """The texts in the body of an answer that may be addresses."""
    if answer.kind == "text/html":
        parser = Attributes()
        parser.feed(answer.text)
        return parser.found
    if answer.kind.endswith("json") and answer.body:
        return texts(json.loads(answer.body))
    if answer.kind in ("text/css", "image/svg+xml"):
        return [Found("url href", found) for found in re.findall(r"url\(['\"]?([^'\")]+)", answer.text)]
    return []


class Front(NamedTuple):
    """A hub behind nginx."""

    home: str  # without the prefix
    certificate: str
    outside: Path  # the log of requests outside the prefix
    settings: Settings


@pytest.fixture(scope="module")
def front(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path, demo_files: list[Path], fixtures_dir: Path) -> Iterator[Front]:
    """The full site behind nginx."""
    folder, port = tmp_path_factory.mktemp("p"), free_port()
    home, certificate = f"https://127.0.0.1:{port}", write_certificate(folder, "server")
    values = {"url_prefix": PREFIX, "trusted_proxies": ("127.0.0.1/32",), "secure_cookies": True, "public_url": home + PREFIX}
    with run_full_site(folder / "hub", sqlite_template, demo_files, fixtures_dir, **values) as settings:
        location = DOCUMENTED.replace("location /", f"location {PREFIX}/").replace(":8889", f":{settings.web_port}")
        own = SERVER.format(port=port, certificate=certificate, documented=location, folder=folder)
        with nginx(folder / "nginx", port, own):
            yield Front(home, certificate, folder / "outside", settings)


@pytest.fixture(scope="module")
def crawler(front: Front) -> Iterator[Crawler]:
    """A crawler that is signed in as the administrator."""
    crawler = Crawler(front.home, front.certificate, create_app(front.settings))
    answer = crawler.visit("/account/sign-in", name="ada", password=PASSWORD, next="/")
    assert (answer.status, answer.headers["Location"]) == (303, f"{PREFIX}/")
    assert [each["path"] for each in crawler.cookies.values()] == [PREFIX]
    yield crawler
    crawler.connection.close()


def test_every_address_in_the_answers_of_all_routes_is_below_the_prefix(front: Front, crawler: Crawler) -> None:
    keys = page_keys()
    pages = [one.format(**keys) for addresses in PAGES.values() for one in addresses]
    routes = [example(rule) for rule in create_app(front.settings).url_map.iter_rules() if "GET" in (rule.methods or ())]
    for path in dict.fromkeys(pages + routes):
        crawler.visit(path)
    assert crawler.outside == set()
    assets = [path for path in sorted(crawler.linked) if path.endswith((".css", ".js"))]
    assert {Path(path).suffix for path in assets} == {".css", ".js"}
    assert {crawler.visit(path).status for path in assets} == {200}
    assert crawler.outside == set()


def test_the_description_of_the_api_and_links_in_messages_name_the_prefix(front: Front, crawler: Crawler) -> None:
    described = json.loads(crawler.visit("/api/openapi.json").body)
    assert described["servers"] == [{"url": PREFIX}]
    assert crawler.visit(next(path for path in described["paths"] if path.endswith("samples"))).status == 200
    messages = [message_of(row, front.settings.public_url) for row in Notification.select()]
    assert messages
    for link in (link for message in messages for link in (message.link, message.permalink) if link):
        assert link.startswith(f"{front.home}{PREFIX}/")


def test_scripts_of_pages_request_nothing_outside_the_prefix(front: Front, browser: Browser, watch: Watch) -> None:
    keys = page_keys()
    home = front.home + PREFIX
    with open_page(browser, home, watch, ignore_https_errors=True) as page:  # fails for any request outside
        sign_in(page, f"{home}/account/sign-in", "ada", PASSWORD)
        expect(page.locator(".account summary")).to_have_text("ada")
        assert [cookie.get("path") for cookie in page.context.cookies()] == [PREFIX]
        for path in [PAGES[route][0].format(**keys) for route in BROWSED]:
            page.goto(home + path)
            page.wait_for_load_state("networkidle")
        page.locator(".account summary").click()
        page.get_by_role("button", name="Sign out").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Sign in")
    assert not front.outside.exists() or front.outside.read_text() == ""
