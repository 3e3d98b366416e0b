"""The addresses of a mirror."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from bottle import Bottle, HTTPResponse, request

from protocol.snapshot import ItemKey

from . import api, asking, feed, pages, timeline
from .options import Options
from .posting import Posting
from .receiving import Folder, Receiver
from .store import Kept, Store, View
from .web import FOR_GOOD, SHORT, Application, as_json, calm, lasting, on_error, plain, problem, serve

HTML = "text/html; charset=utf-8"
CALM = "public, max-age=30"
RUN = "<run:re:[0-9]{1,15}>"
NAME = "<name:re:[A-Za-z0-9_.-]{1,200}>"


class Routes:
    """What each address does."""

    def __init__(self, options: Options) -> None:
        self.store = Store(Path(options.data))
        self.receiver = Receiver(self.store, options.keys, 3600 * options.oldest_h)
        largest = options.largest_mb * 2**20
        self.folder = Folder(Path(options.folder), self.receiver, largest) if options.folder else None
        bottle = Bottle()
        bottle.default_error_handler = on_error
        self.application = Application(bottle, options)
        shown: dict[str, Callable[..., HTTPResponse]] = {
            "/": self.newest, f"/runs/{RUN}": self.run, f"/logs/{RUN}/{NAME}": self.log, f"/charts/{RUN}/{NAME}": self.chart,
            "/live": self.live, "/timeline": self.timeline, "/timeline/": self.timeline, "/help": self.about("help", "Help"),
            "/cleaned": self.about("cleaned", "What was left out"), "/cleaned.json": self.cleaned, "/feed.xml": self.feed, "/api": self.api,
            "/status": self.status, "/healthz": self.healthz, f"/static/{NAME}": self.static, "/snapshots": self.have,
        }  # fmt: skip
        for path, action in shown.items():
            bottle.route(path, "GET", calm(action))
        bottle.route("/snapshots", "POST", calm(Posting(self.receiver, largest).take))

    # Pages

    def newest(self) -> HTTPResponse:
        """The page of the newest run; with `run`, as the older mirror has it, that of this run."""
        system, run = asking.system(), asking.whole("run")
        if run is not None:
            return self.run(str(run))
        with self.store.view() as now:
            kept = now.item(ItemKey("live", system, 0, "page"))
            return page(now, "Newest run", system, kept, "live", pages.link("live", system), True)

    def run(self, run: str) -> HTTPResponse:
        system, number = asking.system(), int(run)
        with self.store.view() as now:
            kept = now.item(ItemKey("run", system, number, "page"))
            if kept is None:
                first, last = now.ends("run", system)
                there = f"it has those of {system} from {first} to {last}" if last is not None else f"it has none of {system} yet"
                raise problem(404, f"this mirror has no run {number}; {there}")
            poll = pages.link("live", system, run=number)
            return page(now, f"Run {number}", system, kept, "", poll, is_newest(now, system, number))

    def log(self, run: str, name: str) -> HTTPResponse:
        """The log of a job as a page, or as a text when the address ends in .txt."""
        system, number = asking.system(), int(run)
        identifier, is_text = name.removesuffix(".txt"), name.endswith(".txt")
        with self.store.view() as now:
            kept = now.item(ItemKey("logtext" if is_text else "log", system, number, identifier))
            if kept is None:
                raise problem(404, f"this mirror has no such log of run {number}; it has those of the newest runs")
            newest = is_newest(now, system, number)
            if is_text:
                return item(kept, newest, "text/plain; charset=utf-8")
            return page(now, f"Log in run {number}", system, kept, "", pages.link("live", system, run=number, log=identifier), newest)

    def timeline(self) -> HTTPResponse:
        system, filters = asking.system(), timeline.asked()
        with self.store.view() as now:
            shown = timeline.show(now, system, filters)
            self.application.charge(shown.read / 50)
            return shell(now, "Timeline", system, shown.html, shown.tag, "timeline", shown.poll, False, shown.before)

    def about(self, kind: str, title: str) -> Callable[[], HTTPResponse]:
        """A page that belongs to no system."""

        def show() -> HTTPResponse:
            with self.store.view() as now:
                return page(now, title, asking.system(), now.item(ItemKey(kind, "all", 0, "page")), kind, "", False)

        return show

    def live(self) -> HTTPResponse:
        """What is new on a page: its fragment, or 204 when it shows the item `since` already; both say of when the data are."""
        key = polled()
        with self.store.view() as now:
            headers = {"Data-At": str(int(now.state.at))}
            if now.tag(key) == request.query.since:
                return HTTPResponse(b"", 204, headers | {"Cache-Control": SHORT})
            kept = now.item(key)
        if kept is None:
            raise problem(404, "this mirror has no such page", headers=headers)
        return serve(kept.body, HTML, kept.tag, SHORT, kept.encoding, headers | {"Data-Tag": kept.tag})

    # Files and data

    def chart(self, run: str, name: str) -> HTTPResponse:
        system, number = asking.system(), int(run)
        with self.store.view() as now:
            kept = now.item(ItemKey("chart", system, number, name))
            if kept is None:
                raise problem(404, f"this mirror has no chart {name} of run {number}")
            return item(kept, is_newest(now, system, number), kept.type)

    def cleaned(self) -> HTTPResponse:
        """How much was left out, for scripts."""
        with self.store.view() as now:
            kept = now.item(ItemKey("cleaned", "all", 0, "data"))
        return item(kept, True, "application/json") if kept else as_json({})

    def api(self) -> HTTPResponse:
        with self.store.view() as now:
            return api.answer(now, self.application.charge)

    def feed(self) -> HTTPResponse:
        system, own = asking.system(), asking.own_address()
        with self.store.view() as now:
            content, tag = feed.atom(now, system, own)
        told = {
            "Vary": "Accept-Encoding, Host, X-Forwarded-Host, X-Forwarded-Proto"
        }  # or a cache gives others the links of who lies about the host
        return serve(content, "application/atom+xml; charset=utf-8", tag, CALM, headers=told)

    def static(self, name: str) -> HTTPResponse:
        path = pages.STATIC.get(name)
        if path is None:
            raise problem(404, f"there is no file {name}")
        version = pages.version(name)
        cache = FOR_GOOD if request.query.v == version else "public, max-age=300"
        return serve(path.read_bytes(), pages.TYPES[path.suffix], version, cache)

    def status(self) -> HTTPResponse:
        """What the mirror has, and what it refused since it was started."""
        with self.store.view() as now:
            state, counts = now.state, now.counts()
            runs = {system: now.ends("run", system) for system in pages.SYSTEMS}
        receiver = self.receiver
        return as_json(
            {
                "hub": state.hub, **state.shape(), "age_s": round(time.time() - state.at, 1) if state.at else None, "items": counts, "runs": runs,
                "keys": len(receiver.keys), "refused": receiver.refused, "last_refused": receiver.last_refused,
                "folder_problem": self.folder.problem if self.folder else "",
            }
        )  # fmt: skip

    def healthz(self) -> HTTPResponse:
        """200 as long as the store can be read."""
        self.store.state()
        return plain("ok\n")

    def have(self) -> HTTPResponse:
        return as_json(self.store.state().shape())


def page(now: View, title: str, system: str, kept: Kept | None, place: str, poll: str, is_live: bool) -> HTTPResponse:
    """The page around a fragment that is stored, if it has come."""
    fragment, tag = (kept.content.decode(errors="replace"), kept.tag) if kept else (pages.WAITING, "")
    return shell(now, title, system, fragment, tag, place, poll, is_live)


def shell(
    now: View, title: str, system: str, fragment: str, tag: str, place: str, poll: str, is_live: bool, before: str = ""
) -> HTTPResponse:
    state, polling = now.state, pages.Polling(poll, tag, pages.LIVE_S if is_live else pages.CALM_S) if poll else None
    name = title + (" · playback" if system == "playback" else "")
    content = pages.page(name, system, state, fragment, place, polling, before)
    made = f"{tag}.{state.series}.{state.have}.{pages.version()}.{int(time.time()) // 10}"  # a page says ages
    return serve(content, HTML, made, SHORT if is_live else CALM)


def item(kept: Kept, newest: bool, type: str) -> HTTPResponse:
    """The bytes of an item; its address may say by `v` which version it means."""
    cache = FOR_GOOD if request.query.v == kept.tag else lasting(kept.changed, newest)
    return serve(kept.body, type, kept.tag, cache, kept.encoding)


def is_newest(now: View, system: str, run: int) -> bool:
    return run == now.ends("run", system)[1]


def polled() -> ItemKey:
    """The item that is shown on the page that asks for what is new."""
    system, run, first, log = asking.system(), asking.whole("run"), asking.whole("from"), asking.text("log")
    if first is not None:
        return ItemKey("timeline", system, first, "page")
    if run is None:
        return ItemKey("live", system, 0, "page")
    return ItemKey("log", system, run, log) if log else ItemKey("run", system, run, "page")
