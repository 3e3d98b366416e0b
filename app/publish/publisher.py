"""The publisher: renders the pieces whose data have changed and stores the differences as the next revision.

A rendered item is compared with the published one, so that only differences are sent. The size of a revision is bounded:
the first publication of many runs takes several steps, and current pieces are never delayed by old ones.
"""

from __future__ import annotations

import logging
import socket
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from hashlib import blake2b
from typing import Any

from peewee import PeeweeException

from app.core.database import is_sqlite, proxy, rows
from app.core.settings import TREE, Settings
from app.core.version import VERSION
from app.publish import revisions
from app.publish.areas import PublishedArea, renderers_of
from app.publish.keys import pseudonym_secret
from app.publish.models import Piece, PublishedItem
from app.publish.pieces import PieceKey, PlanIndex, Tokens
from app.publish.rendering import Hashes, RenderContext, Renderer, RenderResult
from app.publish.revisions import REVISION_BYTES, RenderedPiece
from app.publish.sanitize.sanitizer import Sanitizer
from app.publish.settings import PublishSettings
from app.queue.periodic import TaskRun
from protocol.snapshot import Item

log = logging.getLogger(__name__)

STEP_S = 1.5
"""Time after which a step renders no further piece, because the poller runs in the same process."""

PIECES_AT_ONCE = 500
"""Pieces that one revision stores, and that it removes: others wait for the end of its transaction."""

HEARTBEAT_S = 15.0
"""Longest time between two revisions; one without changes is the heartbeat of the hub for mirrors."""

RETRY_S = 3600.0
"""A piece that cannot be rendered is retried after this time, or when its data change."""


SANITIZER = "app/publish/sanitize"
"""Folder of the rules: what was published by older ones is redacted again."""


@contextmanager
def publishing(settings: Settings, areas: Iterable[PublishedArea], _: TaskRun) -> Iterator[Callable[[], None]]:
    """Provide the step of the periodic task that publishes."""
    if is_sqlite():  # a revision that was sent must survive a power failure of this machine
        proxy.execute_sql("PRAGMA synchronous = FULL")
    publisher = Publisher(settings, areas)
    revisions.forget_old_removals(revisions.current())
    yield publisher.step


@cache
def renderer_fingerprint(sources: tuple[str, ...], names: str = "") -> str:
    """Hash of the version and the source files of the renderers; when it changes, all pieces are rendered again.

    Args:
        sources: Folders, relative to the tree.
        names: The form of further names that are published.
    """
    files = {file for source in sources for pattern in ("*.py", "*.html", "*.dat", "*.txt") for file in (TREE / source).rglob(pattern)}
    contents = [file.read_bytes() for file in sorted(files)]
    return blake2b(b"\0".join([VERSION.encode(), names.encode(), *contents]), digest_size=6).hexdigest()


class Publisher:
    """Publishes in steps. Its state between steps is only a cache.

    Attributes:
        incomplete: The last step did not render all outdated pieces.
    """

    def __init__(self, settings: Settings, areas: Iterable[PublishedArea]) -> None:
        self.settings = settings
        self.areas = tuple(areas)
        self.renderers = renderers_of(self.areas)
        self.throttled = frozenset[str]().union(*(area.throttled for area in self.areas))
        self.names = "|".join(f"(?:{form})" for area in self.areas if (form := area.names(settings)))
        self.fingerprint = renderer_fingerprint((SANITIZER, *(source for area in self.areas for source in area.sources)), self.names)
        self.secret = pseudonym_secret(settings)
        self.incomplete = True
        self._state: tuple[Any, ...] = ()
        self._due = 0.0
        self._rendered_at: dict[PieceKey, float] = {}  # throttled pieces only

    def step(self) -> None:
        """Publish what has changed, at most one revision."""
        now = time.time()
        series, state = revisions.current(), (*(area.state() for area in self.areas), int(now // HEARTBEAT_S))
        heartbeat = not 0 <= now - series.at < HEARTBEAT_S - self.settings.of(PublishSettings).publish_s  # the clock may have been set back
        if state == self._state and now < self._due and not heartbeat:
            return
        planned, known = self._plan(now), _rendered_pieces()
        outdated = [key for key, token in planned.items() if _is_outdated(known.get(key), token, now) and not self._is_throttled(key, now)]
        gone = [key for key in known if key not in planned]
        removed = gone[:PIECES_AT_ONCE]
        rendered = self._render(outdated, planned)
        revisions.store(series, rendered, removed, revisions.differences(rendered) + revisions.removals(removed), heartbeat)
        self._due = min((due for _, due in _rendered_pieces().values() if due), default=float("inf"))
        self.incomplete = len(rendered) < len(outdated) or len(removed) < len(gone)
        self._state = () if self.incomplete else state

    def _plan(self, now: float) -> Tokens:
        """The pieces of all areas, the urgent ones first."""
        plans = [area.plan(self.settings, now) for area in self.areas]
        planned: Tokens = {}
        for tokens in (*(plan.urgent for plan in plans), *(plan.rest for plan in plans)):
            planned |= tokens
        return {key: f"{self.fingerprint} {token}" for key, token in planned.items()}

    def _is_throttled(self, key: PieceKey, now: float) -> bool:
        return key.kind in self.throttled and abs(now - self._rendered_at.get(key, 0.0)) < HEARTBEAT_S / 2

    def _render(self, outdated: list[PieceKey], planned: Tokens) -> list[RenderedPiece]:
        """Render outdated pieces in order, until the size of a revision or the time of a step is reached."""
        hosts = {host for area in self.areas for host in area.hosts(self.settings)} | {socket.gethostname()} - {"localhost"}
        batch, end = RenderBatch(self.renderers, Sanitizer(self.secret, hosts, self.names), PlanIndex(planned)), time.monotonic() + STEP_S
        for key in outdated:
            batch.add(key, planned[key])
            if key.kind in self.throttled:
                self._rendered_at[key] = time.time()
            if batch.size >= REVISION_BYTES or len(batch.pieces) >= PIECES_AT_ONCE or time.monotonic() >= end:
                break
        return batch.pieces


class RenderBatch:
    """Pieces rendered for one revision.

    Attributes:
        pieces: The pieces.
        size: Bytes of the bodies of all items.
    """

    def __init__(self, renderers: Mapping[str, Renderer], sanitizer: Sanitizer, planned: PlanIndex) -> None:
        self.pieces: list[RenderedPiece] = []
        self.size = 0
        self._renderers, self._sanitizer, self._planned = renderers, sanitizer, planned
        self._items: dict[tuple[str, str, int], list[Item]] = defaultdict(list)

    def add(self, key: PieceKey, token: str) -> None:
        """Render a piece; if that fails it has no items, and the error is logged."""
        before = Counter(self._sanitizer.counts)
        result = self._render(RenderContext(key, self._sanitizer, self._planned, self._hashes_of(key.system)))
        self.pieces.append(RenderedPiece(key, token, result, Counter(self._sanitizer.counts) - before))
        self.size += sum(len(item.body or b"") for item in result.items)
        for item in result.items:
            self._items[item.key.kind, item.key.system, item.key.run].append(item)

    def _render(self, context: RenderContext) -> RenderResult:
        try:
            return self._renderers[context.key.kind](context)
        except PeeweeException:
            raise
        except Exception:
            log.exception("%s cannot be published", context.key)
            return RenderResult([], time.time() + RETRY_S)

    def _hashes_of(self, system: str) -> Hashes:
        def hashes(kind: str, run: int) -> dict[str, str]:
            items = self._items.get((kind, system, run), [])
            return _published_hashes(kind, system, run) | {item.key.name: revisions.digest(item) for item in items}

        return hashes


def _is_outdated(rendered: tuple[str, float] | None, token: str, now: float) -> bool:
    return rendered is None or rendered[0] != token or 0 < rendered[1] <= now


def _published_hashes(kind: str, system: str, run: int) -> dict[str, str]:
    """SHA-256 of each published item of a kind in a run, by its name."""
    chosen = PublishedItem.kind == kind, PublishedItem.system == system, PublishedItem.run == run, revisions.EXISTS
    return dict(rows(PublishedItem.select(PublishedItem.name, PublishedItem.sha256).where(*chosen)))


def _rendered_pieces() -> dict[PieceKey, tuple[str, float]]:
    """Token and due time of each piece that was rendered."""
    query = Piece.select(Piece.kind, Piece.system, Piece.run, Piece.name, Piece.token, Piece.due)
    return {PieceKey(*key): (token, due) for *key, token, due in rows(query)}
