"""The addresses of a mirror and their views."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path

from bottle import Bottle, HTTPResponse, request

from protocol.snapshot import ItemKey

from . import api, pages
from .application import Application
from .options import Options
from .pages import PageContent, link
from .query import base_url, optional_integer, parse_system, parse_text
from .receiver import FolderWatcher, Receiver
from .responses import (
    CACHE_FOREVER,
    CACHE_HALF_MINUTE,
    CACHE_ONE_SECOND,
    cache_lifetime,
    content_response,
    error_response,
    handle_bottle_error,
    json_response,
    log_exceptions,
    text_response,
)
from .store import Store, StoredItem, StoreView
from .timeline import parse_filters, timeline_page
from .uploads import UploadHandler

HTML = "text/html; charset=utf-8"
RUN = "<run:re:[0-9]{1,15}>"
NAME = "<name:re:[A-Za-z0-9_.-]{1,200}>"

View = Callable[..., HTTPResponse]


class Routes:
    """The views of a mirror.

    Attributes:
        application: the WSGI application.
        watcher: watches the folder of snapshots; None without such a folder.
    """

    def __init__(self, options: Options) -> None:
        self.store = Store(Path(options.data))
        self.receiver = Receiver(self.store, options.keys, 3600 * options.oldest_h)
        max_bytes = options.largest_mb * 2**20
        self.watcher = FolderWatcher(Path(options.folder), self.receiver, max_bytes) if options.folder else None
        bottle = Bottle()
        bottle.default_error_handler = handle_bottle_error
        self.application = Application(bottle, options)
        for path, view in self._views().items():
            bottle.route(path, "GET", log_exceptions(view))
        bottle.route("/snapshots", "POST", log_exceptions(UploadHandler(self.receiver, max_bytes).upload))

    def _views(self) -> dict[str, View]:
        return {
            "/": self.latest_run,
            f"/runs/{RUN}": self.run,
            f"/logs/{RUN}/{NAME}": self.log,
            f"/charts/{RUN}/{NAME}": self.chart,
            "/live": self.live,
            "/timeline": self.timeline,
            "/timeline/": self.timeline,
            "/help": self._general_page("help", "Help"),
            "/redactions": self._general_page("redactions", "Anonymised data"),
            "/redactions.json": self.redactions,
            "/feed.xml": self.feed,
            "/api": self.api,
            "/status": self.status,
            "/healthz": self.healthz,
            f"/static/{NAME}": self.static,
            "/favicon.ico": lambda: self.static("favicon.ico"),  # browsers request it for files that are opened alone
            "/snapshots": self.snapshot_state,
        }

    # Pages

    def latest_run(self) -> HTTPResponse:
        """The page of the newest run; as at the original, `run` in the query selects another run."""
        system, run = parse_system(), optional_integer("run")
        if run is not None:
            return self.run(str(run))
        with self.store.view() as view:
            item = view.item(ItemKey("live", system, 0, "page"))
            return item_page(view, "Latest run", system, item, section="live", poll=link("live", system), is_live=True)

    def run(self, run: str) -> HTTPResponse:
        """The page of a run."""
        system, number = parse_system(), int(run)
        with self.store.view() as view:
            item = view.item(ItemKey("run", system, number, "page"))
            if item is None:
                first, last = view.first_and_last_run(system)
                available = f"runs {first} to {last}" if last is not None else "no runs yet"
                raise error_response(404, f"This mirror has no run {number}; available in {system}: {available}")
            poll = link("live", system, run=number)
            return item_page(view, f"Run {number}", system, item, poll=poll, is_live=is_newest(view, system, number))

    def log(self, run: str, name: str) -> HTTPResponse:
        """The log of a job as a page, or as text if the address ends in .txt."""
        system, number = parse_system(), int(run)
        identifier, is_text = name.removesuffix(".txt"), name.endswith(".txt")
        with self.store.view() as view:
            item = view.item(ItemKey("logtext" if is_text else "log", system, number, identifier))
            if item is None:
                raise error_response(404, f"This mirror has no such log of run {number}; it has logs of the newest runs only")
            newest = is_newest(view, system, number)
            if is_text:
                return item_response(item, newest, "text/plain; charset=utf-8")
            poll = link("live", system, run=number, log=identifier)
            return item_page(view, f"Log in run {number}", system, item, poll=poll, is_live=newest)

    def timeline(self) -> HTTPResponse:
        """A page of the timeline."""
        system, filters = parse_system(), parse_filters()
        with self.store.view() as view:
            page = timeline_page(view, system, filters)
            self.application.charge(page.runs_read / api.RUNS_PER_REQUEST)
            return page_response(view, system, page.content)

    def live(self) -> HTTPResponse:
        """The fragment of a page, or 204 if `since` is its current version; headers contain the time of the data."""
        key = requested_fragment()
        with self.store.view() as view:
            headers = {"Data-At": str(int(view.state.at))}
            if view.tag(key) == request.query.since:
                return HTTPResponse(b"", 204, headers | {"Cache-Control": CACHE_ONE_SECOND})
            item = view.item(key)
        if item is None:
            raise error_response(404, "This mirror has no such page", headers=headers)
        return content_response(item.body, HTML, item.tag, CACHE_ONE_SECOND, item.encoding, headers | {"Data-Tag": item.tag})

    def _general_page(self, kind: str, title: str) -> View:
        """A view of a page that is the same for both systems."""

        def general_page() -> HTTPResponse:
            with self.store.view() as view:
                return item_page(view, title, parse_system(), view.item(ItemKey(kind, "all", 0, "page")), section=kind)

        return general_page

    # Files and data

    def chart(self, run: str, name: str) -> HTTPResponse:
        """A chart of a run as SVG, PNG or CSV."""
        system, number = parse_system(), int(run)
        with self.store.view() as view:
            item = view.item(ItemKey("chart", system, number, name))
            if item is None:
                raise error_response(404, f"This mirror has no chart {name} of run {number}")
            return item_response(item, is_newest(view, system, number), item.content_type)

    def redactions(self) -> HTTPResponse:
        """Numbers of anonymised values, as JSON."""
        with self.store.view() as view:
            item = view.item(ItemKey("redactions", "all", 0, "data"))
        return item_response(item, True, "application/json") if item else json_response({})

    def api(self) -> HTTPResponse:
        """The API of the original mirror."""
        with self.store.view() as view:
            return api.answer(view, self.application.charge)

    def feed(self) -> HTTPResponse:
        """The Atom feed of runs, crashes, stuck jobs and silent machines."""
        system, url = parse_system(), base_url()
        with self.store.view() as view:
            item, state = view.item(ItemKey("events", system, 0, "data")), view.state
        xml = pages.atom_feed(json.loads(item.content) if item else [], state, system, url)
        tag = f"{item.tag if item else ''}.{pages.urn(url)[-12:]}"
        # the feed has absolute links: without these headers, a cache could serve links to a host that another client forged
        headers = {"Vary": "Accept-Encoding, Host, X-Forwarded-Host, X-Forwarded-Proto"}
        return content_response(xml, "application/atom+xml; charset=utf-8", tag, CACHE_HALF_MINUTE, headers=headers)

    def static(self, name: str) -> HTTPResponse:
        """A static file."""
        path = pages.STATIC_FILES.get(name)
        if path is None:
            raise error_response(404, f"There is no file {name}")
        version = pages.file_version(name)
        cache = CACHE_FOREVER if request.query.v == version else "public, max-age=300"
        return content_response(path.read_bytes(), pages.CONTENT_TYPES[path.suffix], version, cache)

    def status(self) -> HTTPResponse:
        """Series, revision and items of the mirror, and the snapshots refused since its start."""
        with self.store.view() as view:
            state, counts = view.state, view.count_by_kind()
            runs = {system: view.first_and_last_run(system) for system in pages.SYSTEMS}
        return json_response(
            {
                "hub": state.hub,
                **state.as_json(),
                "age_s": round(time.time() - state.at, 1) if state.at else None,
                "items": counts,
                "runs": runs,
                "keys": len(self.receiver.keys),
                "refused": self.receiver.refused,
                "last_refused": self.receiver.last_refused,
                "folder_problem": self.watcher.problem if self.watcher else "",
            }
        )

    def healthz(self) -> HTTPResponse:
        """Status 200 as long as the store can be read."""
        self.store.state()
        return text_response("ok\n")

    def snapshot_state(self) -> HTTPResponse:
        """The series and revision of this mirror, for hubs."""
        return json_response(self.store.state().as_json())


def item_page(
    view: StoreView, title: str, system: str, item: StoredItem | None, *, section: str = "", poll: str = "", is_live: bool = False
) -> HTTPResponse:
    """A page with a stored fragment, or with a note if there is none."""
    fragment, tag = (item.content.decode(errors="replace"), item.tag) if item else (pages.NO_DATA, "")
    return page_response(view, system, PageContent(title, fragment, tag, section, poll, is_live))


def page_response(view: StoreView, system: str, content: PageContent) -> HTTPResponse:
    """A page with its ETag, which changes every 10 s because pages show ages."""
    state = view.state
    tag = f"{content.tag}.{state.series}.{state.revision}.{pages.file_version()}.{int(time.time()) // 10}"
    cache = CACHE_ONE_SECOND if content.is_live else CACHE_HALF_MINUTE
    return content_response(pages.render_page(content, system, state), HTML, tag, cache)


def item_response(item: StoredItem, is_newest: bool, content_type: str) -> HTTPResponse:
    """The bytes of an item; `v` in the address names a version, which caches may keep forever."""
    cache = CACHE_FOREVER if request.query.v == item.tag else cache_lifetime(item.changed, is_newest)
    return content_response(item.body, content_type, item.tag, cache, item.encoding)


def is_newest(view: StoreView, system: str, run: int) -> bool:
    """Whether a run is the newest of its system."""
    return run == view.first_and_last_run(system)[1]


def requested_fragment() -> ItemKey:
    """The fragment that the query of /live selects."""
    system, run, first, log = parse_system(), optional_integer("run"), optional_integer("from"), parse_text("log")
    if first is not None:
        return ItemKey("timeline", system, first, "page")
    if run is None:
        return ItemKey("live", system, 0, "page")
    return ItemKey("log", system, run, log) if log else ItemKey("run", system, run, "page")
