"""Addresses of the pages of a sample: one address holds the whole state of a page.

    /browse/<run>[:<lumi>]/<primary>/<processed>/<tier>/<folder...>?plot=<ME path>&q=<words>&size=<s|m|l|xl>&quantity=<name>&diff=1&<drawing options>

Names of folders and monitor elements (MEs) are bytes that can contain anything but `/` and NUL, UTF-8 or not. So a path is
taken from the bytes of the request, and every part of one is percent-encoded. Browsers resolve the parts `.` and `..`
however they are encoded; an address has `~` before them, and before parts that have it already.
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
    """`<path:...>` in a route; matches names with line ends as well."""

    regex = "[^/](?s:.*)"


TILE_SIZES = {"s": (200, 150), "m": (266, 200), "l": (400, 300), "xl": (532, 400)}
"""Width and height of the plots of a list, pixels, by the value of `size`."""
DEFAULT_SIZE = "m"
LARGE = (720, 540)
"""Width and height of a large plot, pixels; it fits a screen of 1366x768 below the heading."""
LARGEST = (1200, 900)
"""Width and height of a large plot with `size=xl`, pixels."""

OPTIONS = ("stats", "norm", "errors", "drawopts", *(f"{axis}{option}" for axis in "xyz" for option in ("type", "min", "max")))
"""Drawing options in addresses; the render API has the same names."""

_DOTS = re.compile(rb"~*\.{1,2}")
_SAMPLE = re.compile(rb"(\d{1,9})(?::(\d{1,9}))?")


@lru_cache(10_000)
def quote_path(path: bytes) -> str:
    """An ME path or folder in the form that it has in addresses."""
    return "/".join(quote(b"~" + part if _DOTS.fullmatch(part) else part, safe="") for part in path.split(b"/"))


def unquote_path(parts: list[bytes]) -> bytes:
    """The reverse of `quote_path`, for parts that are percent-decoded already."""
    return b"/".join(part[1:] if part.startswith(b"~") and _DOTS.fullmatch(part) else part for part in parts)


def text(name: bytes) -> str:
    """A name as text; bytes that are not UTF-8 become \\x and their number."""
    return name.decode("utf-8", "backslashreplace")


@lru_cache(1000)
def sample_path(key: SampleKey) -> str:
    """A sample in an address: run[:lumi]/primary/processed/tier."""
    run = f"{key.run}:{key.lumi}" if key.lumi else str(key.run)
    return f"{run}/{quote_path(key.dataset.strip('/').encode())}"


def object_name(key: SampleKey, path: bytes) -> bytes:
    """An ME as a value of `obj` in the query of an overlay, before percent-encoding."""
    run = f"{key.run}:{key.lumi}" if key.lumi else str(key.run)
    return f"archive/{run}{key.dataset}/".encode() + path


@dataclass(frozen=True)
class View:
    """The state of a page of a sample, which its address holds."""

    key: SampleKey
    folder: bytes = b""
    plot: bytes = b""  # whole path of the ME that is shown large, or b""
    q: str = ""  # words of a search
    size: str = DEFAULT_SIZE
    quantity: str = ""  # that the chart over lumisections shows
    diff: bool = False  # whether the difference to the previous lumisection is shown
    options: tuple[tuple[str, str], ...] = ()  # drawing options by name
    stamp: int = 0  # version of the list of an ongoing run, so that browsers load its plots again; not in the address

    def replace(self, **changes: Any) -> View:
        """This view with other values of some fields."""
        return replace(self, **changes)

    @property
    def path(self) -> str:
        """The address of the folder of this view, without a query."""
        path = f"{request.script_root}/browse/{sample_path(self.key)}"
        return f"{path}/{quote_path(self.folder)}" if self.folder else path

    @property
    def query(self) -> dict[str, Any]:
        """The query of the address, without default values."""
        size = "" if self.size == DEFAULT_SIZE else self.size
        diff = "1" if self.diff else ""
        fields = {"plot": self.plot, "q": self.q, "size": size, "quantity": self.quantity, "diff": diff}
        return {name: value for name, value in (fields | dict(self.options)).items() if value}

    @property
    def address(self) -> str:
        """The address of this view."""
        query = urlencode(self.query, errors="surrogateescape", quote_via=quote)
        return f"{self.path}?{query}" if query else self.path

    def of_run(self, run: int) -> View:
        """The same folder and plot of another run of the dataset."""
        return self.replace(key=self.key._replace(run=run))

    def of_dataset(self, dataset: str) -> View:
        """The same folder and plot of another dataset of the run."""
        return self.replace(key=self.key._replace(dataset=dataset))

    def of_lumi(self, lumi: int) -> View:
        """The same folder and plot of another lumisection of the run; 0 is the whole run."""
        return self.replace(key=self.key._replace(lumi=lumi))

    def of_folder(self, folder: bytes) -> View:
        """A folder of this sample, without search and large plot; size and drawing options stay."""
        return self.replace(folder=folder, plot=b"", q="")

    def of_plot(self, path: bytes) -> View:
        """One ME large; folder and search stay, since they define the previous and next plot."""
        return self.replace(plot=path)

    def image(self, path: bytes, size: tuple[int, int]) -> str:
        """The address of the plot of an ME of this sample, with the drawing options of this view."""
        stamp = {"v": self.stamp} if self.stamp else {}
        query = urlencode({"w": size[0], "h": size[1], **dict(self.options), **stamp}, quote_via=quote)
        return f"{self._api_address('render', path)}?{query}"

    def difference(self, path: bytes, lumi: int, size: tuple[int, int]) -> str:
        """The address of the difference plot of an ME against another lumisection."""
        objects = [("obj", object_name(key, path)) for key in (self.key, self.key._replace(lumi=lumi))]
        query = urlencode([*objects, ("ref", "difference"), ("w", size[0]), ("h", size[1]), *self.options], quote_via=quote)
        return f"{request.script_root}/api/v1/render_overlay?{query}"

    def json(self, path: bytes) -> str:
        """The address of an ME of this sample as JSON."""
        return self._api_address("json", path)

    def _api_address(self, kind: str, path: bytes) -> str:
        return f"{request.script_root}/api/v1/{kind}/{sample_path(self.key)}/{quote_path(path)}"

    def with_query(self, query: str) -> str:
        """The address of this view with something added to its query."""
        return f"{self.address}{'&' if '?' in self.address else '?'}{query}"


def view_from_request() -> View:
    """The view of the address of this request. Raises Problem 404 for an address that names no sample."""
    query = request.query_string.decode("latin-1")
    args = _parse_query(query)
    key, folder = _sample_and_folder(raw_path(skip=1))
    size, quantity = args.get("size", DEFAULT_SIZE), args.get("quantity", "")
    return View(
        key,
        folder,
        plot=args.get("plot", "").encode("utf-8", "surrogateescape"),
        q=args.get("q", "").encode("utf-8", "surrogateescape").decode("utf-8", "replace").strip(),
        size=size if size in TILE_SIZES else DEFAULT_SIZE,
        quantity=quantity if quantity.isprintable() else "",
        diff=args.get("diff") == "1",
        options=options_in_query(query),
    )


def options_in_query(query: str) -> tuple[tuple[str, str], ...]:
    """The drawing options in the query of an address of a page."""
    args = _parse_query(query)
    return tuple((name, args[name]) for name in OPTIONS if args.get(name))


def _parse_query(query: str) -> dict[str, str]:
    return dict(parse_qsl(query, keep_blank_values=True, encoding="utf-8", errors="surrogateescape"))


def _sample_and_folder(path: bytes) -> tuple[SampleKey, bytes]:
    """The sample and the folder in run[:lumi]/primary/processed/tier[/folder...]."""
    sample, *parts = path.split(b"/")
    match = _SAMPLE.fullmatch(sample)
    if not match or len(parts) < 3 or not all(parts[:3]):
        raise Problem(404, "The address of a sample is /browse/<run>[:<lumi>]/<primary>/<processed>/<tier>, then the folder")
    dataset = "/" + unquote_path(parts[:3]).decode("utf-8", "replace")  # a name that is not UTF-8 was never registered
    return SampleKey(int(match[1]), int(match[2] or 0), dataset), unquote_path(parts[3:])
