"""The publisher: renders what is new for outside and gives it the next edition.

What was rendered is compared with what mirrors have, so that only what is different is sent. An edition is bounded,
so that the first publication of many runs comes in steps and what happens now is never behind it.
"""

from __future__ import annotations

import logging
import socket
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from hashlib import blake2b
from typing import Any
from urllib.parse import urlsplit

from peewee import PeeweeException

from app.core.database import is_sqlite, proxy, rows
from app.core.settings import TREE, Settings
from app.core.version import VERSION
from app.publish import revisions
from app.publish.items import Rendered, Wanted
from app.publish.keys import pseudonym_secret
from app.publish.models import Piece, Published
from app.publish.plan import TICK_S, Place, Plan, plan, state
from app.publish.renderers import files as file_items
from app.publish.renderers import others, runs
from app.publish.revisions import EDITION_BYTES, Made
from app.publish.sanitize.sanitizer import Sanitizer
from app.publish.settings import PublishSettings
from app.queue import Turn
from app.square.settings import SquareSettings

log = logging.getLogger(__name__)

TURN_S = 1.5
"""A turn begins no other piece after so long, since the grabber works in the same process."""

SELDOM = ("timeline", "events")
"""Kinds that change with every report of a job, and are made of many."""

AGAIN_S = 3600.0
"""What could not be rendered is tried again after so long, or when its facts change."""

RENDERERS: dict[str, Callable[[Wanted], Rendered]] = {
    "live": runs.live, "run": runs.run, "timeline": runs.timeline, "files": file_items.files, "log": others.log,
    "cluster": others.cluster, "index": others.index, "events": others.feed, "help": others.glossary,
    "redactions": others.redactions,
}  # fmt: skip
"""What renders each kind of piece."""


@contextmanager
def publishing(settings: Settings, _: Turn) -> Iterator[Callable[[], None]]:
    """Gives a step that publishes what is new."""
    if is_sqlite():  # an edition that a mirror has must not be lost when this machine loses its power
        proxy.execute_sql("PRAGMA synchronous = FULL")
    publisher = Publisher(settings)
    revisions.forget(revisions.current())
    yield publisher.step


@cache
def maker() -> str:
    """Which code renders: another one renders everything again."""
    files = sorted([*(TREE / "app" / "publish").rglob("*.py"), *(TREE / "templates" / "publish" / "mirror").glob("*.html")])
    return blake2b(b"\0".join([VERSION.encode(), *(file.read_bytes() for file in files)]), digest_size=6).hexdigest()


class Publisher:
    """Publishes in steps; what it remembers between them only saves work."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.secret = pseudonym_secret(settings)
        ours = {urlsplit(settings.of(SquareSettings).square_url).hostname or "", socket.gethostname()} - {
            "localhost"
        }  # as errors name them
        self.machines = {
            settings.of(SquareSettings).square_gateway,
            *settings.of(SquareSettings).square_production,
            *settings.of(SquareSettings).square_playback,
            *ours,
        }
        self.seen: tuple[Any, ...] = ()
        self.left = True
        self.due = 0.0
        self.rendered: dict[Place, float] = {}

    def step(self) -> None:
        """Publish what is new, as far as an edition reaches; `left` says whether something is left for the next step."""
        now = time.time()
        series, found = revisions.current(), state(now)
        beat = not 0 <= now - series.at < TICK_S - self.settings.of(PublishSettings).publish_s  # a clock may have been set back
        if found == self.seen and now < self.due and not beat:
            return
        planned = {place: f"{maker()} {token}" for place, token in plan(self.settings, now).items()}
        known = _known()
        dirty = [place for place, token in planned.items() if _is_old(known.get(place), token, now) and self._in_turn(place, now)]
        gone = [place for place in known if place not in planned]
        made = self._render(dirty, planned)
        changes = revisions.differences(made) + revisions.removals(gone)
        revisions.store(series, made, gone, changes, beat)
        self.due = min((due for _, due in _known().values() if due), default=float("inf"))
        self.left = len(made) < len(dirty)
        self.seen = () if self.left else found

    def _in_turn(self, place: Place, now: float) -> bool:
        """What is much work is not done for each change of a run that goes on."""
        return place.kind not in SELDOM or abs(now - self.rendered.get(place, 0.0)) >= TICK_S / 2

    def _render(self, dirty: list[Place], planned: Plan) -> list[Made]:
        """As many pieces as an edition and a turn take, the first of them."""
        clean, end, size = Sanitizer(self.secret, self.machines), time.monotonic() + TURN_S, 0
        context, made = _Context(planned), []
        tags: dict[tuple[str, int, str], str] = {}
        for place in dirty:
            before = Counter(clean.counted)
            rendered = self._rendered(context.wanted(place, clean, tags))
            made.append(Made(place, planned[place], rendered, Counter(clean.counted) - before))
            tags |= {
                (item.key.system, item.key.run, item.key.name): revisions.digest(item)
                for item in rendered.items
                if item.key.kind == "chart"
            }
            size += sum(len(item.body or b"") for item in rendered.items)
            if place.kind in SELDOM:
                self.rendered[place] = time.time()
            if size >= EDITION_BYTES or time.monotonic() >= end:
                break
        return made

    def _rendered(self, wanted: Wanted) -> Rendered:
        """Nothing of a piece is published that cannot be rendered, and no other waits for it."""
        try:
            return RENDERERS[wanted.place.kind](wanted)
        except PeeweeException:
            raise
        except Exception:
            log.exception("%s cannot be published", wanted.place)
            return Rendered([], time.time() + AGAIN_S)


class _Context:
    """What pieces say of each other: the runs and logs that outside has, and the charts of a run."""

    def __init__(self, planned: Plan) -> None:
        self.runs: dict[str, list[int]] = defaultdict(list)
        self.logs: dict[tuple[str, int], set[str]] = defaultdict(set)
        self.planned = planned
        for place in planned:
            if place.kind == "run":
                self.runs[place.system].append(place.run)
            elif place.kind == "log":
                self.logs[place.system, place.run].add(place.name)

    def wanted(self, place: Place, clean: Sanitizer, tags: Mapping[tuple[str, int, str], str]) -> Wanted:
        kept = self.runs[place.system]
        run = kept[0] if place.kind == "live" and kept else place.run
        charts: dict[str, str] = {}
        if place.kind in ("live", "run") and Place("files", place.system, run) in self.planned:
            now = {name: sha256 for (system, of, name), sha256 in tags.items() if (system, of) == (place.system, run)}
            charts = {name: sha256[:16] for name, sha256 in (_charts(place.system, run) | now).items()}
        return Wanted(place, clean, kept, charts, frozenset(self.logs.get((place.system, run), ())))


def _is_old(known: tuple[str, float] | None, token: str, now: float) -> bool:
    return known is None or known[0] != token or 0 < known[1] <= now


def _charts(system: str, run: int) -> dict[str, str]:
    """The hashes of the published charts of a run."""
    of = Published.kind == "chart", Published.system == system, Published.run == run, Published.body.is_null(False)
    return dict(rows(Published.select(Published.name, Published.sha256).where(*of)))


def _known() -> dict[Place, tuple[str, float]]:
    """The token of each piece that was rendered, and when it is due."""
    query = Piece.select(Piece.kind, Piece.system, Piece.run, Piece.name, Piece.token, Piece.due)
    return {Place(*place): (token, due) for *place, token, due in rows(query)}
