"""Addresses of every route of an application, found as a user finds them: by the links, pictures, polls and forms of its pages."""

from __future__ import annotations

import re
from collections import defaultdict, deque
from html.parser import HTMLParser
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import quote, unquote, urljoin, urlsplit

from werkzeug.exceptions import HTTPException

from tests.chaos.site import Answer, Site
from tests.security.test_roles import rules

if TYPE_CHECKING:
    from werkzeug.routing import MapAdapter, Rule

LINKS = ("href", "src", "hx-get", "data-src")
EXAMPLE = "1"
"""What is entered in fields that must not be empty."""


class Reading(NamedTuple):
    """An address that is read, and the endpoint and area that it belongs to."""

    area: str
    endpoint: str
    path: str


class Writing(NamedTuple):
    """A request that may change something: a form of a page, or a route with an empty body."""

    area: str
    endpoint: str
    method: str
    path: str
    fields: tuple[tuple[str, str], ...] = ()


class PageParser(HTMLParser):
    """Collects the links of a page, and its forms with the values that a browser would send."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.forms: list[tuple[str, str, list[tuple[str, str]]]] = []  # method, action, fields
        self._is_empty = False  # of a selection whose options follow
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note what an element leads to or sends."""
        values = {name: value or "" for name, value in attrs}
        self.links += [values[name] for name in LINKS if values.get(name) and tag != "form"]
        if tag == "form":
            self.forms.append((values.get("method", "get").upper(), values.get("action", ""), []))
        elif self.forms and tag == "option" and (self._is_empty or "selected" in values):
            self.forms[-1][2][-1] = (self.forms[-1][2][-1][0], values.get("value", EXAMPLE))
            self._is_empty = False
        elif self.forms and tag in ("input", "textarea", "select", "button") and values.get("name"):
            self._note_field(tag, values)

    def _note_field(self, tag: str, values: dict[str, str]) -> None:
        fields = self.forms[-1][2]
        is_off = values.get("type") in ("checkbox", "radio") and "checked" not in values
        is_second_button = tag == "button" and any(name == values["name"] for name, _ in fields)
        self._is_empty = tag == "select"
        if not is_off and not is_second_button:
            fields.append((values["name"], values.get("value") or EXAMPLE))


class Addresses:
    """The addresses of a site. Attributes: `readings` and `writings`, at most `most` of each route."""

    def __init__(self, site: Site, most: int = 1) -> None:
        self.site, self.most = site, most
        self.area_of = {endpoint: area.name for area in site.areas for endpoint in area.roles}
        self._adapter: MapAdapter = site.app.url_map.bind("localhost")
        self._found: dict[str, list[Reading]] = defaultdict(list)
        self._written: dict[tuple[str, str], list[Writing]] = defaultdict(list)
        self._arguments: dict[str, str] = {}
        self._crawl()
        for rule, method in rules(site.app):
            area, path = self._area(rule.endpoint), self._example(rule)
            if method == "GET" and not self._found[rule.endpoint]:
                self._found[rule.endpoint].append(Reading(area, rule.endpoint, path))
            elif method != "GET":
                self._written[rule.endpoint, method].append(Writing(area, rule.endpoint, method, path))

    def _example(self, rule: Rule) -> str:
        """An address of a route that no page leads to: with arguments of this name from others of its area, or of any area."""
        area = self._area(rule.endpoint)

        def value(match: re.Match[str]) -> str:
            known = self._arguments.get(f"{area} {match[1]}") or self._arguments.get(match[1]) or EXAMPLE
            return "online" if "<server:" in match[0] else quote(known)

        return re.sub(r"<(?:[^:>]*:)?(\w+)>", value, rule.rule)

    @property
    def readings(self) -> list[Reading]:
        """The addresses of pages, fragments, pictures and of the API."""
        return [reading for found in self._found.values() for reading in found]

    @property
    def writings(self) -> list[Writing]:
        """What may change something."""
        return [writing for found in self._written.values() for writing in found]

    def _area(self, endpoint: str) -> str:
        return self.area_of.get(endpoint, endpoint.partition(".")[0])

    def _crawl(self) -> None:
        starts = ["/", *(item.path for area in self.site.areas for item in area.menu)]
        waiting, seen = deque(starts), set(starts)
        while waiting:
            path = waiting.popleft()
            endpoint = self._endpoint(path, "GET")
            if not endpoint or len(self._found[endpoint]) >= self.most:
                continue
            answer = self.site.request("GET", path)
            self._found[endpoint].append(Reading(self._area(endpoint), endpoint, path))
            for link in self._links(path, answer):
                if link not in seen:
                    seen.add(link)
                    waiting.append(link)

    def _links(self, path: str, answer: Answer) -> list[str]:
        """The local addresses of a response; its forms are noted."""
        found = [answer.headers["Location"]] if "Location" in answer.headers else []
        if answer.headers.get("Content-Type", "").startswith("text/html"):
            page = PageParser(answer.text)
            found += page.links
            for method, action, fields in page.forms:
                self._note_form(method, urljoin(path, action or path), fields)
        local = (urlsplit(urljoin(path, link)) for link in found)
        return [re.sub(r"#.*", "", part.geturl()) for part in local if not part.netloc and part.path.startswith("/")]

    def _note_form(self, method: str, action: str, fields: list[tuple[str, str]]) -> None:
        endpoint = self._endpoint(action, method) if method != "GET" else ""
        if endpoint and len(self._written[endpoint, method]) < self.most:
            self._written[endpoint, method].append(Writing(self._area(endpoint), endpoint, method, action, tuple(fields)))

    def _endpoint(self, path: str, method: str) -> str:
        """The endpoint of an address; "" for none."""
        try:
            endpoint, arguments = self._adapter.match(unquote(urlsplit(path).path), method)
        except HTTPException:
            return ""
        for name, value in arguments.items():
            self._arguments.setdefault(f"{self._area(endpoint)} {name}", str(value))
            self._arguments.setdefault(name, str(value))
        return str(endpoint)
