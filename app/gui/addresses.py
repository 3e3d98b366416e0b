"""Addresses of the pages of a sample: one address holds all that a page shows.

    /browse/<run>[:<lumi>]/<primary>/<processed>/<tier>/<folder...>?plot=<ME path>&q=<words>&size=<s|m|l|xl>&trend=<quantity>&diff=1&<drawing options>

Names of folders and monitor elements (MEs) are bytes that may hold anything but `/` and NUL, UTF-8 or not, so a path
is taken from the bytes of the request and every part of one is percent-encoded. A browser resolves the parts `.` and
`..` however they are encoded; in an address they have `~` before them, and so has a part that is one of these already.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode

from flask import request
from werkzeug.routing import PathConverter

from app.gui.samples import SampleKey
from app.web import Problem, raw_path


class AnyPath(PathConverter):
    """`<path:...>` in a route, for names with line ends, too."""

    regex = "[^/](?s:.*)"


TILE_SIZES = {"s": (200, 150), "m": (266, 200), "l": (400, 300), "xl": (532, 400)}
"""Width and height in pixels of the plots of a page, by the value of `size`."""
DEFAULT_SIZE = "m"
LARGE = (720, 540)
"""Width and height in pixels of the one plot shown large; it fits a screen of 1366x768 with what stands above it."""
LARGEST = (1200, 900)
"""The same with `size=xl`."""

OPTIONS = (
    "stats", "norm", "errors", "drawopts",
    "xtype", "xmin", "xmax", "ytype", "ymin", "ymax", "ztype", "zmin", "zmax",
)  # fmt: skip
"""Drawing options that an address may hold; the render API takes them under the same names."""

_DOTS = re.compile(rb"~*\.{1,2}")
_SAMPLE = re.compile(rb"(\d{1,9})(?::(\d{1,9}))?")


@lru_cache(10_000)
def quoted(path: bytes) -> str:
    """An ME path or folder as the end of an address."""
    return "/".join(quote(b"~" + part if _DOTS.fullmatch(part) else part, safe="") for part in path.split(b"/"))


def unquoted(parts: list[bytes]) -> bytes:
    """The reverse of `quoted`, of parts that the server has percent-decoded already."""
    return b"/".join(part[1:] if part.startswith(b"~") and _DOTS.fullmatch(part) else part for part in parts)


def text(name: bytes) -> str:
    """A name to be read by people; bytes that are not UTF-8 are shown as \\x and their number."""
    return name.decode("utf-8", "backslashreplace")


@lru_cache(1000)
def sample_path(key: SampleKey) -> str:
    """A sample as it stands in addresses: run[:lumi]/primary/processed/tier."""
    run = f"{key.run}:{key.lumi}" if key.lumi else str(key.run)
    return f"{run}/{quoted(key.dataset.strip('/').encode())}"


def object_name(key: SampleKey, path: bytes) -> bytes:
    """An ME as a value of `obj` in the query of an overlay, not yet percent-encoded."""
    run = f"{key.run}:{key.lumi}" if key.lumi else str(key.run)
    return f"archive/{run}{key.dataset}/".encode() + path


@dataclass(frozen=True)
class View:
    """All that a page of a sample shows; the address of a view leads to the same view.

    plot: the whole path of the ME shown large, or nothing; trend: the quantity that is shown of it over lumisections;
    diff: whether its difference to the lumisection before is shown; options: drawing options by name, as given.
    stamp: of a run that goes on the version of the list, so that browsers ask for its plots anew; no part of the address.
    """

    key: SampleKey
    folder: bytes = b""
    plot: bytes = b""
    q: str = ""
    size: str = DEFAULT_SIZE
    trend: str = ""
    diff: bool = False
    options: tuple[tuple[str, str], ...] = ()
    stamp: int = 0

    def but(self, **changes: Any) -> View:
        """This view with some things changed."""
        return replace(self, **changes)

    @property
    def place(self) -> str:
        """The address of the folder of this view on this server, without a query."""
        path = f"{request.script_root}/browse/{sample_path(self.key)}"
        return f"{path}/{quoted(self.folder)}" if self.folder else path

    @property
    def query(self) -> dict[str, Any]:
        """The query of the address, as far as it is not what holds without one."""
        size = "" if self.size == DEFAULT_SIZE else self.size
        given = {"plot": self.plot, "q": self.q, "size": size, "trend": self.trend, "diff": "1" if self.diff else "", **dict(self.options)}
        return {name: value for name, value in given.items() if value}

    @property
    def address(self) -> str:
        """The address of this view on this server; drawing options go with it wherever it leads."""
        query = urlencode(self.query, errors="surrogateescape", quote_via=quote)
        return f"{self.place}?{query}" if query else self.place

    def of_run(self, run: int) -> View:
        """The same folder and plot of another run."""
        return self.but(key=self.key._replace(run=run))

    def of_dataset(self, dataset: str) -> View:
        return self.but(key=self.key._replace(dataset=dataset))

    def of_lumi(self, lumi: int) -> View:
        return self.but(key=self.key._replace(lumi=lumi))

    def of_folder(self, folder: bytes) -> View:
        """A folder of this sample: leaves a search and a plot shown large, keeps sizes and drawing options."""
        return self.but(folder=folder, plot=b"", q="")

    def of_plot(self, path: bytes) -> View:
        """One ME large; the folder or search stays, for it says which plots come before and after."""
        return self.but(plot=path)

    def image(self, path: bytes, size: tuple[int, int]) -> str:
        """The address of the plot of an ME of this sample, drawn as this view says."""
        stamp = {"v": self.stamp} if self.stamp else {}
        query = urlencode({"w": size[0], "h": size[1], **dict(self.options), **stamp}, quote_via=quote)
        return f"{self._of_api('render', path)}?{query}"

    def difference(self, path: bytes, lumi: int, size: tuple[int, int]) -> str:
        """The address of the plot of what an ME of this sample has more, or less, than in another lumisection."""
        objects = [("obj", object_name(key, path)) for key in (self.key, self.key._replace(lumi=lumi))]
        query = urlencode([*objects, ("ref", "difference"), ("w", size[0]), ("h", size[1]), *self.options], quote_via=quote)
        return f"{request.script_root}/api/v1/render_overlay?{query}"

    def json(self, path: bytes) -> str:
        """The address of an ME of this sample as JSON."""
        return self._of_api("json", path)

    def _of_api(self, kind: str, path: bytes) -> str:
        return f"{request.script_root}/api/v1/{kind}/{sample_path(self.key)}/{quoted(path)}"

    def with_query(self, query: str) -> str:
        """The address of this view with something more for the server to know."""
        return f"{self.address}{'&' if '?' in self.address else '?'}{query}"


def asked() -> View:
    """The view that the address of this request means; raises Problem."""
    given = dict(parse_qsl(request.query_string.decode("latin-1"), keep_blank_values=True, encoding="utf-8", errors="surrogateescape"))
    key, folder = _place(raw_path(skip=1))
    size = given.get("size", DEFAULT_SIZE)
    options = tuple((name, given[name]) for name in OPTIONS if given.get(name))
    return View(
        key, folder,
        plot=given.get("plot", "").encode("utf-8", "surrogateescape"),
        q=given.get("q", "").encode("utf-8", "surrogateescape").decode("utf-8", "replace").strip(),
        size=size if size in TILE_SIZES else DEFAULT_SIZE,
        trend=trend if (trend := given.get("trend", "")).isprintable() else "",
        diff=given.get("diff") == "1",
        options=options,
    )  # fmt: skip


def _place(path: bytes) -> tuple[SampleKey, bytes]:
    """The sample and the folder of run[:lumi]/primary/processed/tier[/folder...]."""
    sample, *parts = path.split(b"/")
    found = _SAMPLE.fullmatch(sample)
    if not found or len(parts) < 3 or not all(parts[:3]):
        raise Problem(404, "an address of a sample is /browse/<run>[:<lumi>]/<primary>/<processed>/<tier>, then the folder")
    dataset = "/" + unquoted(parts[:3]).decode("utf-8", "replace")  # one that is not UTF-8 was never registered
    return SampleKey(int(found[1]), int(found[2] or 0), dataset), unquoted(parts[3:])
