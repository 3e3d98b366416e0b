"""Pages of a mirror: content, links, escaping, caching."""

from __future__ import annotations

import gzip
import time
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urljoin
from xml.etree import ElementTree

import pytest

from protocol.snapshot import content_tag
from tests.mirror import samples
from tests.mirror.conftest import MirrorClient

pytestmark = pytest.mark.usefixtures("clock")

ATOM = {"a": "http://www.w3.org/2005/Atom"}
PAGES = ["/", "/runs/358792", "/timeline", "/timeline?bad=1&seen=1", "/help", "/redactions", "/nowhere", "/runs/1"]
VOID = {"meta", "link", "base", "input", "br", "img", "hr", "wbr"}
HOSTILE = "</bdi></title><script>alert(1)</script>\"'><img src=x onerror=alert(1)>&amp;{{1}}% end\x0b\u202e"


class ParsedPage(HTMLParser):
    """A page as elements and text; checks that all elements are closed in order."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(text)
        self.close()
        assert self.open == [], self.open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert len({name for name, _ in attrs}) == len(attrs), (tag, attrs)
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]


@pytest.fixture
def mirror_with_runs(mirror: MirrorClient) -> MirrorClient:
    """A mirror with two runs of production and one of playback."""
    items = samples.run_items(
        358791, [samples.client("beam", code=0), samples.client("pixel", code=134)], newest=False
    ) + samples.run_items(358792, [samples.client("beam")])
    items += samples.run_items(500016, [samples.client("csc")], "playback")
    items += [
        samples.html_item("help", "all", 0, "page", "<h1>Words</h1>"),
        samples.html_item("redactions", "all", 0, "page", "<p>3 paths</p>"),
    ]
    items += [samples.json_item("redactions", "all", 0, "data", {"path": 3})]
    items += [
        samples.html_item("timeline", "production", 358700, "page", '<table><tr><td><a href="runs/358792">358792</a></td></tr></table>')
    ]
    mirror.publish(items)
    return mirror


def links(address: str, page: ParsedPage) -> set[str]:
    """Addresses that a page links to, as a browser resolves them."""
    (base,) = page.all("base")
    root = urljoin(f"http://host{address}", base["href"] or "")
    found = {urljoin(root, element["href"] or "") for element in page.all("a") + page.all("link")}
    found |= {urljoin(root, element["src"] or "") for element in page.all("script") + page.all("img")}
    return {link.removeprefix("http://host") for link in found}


@pytest.mark.parametrize("address", PAGES)
def test_pages_are_well_formed_and_have_no_broken_links(mirror_with_runs: MirrorClient, address: str) -> None:
    answer = mirror_with_runs.get(address)
    page = ParsedPage(answer.text)
    assert answer.status_code == (404 if address in ("/nowhere", "/runs/1") else 200)
    assert answer.text.startswith("<!doctype html>")
    for link in links(address, page) - {f"{address}#main"}:
        there = samples.client("beam")[7] in link or "logs/" not in link  # other clients have no log
        assert mirror_with_runs.get(link).status_code == (200 if there else 404), link


def test_pages_have_title_viewport_and_links_to_both_systems(mirror_with_runs: MirrorClient) -> None:
    page = ParsedPage(mirror_with_runs.get("/?db=playback").text)
    assert "Latest run · playback · Test hub" in page.text
    assert {"name": "viewport", "content": "width=device-width, initial-scale=1"} in page.all("meta")
    current = [element["href"] for element in page.all("a") if element.get("aria-current") == "true"]
    assert current == ["./?db=playback"]
    assert "Run 500016" in page.text
    assert "Run 358792" in ParsedPage(mirror_with_runs.get("/").text).text


def test_addresses_of_the_original_mirror_lead_to_the_same_pages(mirror_with_runs: MirrorClient) -> None:
    assert mirror_with_runs.get("/?run=358791&db=production").text.count("<h1>Run 358791</h1>") == 1
    assert "Run 500016" in mirror_with_runs.get("/?db=playback").text
    assert mirror_with_runs.get("/timeline/?db=playback").status_code == 200
    assert links("/timeline/?db=playback", ParsedPage(mirror_with_runs.get("/timeline/?db=playback").text)) >= {
        "/?db=playback",
        "/timeline?db=playback",
    }
    assert mirror_with_runs.get("/?run=abc").status_code == 400
    assert mirror_with_runs.get("/?db=test").status_code == 400


def test_an_empty_mirror_shows_that_there_are_no_data(mirror: MirrorClient) -> None:
    page = ParsedPage(mirror.get("/").text)
    assert "No data from the hub for this page" in page.text
    assert "No data yet" in page.text
    assert mirror.get("/timeline").status_code == 200
    assert mirror.get("/live?since=").status_code == 204


@pytest.mark.parametrize(("age", "words", "old"), [(0, "0 s", False), (30, "30 s", False), (61, "61 s", True), (7200, "2 h", True)])
def test_pages_show_the_age_of_the_data_and_warn_about_old_ones(mirror: MirrorClient, age: int, words: str, old: bool) -> None:
    mirror.publish(samples.run_items(7, [samples.client("beam")]), at=time.time() - age)
    answer = mirror.get("/")
    page = ParsedPage(answer.text)
    (data,) = (attributes for name, attributes in page.elements if attributes.get("id") == "data")
    (reason,) = (attributes for name, attributes in page.elements if attributes.get("class") == "reason" and "id" not in attributes)
    assert (data["class"] == "data old", "hidden" not in reason) == (old, old)
    assert words in page.text
    assert "No connection to P5. Showing the last data received." in page.text


def test_ages_in_fragments_are_filled_in_for_browsers_without_scripts(mirror: MirrorClient) -> None:
    mirror.publish(
        [samples.html_item("help", "all", 0, "page", f'<p>since <span class="fine" data-since="{time.time() - 310:.0f}"></span></p>')]
    )
    assert ">5 min</span>" in mirror.get("/help").text


def test_a_poll_without_news_has_no_content_but_the_time_of_the_data(mirror_with_runs: MirrorClient) -> None:
    page = ParsedPage(mirror_with_runs.get("/").text)
    (fragment,) = (attributes for _, attributes in page.elements if attributes.get("id") == "fragment")
    assert (fragment["data-poll"], fragment["data-every"]) == ("live", "3")
    answer = mirror_with_runs.get(f"/live?since={fragment['data-tag']}")
    assert (answer.status_code, answer.data) == (204, b"")
    assert int(answer.headers["Data-At"]) == int(time.time())
    mirror_with_runs.publish([], 1, 2, at=time.time() + 30)
    later = mirror_with_runs.get(f"/live?since={fragment['data-tag']}")
    assert later.status_code == 204
    assert int(later.headers["Data-At"]) > int(answer.headers["Data-At"])


def test_a_poll_gets_a_new_fragment(mirror_with_runs: MirrorClient) -> None:
    tag = mirror_with_runs.get("/live").headers["Data-Tag"]
    mirror_with_runs.publish([samples.html_item("live", "production", 0, "page", "<h1>Run 358793</h1>")], 1, 2)
    answer = mirror_with_runs.get(f"/live?since={tag}")
    assert (answer.status_code, answer.text) == (200, "<h1>Run 358793</h1>")
    assert mirror_with_runs.get(f"/live?since={answer.headers['Data-Tag']}").status_code == 204
    assert mirror_with_runs.get("/live?db=playback&since=x").text.startswith("<h1>Run 500016")
    assert mirror_with_runs.get("/live?run=358791&since=x").text.startswith("<h1>Run 358791")
    assert mirror_with_runs.get("/live?from=358700&since=x").text.startswith("<table>")
    assert mirror_with_runs.get("/live?run=1&since=x").status_code == 404


def test_a_fragment_is_sent_as_the_gzip_of_the_snapshot(mirror_with_runs: MirrorClient) -> None:
    text = "<p>words</p>" * 100
    item = samples.html_item("live", "production", 0, "page", text)
    mirror_with_runs.publish([item], 1, 2)
    packed = mirror_with_runs.get("/live", Accept_Encoding="br, gzip;q=0.8")
    assert (packed.data, packed.headers["Content-Encoding"], packed.headers["Vary"]) == (item.body, "gzip", "Accept-Encoding")
    plain = mirror_with_runs.get("/live", Accept_Encoding="gzip;q=0")
    assert (plain.text, plain.headers.get("Content-Encoding")) == (text, None)
    page = mirror_with_runs.get("/", Accept_Encoding="gzip")
    assert text in gzip.decompress(page.data).decode()


def test_etag_and_304(mirror_with_runs: MirrorClient) -> None:
    for address in (
        "/charts/358791/delivery.svg",
        "/live",
        "/api?what=get_info&db=production",
        "/feed.xml",
        "/static/mirror.css",
        "/redactions.json",
    ):
        answer = mirror_with_runs.get(address)
        again = mirror_with_runs.get(address, If_None_Match=f'"other", {answer.headers["ETag"]}')
        assert (again.status_code, again.data, again.headers["ETag"]) == (304, b"", answer.headers["ETag"]), address
        assert mirror_with_runs.get(address, If_None_Match='"other"').status_code == 200


def test_cache_lifetimes(mirror: MirrorClient) -> None:
    now = time.time()
    mirror.publish(samples.run_items(7, [samples.client("beam", code=0)], newest=False), at=now - 40_000)
    mirror.publish(samples.run_items(8, [samples.client("beam")]), 1, 2, at=now - 20_000)

    def cache_control(address: str) -> str:
        return mirror.get(address).headers["Cache-Control"]

    assert cache_control("/charts/7/delivery.svg") == "public, max-age=4000"
    assert cache_control("/charts/8/delivery.svg") == "public, max-age=1", "of the newest run"
    version = next(content_tag(item.body or b"") for item in samples.run_items(7, []) if item.key.name == "delivery.csv")
    assert cache_control(f"/charts/7/delivery.csv?v={version}") == "public, max-age=31536000, immutable"
    assert cache_control("/charts/7/delivery.csv?v=0123456789abcdef") == "public, max-age=4000"
    assert cache_control("/") == cache_control("/runs/8") == cache_control("/live") == "public, max-age=1"
    assert cache_control("/runs/7") == "public, max-age=30"
    assert cache_control("/nowhere") == "no-store"
    page = ParsedPage(mirror.get("/").text)
    assert {cache_control(urljoin("/", element["src"] or "")) for element in page.all("script")} == {"public, max-age=31536000, immutable"}


def test_charts_and_logs(mirror_with_runs: MirrorClient) -> None:
    log = samples.client("beam")[7]
    types = {name: mirror_with_runs.get(f"/charts/358791/delivery.{name}").content_type for name in ("svg", "png", "csv")}
    assert types == {"svg": "image/svg+xml", "png": "image/png", "csv": "text/csv; charset=utf-8"}
    assert "<h1>Log of beam</h1>" in mirror_with_runs.get(f"/logs/358791/{log}").text
    text = mirror_with_runs.get(f"/logs/358791/{log}.txt")
    assert (text.content_type, text.text) == ("text/plain; charset=utf-8", "first line\n ... \nlast <line>\n")
    assert mirror_with_runs.get("/logs/358791/nobody").status_code == 404
    assert mirror_with_runs.get("/charts/358791/nothing.svg").status_code == 404


def test_the_timeline_is_rendered_by_the_hub_or_here_with_filters(mirror_with_runs: MirrorClient) -> None:
    assert '<table><tr><td><a href="runs/358792">' in mirror_with_runs.get("/timeline").text
    page = ParsedPage(mirror_with_runs.get("/timeline?bad=1&client=PIX").text)
    assert [element["href"] for element in page.all("a") if "runs/" in (element["href"] or "")] == ["runs/358791", "runs/358791"]
    assert [element["class"] for element in page.all("td") if (element.get("class") or "").startswith("cell-")] == ["cell-crashed"]
    fields = {
        element["name"]: "checked" in element if "checkbox" in element.values() else element["value"] for element in page.all("input")
    }
    assert fields == {"from": "", "client": "PIX", "bad": True, "seen": False}
    assert "No matching runs on this page" in mirror_with_runs.get("/timeline?client=nobody").text


def test_a_filtered_timeline_shows_the_newest_attempt_of_each_client(mirror: MirrorClient) -> None:
    down = [samples.client("ecal", code=92, identifier=f"ecal{number}") for number in range(3)]
    recovered = [samples.client("csc", code=65, identifier="csc0"), samples.client("csc", identifier="csc1")]
    stopped = [samples.client("beam", code=-15, identifier="beam0")]
    ended = [samples.client("dt", code=0, identifier="dt0")]
    earlier = ["ecal0", "ecal1", "csc0"]
    mirror.publish([samples.run_data(7, [*down, *recovered, *stopped, *ended], earlier=earlier, stopped=["beam0"])])

    def classes(address: str) -> list[str]:
        cells = ParsedPage(mirror.get(address).text).all("td")
        return [element["class"] or "" for element in cells if (element.get("class") or "").startswith("cell-")]

    assert classes("/timeline?seen=1") == ["cell-stopped", "cell-running", "cell-finished", "cell-crashed"]
    assert classes("/timeline?bad=1") == ["cell-running", "cell-crashed"], "a command is no failure"


def test_timeline_pages_have_a_hundred_run_numbers_and_links_to_others(mirror: MirrorClient) -> None:
    mirror.publish([samples.run_data(run, [samples.client("beam", lumi=0 if run == 350 else 5)]) for run in (5, 120, 199, 350)])
    assert mirror.get("/timeline").text.count('<th scope="row">') == 1

    def page_links(address: str) -> set[str]:
        return {link for link in links(address, ParsedPage(mirror.get(address).text)) if link.startswith("/timeline?") and "#" not in link}

    assert page_links("/timeline") == {"/timeline?from=100"}
    assert page_links("/timeline?from=150&client=b") == {"/timeline?client=b&from=0", "/timeline?client=b&from=300", "/timeline?client=b"}
    assert mirror.get("/timeline?from=150").text.count('<th scope="row">') == 2
    assert "No matching runs" in mirror.get("/timeline?seen=1").text
    assert mirror.get("/timeline?from=x").status_code == 400


def test_values_in_snapshots_are_escaped_on_pages(mirror: MirrorClient) -> None:
    client = samples.client(HOSTILE, code=65, identifier=HOSTILE)
    client[1] = HOSTILE
    mirror.publish(
        [samples.run_data(7, [client, samples.client("beam")], runkey=HOSTILE, cmssw=HOSTILE)], hub="</title><script>alert(1)</script>"
    )
    for address in (
        "/",
        "/timeline",
        "/timeline?bad=1",
        f"/timeline?client={'%3Cscript%3E%22'}",
        "/help",
        "/nowhere<script>",
        "/?db=<script>",
    ):
        page = ParsedPage(mirror.get(address).text)
        assert [element.get("src", "").partition("?")[0] for element in page.all("script") if element.get("src")] in (
            ["static/times.js", "static/mirror.js", "static/tab_count.js", "static/crash_title.js", "static/log_matches.js"],
            [],
        ), address
        assert len(page.all("script")) in (0, 5)
        assert page.all("img") == []
        assert not [name for _, attributes in page.elements for name in attributes if name.startswith("on") or name == "style"]
    assert HOSTILE.replace("\x0b", "") in ParsedPage(mirror.get("/timeline").text).text.replace("\x0b", "")


def test_the_feed_is_valid_atom(mirror: MirrorClient) -> None:
    events: list[dict[str, Any]] = [
        {"id": "a1", "at": 1663242343.5, "kind": "crash", "run": 7, "title": HOSTILE, "text": "pixel <b>"},
        {"id": "a2", "at": 1663242000, "kind": "silent-host", "run": None, "title": "host-1 is silent", "text": ""},
    ]
    mirror.publish([samples.json_item("events", "playback", 0, "data", events)])
    answer = mirror.get("/feed.xml?db=playback", Host="mirror.cern.ch:8443")
    assert answer.content_type == "application/atom+xml; charset=utf-8"
    feed = ElementTree.fromstring(answer.data)
    assert feed.tag == "{http://www.w3.org/2005/Atom}feed"
    for place in (feed, *feed.findall("a:entry", ATOM)):
        for name in ("id", "title", "updated"):
            assert len(place.findall(f"a:{name}", ATOM)) == 1, name
            assert place.findtext(f"a:{name}", "", ATOM)
    assert feed.findtext("a:author/a:name", "", ATOM) == "Test hub"
    assert feed.findtext("a:updated", "", ATOM) == "2022-09-15T11:45:43Z"
    first, second = feed.findall("a:entry", ATOM)
    assert first.findtext("a:title", "", ATOM) == HOSTILE.replace("\x0b", "\ufffd")
    assert [link.get("href") for entry in (first, second) for link in entry.findall("a:link", ATOM)] == [
        "http://mirror.cern.ch:8443/runs/7?db=playback",
        "http://mirror.cern.ch:8443/?db=playback",
    ]
    ids = [entry.findtext("a:id", "", ATOM) for entry in (feed, first, second)]
    assert len(set(ids)) == 3
    elsewhere = ElementTree.fromstring(mirror.get("/feed.xml?db=playback", Host="other").data)
    assert [entry.findtext("a:id", "", ATOM) for entry in elsewhere.findall("a:entry", ATOM)] == ids[1:], (
        "identifiers are the same on every mirror"
    )
    assert ElementTree.fromstring(mirror.get("/feed.xml").data).findall("a:entry", ATOM) == []
    assert mirror.get("/feed.xml", Host='a"><script>').status_code == 400


@pytest.mark.parametrize("address", ["/", "/feed.xml", "/api?what=get_info&db=production", "/status", "/nowhere", "/static/mirror.js"])
def test_security_headers(mirror_with_runs: MirrorClient, address: str) -> None:
    headers = mirror_with_runs.get(address).headers
    assert "script-src 'self'" in headers["Content-Security-Policy"]
    assert "unsafe" not in headers["Content-Security-Policy"]
    assert (headers["X-Content-Type-Options"], headers["Referrer-Policy"]) == ("nosniff", "same-origin")
    assert "Set-Cookie" not in headers


@pytest.mark.parametrize("address", ["/", "/live", "/charts/358791/delivery.svg", "/api?what=get_info&db=production", "/static/mirror.css"])
def test_head_is_get_without_content(mirror_with_runs: MirrorClient, address: str) -> None:
    head, get = mirror_with_runs.client.head(address), mirror_with_runs.get(address)
    assert (head.status_code, head.data, head.headers["Content-Length"]) == (200, b"", get.headers["Content-Length"])


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "TRACE"])
def test_other_methods_are_refused(mirror_with_runs: MirrorClient, method: str) -> None:
    answer = mirror_with_runs.client.open("/", method=method)
    assert (answer.status_code, answer.headers["Allow"]) == (405, "GET,HEAD")
    assert mirror_with_runs.client.delete("/snapshots").json["status"] == 405


@pytest.mark.parametrize(
    "address",
    [
        "/static/../store.py",
        "/static/%2e%2e/store.py",
        "/static/..%2fstore.py",
        "/charts/1/..%2f..%2fmirror.db",
        "/logs/1/../../etc/passwd",
        "//etc/passwd",
    ],
)
def test_path_traversal_is_refused(mirror_with_runs: MirrorClient, address: str) -> None:
    assert mirror_with_runs.get(address).status_code == 404


@pytest.mark.parametrize("address", ["/runs/7%00", "/%0d%0aSet-Cookie:a=b", "/static/mirror.css%1b", "/runs/%7f"])
def test_control_characters_in_an_address_are_refused(mirror_with_runs: MirrorClient, address: str) -> None:
    answer = mirror_with_runs.get(address)
    assert (answer.status_code, "Set-Cookie" in answer.headers) == (400, False)


def test_an_internal_error_is_a_500_without_traceback(mirror_with_runs: MirrorClient) -> None:
    mirror_with_runs.publish([samples.json_item("run", "production", 7, "data", {"clients": "nonsense"})], 1, 2)
    answer = mirror_with_runs.get("/api?what=get_run&run=7&db=production")
    assert (answer.status_code, answer.json["status"]) == (500, 500)
    assert "Traceback" not in answer.text
