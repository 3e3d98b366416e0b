"""Plots: drawn once by the render service, and kept on disk under a name that is made of all they depend on.

Requests for one plot that is not there yet wait for one rendering, over all web processes: a lock on one byte of one
file, at an offset made of the plot's key, so that no lock files pile up.
"""

from __future__ import annotations

import fcntl
import os
import struct
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from hashlib import blake2b
from pathlib import Path
from typing import NamedTuple

from cachetools import TTLCache

from app import queue
from app.core.metrics import PLOTS_KEPT, RENDER_SECONDS, RENDERS
from app.core.settings import TREE, Settings
from app.formats import FormatError
from app.gui.catalog.catalog import OpenSample
from app.gui.plots import quarantine
from app.gui.plots.parts import Part, request_of, streamers_of, together
from app.gui.settings import GuiSettings
from app.web import Problem
from render.build import binary
from render.client import NO_STREAMER, RenderClient, RenderResponse, Request
from render.errors import RenderCrashed, RenderDisconnected, RenderError, RenderLost, RenderTimeout, RenderUnavailable
from render.options import Options

JSON = Options(width=1, height=1, format="json")

EVICT = "evict"
"""Kind of the work that removes the plots that were not shown for longest."""

SHOWN_AGAIN_S = 3600.0
"""A kept plot is marked as used at most this often."""

PLACE_S = 1.0
"""Longest wait of a request for a place among those that draw."""

PNG_HEADER = 33
"""Bytes of the signature and the header of a PNG."""

FAILED_S = 5.0
"""Who asks so soon after a plot that took too long or crashed gets the same answer, and no second attempt."""


class Plot(NamedTuple):
    """A picture, drawing or object; etag: the key of all that it depends on; found: whether there is such an ME (else a picture says so)."""

    image: bytes
    etag: str
    found: bool

    @property
    def plugins(self) -> str:
        """The render plugins that had a say in it, with commas; "" when none had. The service notes them behind the header of a PNG."""
        length, kind = struct.unpack_from(">I4s", self.image, PNG_HEADER)
        key, _, text = self.image[PNG_HEADER + 8 : PNG_HEADER + 8 + length].partition(b"\0")
        return text.decode(errors="replace") if (kind, key) == (b"tEXt", b"Plugins") else ""


class Plots:
    """The plots of one web process: the connection to the render service and the folder of kept plots."""

    def __init__(self, settings: Settings) -> None:
        self.folder = settings.data / "plots"
        self.folder.mkdir(parents=True, exist_ok=True)
        self.most = settings.of(GuiSettings).plot_cache_mb << 20
        self.added = 0
        # While plots take long two threads of this process go on with everything else.
        self.places = threading.BoundedSemaphore(max(1, settings.web_threads - 2))
        self.failed: TTLCache[str, Problem] = TTLCache(1000, FAILED_S)
        self.lock = threading.Lock()
        self.client = RenderClient(settings.data / "render" / "socket", timeout=settings.of(GuiSettings).render_timeout_s + 5)
        self.renderer = _versions(
            binary(TREE), Path(settings.of(GuiSettings).render_plugins) if settings.of(GuiSettings).render_plugins else None
        )

    def key(self, sample: OpenSample, path: bytes, options: Options) -> str:
        """The ETag of the plot of one ME."""
        return self.overlay_key([Part(sample, path)], options)

    def overlay_key(self, parts: Sequence[Part], options: Options) -> str:
        """The ETag of a plot: the versions of all files, the MEs, the options and the version of the renderer."""
        given = [word for part in parts for word in (part.identity, part.path)]
        words = (*given, options.spec().encode(), self.renderer.encode())
        return blake2b(b"\0".join(b"%d:%s" % (len(word), word) for word in words), digest_size=16).hexdigest()

    def plot(self, sample: OpenSample, path: bytes, options: Options) -> Plot:
        """The plot of an ME; raises Problem when the file or the render service cannot give it."""
        return self.overlay([Part(sample, path)], options)

    def overlay(self, parts: Sequence[Part], options: Options) -> Plot:
        """The plot of an ME with references (at most nine) as the options say; raises Problem as `plot` does."""
        image, etag = self._made(parts, options)
        return Plot(image, etag, parts[0].index is not None)

    def json(self, sample: OpenSample, index: int) -> bytes:
        """A histogram as ROOT's TBufferJSON has it, with null for what is not finite, since JSON has no other word for it."""
        return self._made([Part(sample, sample.names[index])], JSON)[0]

    def _made(self, parts: Sequence[Part], options: Options) -> tuple[bytes, str]:
        """What the render service makes of MEs, from disk when it is there, and its key."""
        etag = self.overlay_key(parts, options)
        place = self.folder / etag[:2] / f"{etag}.{options.format}"
        if (made := _kept(place)) is None:
            with self._place(parts[0].name), _only_one(self.folder / "lock", int(etag[:15], 16)):
                if (made := _kept(place)) is None:
                    made = self._ask(parts, options.spec(), etag)
                    _keep(place, made)
                    self._count(len(made))
        else:
            PLOTS_KEPT.inc()
        return made, etag

    def _count(self, kept: int) -> None:
        """Have the folder looked through each time that this process has added a part of what it may hold."""
        self.added += kept
        if self.added > self.most / 50:
            self.added = 0
            queue.enqueue(EVICT, "plots")

    @contextmanager
    def _place(self, name: str) -> Iterator[None]:
        if not self.places.acquire(timeout=PLACE_S):
            raise Problem(503, f"{name} cannot be drawn now: other plots take long", headers={"Retry-After": "2"})
        try:
            yield
        finally:
            self.places.release()

    def _ask(self, parts: Sequence[Part], spec: str, etag: str) -> bytes:
        name = parts[0].name
        with self.lock:
            if failed := self.failed.get(etag):
                raise Problem(failed.status, failed.message)
        for part in {id(part): part for part in (*parts, together(parts))}.values():
            if part.sample:
                quarantine.refuse_held(part.sample, part.path)
        try:
            with RENDER_SECONDS.time():
                made = self._draw(parts, request_of(parts, spec))
        except (FormatError, ValueError) as error:  # ValueError: more than the service takes
            RENDERS.labels("file").inc()
            raise Problem(502, f"{name} cannot be drawn: {error}") from error
        except Problem:
            RENDERS.labels("file").inc()
            raise
        except RenderError as error:
            RENDERS.labels(type(error).__name__).inc()
            problem = _problem(name, error)
            if isinstance(error, RenderTimeout | RenderLost):
                with self.lock:
                    self.failed[etag] = problem
            raise problem from error
        RENDERS.labels("drawn").inc()
        if not made.image:
            raise Problem(404, f"there is nothing to be had of {name}: it is empty, or on the blacklist of the render service")
        return made.image

    def _draw(self, parts: Sequence[Part], request: Request) -> RenderResponse:
        """Ask once more after a crash: the process may have been lost to what it drew before. Each loss is counted but a first
        one without a word, which may be due to the plot of somebody else."""
        try:
            return self._with_streamers(parts, request)
        except RenderLost as error:
            if not isinstance(error, RenderDisconnected):
                _count_loss(parts, error)
            if not isinstance(error, RenderDisconnected | RenderCrashed):
                raise
        try:
            return self._with_streamers(parts, request)
        except RenderLost as error:
            _count_loss(parts, error)
            raise

    def _with_streamers(self, parts: Sequence[Part], request: Request) -> RenderResponse:
        """Objects of older versions of their classes are rare, so what describes these is sent when it is missed."""
        rendered = self.client.render(request)
        for part in {part.sample.url: part for part in parts if part.sample}.values():
            if rendered.code != NO_STREAMER:
                break
            with suppress(FormatError):  # the plot says that there is nothing to be shown
                rendered = self.client.render(replace(request, streamers=streamers_of(part)))
        return rendered


def _count_loss(parts: Sequence[Part], error: RenderLost) -> None:
    whole = together(parts)
    if whole.sample:
        quarantine.lost(whole.sample, whole.path, error)


def _problem(name: str, error: RenderError) -> Problem:
    """The answer when the render service gives no picture."""
    if isinstance(error, RenderUnavailable):
        return Problem(503, f"{name} cannot be drawn now: {error}", headers={"Retry-After": "2"})
    if isinstance(error, RenderTimeout):
        return Problem(504, f"{name} took too long to draw: {error}")
    return Problem(502, f"{name} cannot be drawn: {error}")


def _versions(*files: Path | None) -> str:
    """Changes whenever one of these files is built anew."""
    stats = [file.stat() for file in files if file and file.exists()]
    return " ".join(f"{stat.st_mtime_ns}-{stat.st_size}" for stat in stats)


def _kept(place: Path) -> bytes | None:
    try:
        with open(place, "rb") as file:
            image = file.read()
            if time.time() - os.fstat(file.fileno()).st_mtime > SHOWN_AGAIN_S:
                os.utime(file.fileno())  # eviction goes by this time
        return image
    except FileNotFoundError:
        return None


def _keep(place: Path, image: bytes) -> None:
    """Written beside its place and moved there, so that a reader sees all of it or nothing."""
    place.parent.mkdir(exist_ok=True)
    new = place.with_suffix(f".{os.getpid()}")
    new.write_bytes(image)
    new.rename(place)


@contextmanager
def _only_one(file: Path, offset: int) -> Iterator[None]:
    """Hold the lock on one byte of a file; an open file description of its own keeps threads apart, too."""
    with open(file, "a") as lock:
        fcntl.fcntl(lock, fcntl.F_OFD_SETLKW, struct.pack("hhqqi4x", fcntl.F_WRLCK, os.SEEK_SET, offset, 1, 0))
        yield


def evict(folder: Path, most_bytes: int) -> int:
    """Remove the plots that were not shown for longest until the rest fits; how many went."""
    kept = sorted(_files(folder))
    excess = sum(size for _, size, _ in kept) - most_bytes
    gone = 0
    for _, size, path in kept:
        if excess <= 0:
            break
        Path(path).unlink(missing_ok=True)
        excess -= size
        gone += 1
    return gone


def _files(folder: Path) -> Iterator[tuple[float, int, str]]:
    """Time of last use, size and path of each kept plot; another process may take some away meanwhile."""
    for part in folder.glob("??"):
        for entry in os.scandir(part):
            try:
                stat = entry.stat()
            except FileNotFoundError:
                continue
            yield stat.st_mtime, stat.st_size, entry.path
