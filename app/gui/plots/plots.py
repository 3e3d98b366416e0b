"""Plots: drawn once by the render service and cached on disk under a key of everything they depend on.

Requests for one plot that is not cached wait for one rendering, over all web processes.
"""

from __future__ import annotations

import struct
import threading
from collections.abc import Sequence
from dataclasses import replace
from hashlib import blake2b
from pathlib import Path
from typing import NamedTuple

from cachetools import TTLCache

from app.core import log_context
from app.core.metrics import PLOTS_KEPT, RENDER_SECONDS, RENDERS
from app.core.outages import outages_logged
from app.core.settings import TREE, Settings
from app.gui.catalog.catalog import OpenSample
from app.gui.errors import NothingToDraw, NotSubtractable, PlotError, PlotTimeout, PlotUnavailable, UnsuitableFormat, UnusableElement
from app.gui.plots import quarantine
from app.gui.plots.drawing_slots import DrawingSlots
from app.gui.plots.plot_files import PlotFiles, read_plot, write_plot
from app.gui.plots.plot_parts import PlotPart, combined_part, render_request
from app.gui.plots.streamer_cache import StreamerCache
from app.gui.settings import GuiSettings
from app.gui.snapshots.open_snapshot import OpenSnapshot
from app.queue.store import enqueue
from render.build import binary
from render.client import NOT_SUBTRACTED, TOO_MANY_BINS, RenderClient, RenderResponse, Request
from render.errors import (
    RenderCrashed,
    RenderDisconnected,
    RenderError,
    RenderLost,
    RenderRefused,
    RenderTimeout,
    RenderUnavailable,
    RequestError,
)
from render.options import VECTOR_FORMATS, Options

JSON = Options(format="json")

EVICT = "evict"
"""Kind of the background job that bounds the cache."""

EVICT_FRACTION = 50
"""A process enqueues an eviction each time that it has added one part in so many of the size of the cache."""

FREE_THREADS = 2
"""Threads of a web process that never draw, so that other pages are answered while plots take long."""

SLOT_WAIT_S = 1.0
"""Longest wait of a request for one of the threads that may draw."""

PNG_HEADER_BYTES = 33
"""Signature and header chunk of a PNG."""

FAILURE_S = 5.0
"""Time for which a timeout or crash is the answer to further requests for the same plot."""


class Plot(NamedTuple):
    """A plot in the format of its options."""

    image: bytes
    etag: str  # key of everything that the plot depends on
    found: bool  # whether the ME exists; if not, the image shows that

    @property
    def plugins(self) -> str:
        """Names of the render plugins that took part, separated by commas; the service writes them into a chunk of the PNG."""
        length, kind = struct.unpack_from(">I4s", self.image, PNG_HEADER_BYTES)
        key, _, text = self.image[PNG_HEADER_BYTES + 8 : PNG_HEADER_BYTES + 8 + length].partition(b"\0")
        return text.decode(errors="replace") if (kind, key) == (b"tEXt", b"Plugins") else ""


class Plots:
    """The plots of one web process: the connection to the render service and the cache."""

    def __init__(self, settings: Settings) -> None:
        gui = settings.of(GuiSettings)
        self.files = PlotFiles(settings.data / "plots")
        self.max_bytes = gui.plot_cache_mb << 20
        self.added_bytes = 0
        self.slots = DrawingSlots(max(1, settings.web_threads - FREE_THREADS))
        self.failures: TTLCache[str, PlotError] = TTLCache(1000, FAILURE_S)
        self.lock = threading.Lock()
        self.streamers = StreamerCache()
        self.client = RenderClient(settings.data / "render" / "socket", timeout=gui.render_timeout_s + 5)
        self.render_version = _fingerprint(binary(TREE), Path(gui.render_plugins) if gui.render_plugins else None)

    def key(self, sample: OpenSample, path: bytes, options: Options) -> str:
        """The ETag of the plot of one ME."""
        return self.overlay_key([PlotPart(sample, path)], options)

    def overlay_key(self, parts: Sequence[PlotPart], options: Options) -> str:
        """The ETag of a plot: a hash of the versions of all files, the MEs, the options and the version of the render service."""
        sources = [word for part in parts for word in (part.identity, part.path)]
        words = (*sources, options.spec().encode(), self.render_version.encode())
        return blake2b(b"\0".join(b"%d:%s" % (len(word), word) for word in words), digest_size=16).hexdigest()

    def plot(self, sample: OpenSample, path: bytes, options: Options, since: OpenSnapshot | None = None) -> Plot:
        """The plot of an ME, in its window if there is one. Raises PlotError, and NoWindow."""
        return self.overlay([PlotPart(sample, path, since)], options)

    def overlay(self, parts: Sequence[PlotPart], options: Options) -> Plot:
        """The plot of an ME with at most nine references, each in its window. Raises PlotError, and NoWindow."""
        image, etag = self._load_or_render(parts, options)
        return Plot(image, etag, parts[0].index is not None)

    def json(self, sample: OpenSample, index: int, since: OpenSnapshot | None = None) -> bytes:
        """A histogram, in its window if there is one, as JSON of ROOT's TBufferJSON, with null for numbers that are not finite.

        Raises PlotError, and NoWindow.
        """
        return self._load_or_render([PlotPart(sample, sample.names[index], since)], JSON)[0]

    def _load_or_render(self, parts: Sequence[PlotPart], options: Options) -> tuple[bytes, str]:
        """The plot from the cache or from the render service, and its key."""
        key = self.overlay_key(parts, options)
        path = self.files.path(key, options.format)
        if (image := read_plot(path)) is not None:
            PLOTS_KEPT.inc()
            return image, key
        with self.slots.take(parts[0].name, SLOT_WAIT_S), self.files.lock(key):
            if (image := read_plot(path)) is None:
                image = self._render(parts, options, key)
                if write_plot(path, image):
                    self._count_added(len(image))
        return image, key

    def _count_added(self, size: int) -> None:
        self.added_bytes += size
        if self.added_bytes > self.max_bytes / EVICT_FRACTION:
            self.added_bytes = 0
            with outages_logged("The eviction of plots is not queued"):
                enqueue(EVICT, "plots")

    def _render(self, parts: Sequence[PlotPart], options: Options, key: str) -> bytes:
        """Draw a plot and count the outcome. Raises PlotError."""
        name = parts[0].name
        self._refuse(parts, options, key)
        try:
            with RENDER_SECONDS.time():
                response = self._request(parts, options)
        except PlotError:
            RENDERS.labels("file").inc()
            raise
        except RenderError as error:
            RENDERS.labels(type(error).__name__).inc()
            at_fault = parts[error.place].name if isinstance(error, RenderRefused) else name
            raise self._failure(at_fault, error, key, options) from error
        RENDERS.labels("drawn").inc()
        if not response.image:
            raise NothingToDraw(f"Nothing to draw for {name}: it is empty, or on the blacklist of the render service")
        return response.image

    def _refuse(self, parts: Sequence[PlotPart], options: Options, key: str) -> None:
        """Raise PlotError for a plot that failed a moment ago, or whose MEs are in quarantine."""
        with self.lock:
            if failure := self.failures.get(key):
                raise type(failure)(failure.message)
        for part in {id(part): part for part in (*parts, combined_part(parts, options))}.values():
            if part.sample:
                quarantine.refuse_quarantined(part.sample, part.path)

    def _failure(self, name: str, error: RenderError, key: str, options: Options) -> PlotError:
        """The error of a plot; timeouts and crashes are cached."""
        failure = _plot_error(name, error, options.format)
        if isinstance(error, RenderTimeout | RenderLost):
            with self.lock:
                self.failures[key] = failure
        return failure

    def _request(self, parts: Sequence[PlotPart], options: Options) -> RenderResponse:
        """Draw a plot, twice after a crash: the process may have been damaged by an earlier plot.

        Each crash is counted, except a first one without a report, which can be due to a plot of another request.
        """
        request = replace(render_request(parts, options), request_id=log_context.request_id())
        try:
            return self._request_with_streamers(parts, request)
        except RenderLost as error:
            if not isinstance(error, RenderDisconnected):
                _count_crash(parts, options, error)
            if not isinstance(error, RenderDisconnected | RenderCrashed):
                raise
        try:
            return self._request_with_streamers(parts, request)
        except RenderLost as error:
            _count_crash(parts, options, error)
            raise

    def _request_with_streamers(self, parts: Sequence[PlotPart], request: Request) -> RenderResponse:
        """Draw a plot; streamer information is sent only for files that need it, since old versions of classes are rare."""
        described = replace(request, streamers=self.streamers.cached(parts))
        return self.client.render(described, None if described.streamers else lambda: self.streamers.load(parts))


def _count_crash(parts: Sequence[PlotPart], options: Options, error: RenderLost) -> None:
    part = combined_part(parts, options)
    if part.sample:
        with outages_logged("A crash is not counted"):  # the answer is about the crash
            quarantine.count_crash(part.sample, part.path, error)


def _plot_error(name: str, error: RenderError, form: str) -> PlotError:
    if isinstance(error, RenderUnavailable):
        return PlotUnavailable(f"Cannot draw {name} now: {error}")
    if isinstance(error, RenderTimeout):
        return PlotTimeout(f"Drawing {name} took too long: {error}")
    if isinstance(error, RenderRefused) and error.code == TOO_MANY_BINS and form in VECTOR_FORMATS:
        problem = f"{error}; choose png"
        return UnsuitableFormat(f"format: {problem}", [("format", problem)])
    if isinstance(error, RenderRefused) and error.code == NOT_SUBTRACTED:
        return NotSubtractable(name, str(error))
    if isinstance(error, RenderRefused | RequestError):  # options are checked before, so the object is at fault
        return UnusableElement(f"Cannot draw {name}: {error}")
    return PlotError(f"Cannot draw {name}: {error}")


def _fingerprint(*files: Path | None) -> str:
    """Changes when one of these files is built again."""
    stats = [file.stat() for file in files if file and file.exists()]
    return " ".join(f"{stat.st_mtime_ns}-{stat.st_size}" for stat in stats)
