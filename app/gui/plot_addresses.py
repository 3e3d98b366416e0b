"""Addresses of the plots of a page: those of its sample, with references, drawing options and what a layout says."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Protocol
from urllib.parse import quote, urlencode

from flask import request

from app.gui.addresses import MAX_ADDRESS, object_name, quote_path, sample_path, text
from app.gui.drawing_options import COMPARISON_OPTIONS, DrawingOptions, in_order, usable_options
from app.gui.references import COMPARISONS, MAX_REFERENCES, Reference, drawable_label
from app.gui.samples import SampleKey


class DrawnCell(Protocol):
    """What the picture of a plot in a layout depends on: see PlotCell of app.gui.layouts.layout."""

    @property
    def plot(self) -> str:
        """Path of the monitor element (ME)."""

    @property
    def drawn(self) -> tuple[tuple[str, str], ...]:
        """Names and values of drawing options as written; those that are wrong are left out."""

    @property
    def overlay(self) -> tuple[str, ...]:
        """Paths of MEs of the same sample that are drawn over it."""

    @property
    def reference(self) -> str:
        """ "no": no references are drawn with it."""


@dataclass(frozen=True)
class PlotAddresses:
    """How the plots of a page are drawn, and their addresses."""

    key: SampleKey
    references: tuple[Reference, ...] = field(default=(), kw_only=True)
    compare: str = field(default=COMPARISONS[0], kw_only=True)  # how references are shown
    options: DrawingOptions = field(default=(), kw_only=True)  # of all plots without options of their own
    own_options: tuple[tuple[bytes, DrawingOptions], ...] = field(default=(), kw_only=True)  # by ME path
    stamp: int = field(
        default=0, kw_only=True
    )  # version of the list of an ongoing run, so that browsers load its plots again; not in the address
    window: int = field(default=0, kw_only=True)  # the last lumisections that the plots show; 0: those of the whole run
    has_window: bool = field(default=False, kw_only=True)  # whether the sample can have windows; not in the address
    cell: DrawnCell | None = field(default=None, kw_only=True)  # the plot of a layout that is drawn; not in the address

    def options_of(self, path: bytes) -> DrawingOptions:
        """The drawing options of the plot of an ME: those of the view, and of the layout where the view has none."""
        return in_order(dict(self.layout_options(path)) | dict(self.view_options(path)))

    def view_options(self, path: bytes) -> DrawingOptions:
        """The drawing options of the plot of an ME in the address: its own, or those of all plots, and those for references."""
        own = dict(self.own_options).get(path)
        if own is None:
            return self.options
        return in_order({name: value for name, value in self.options if name in COMPARISON_OPTIONS} | dict(own))

    def layout_options(self, path: bytes) -> DrawingOptions:
        """The drawing options that the layout has for the plot of an ME."""
        return _usable(self.cell.drawn) if self.cell and path == plot_path(self.cell) else ()

    def references_of(self, path: bytes) -> tuple[Reference, ...]:
        """The references of the plot of an ME: none if the layout says so."""
        return () if self.cell and self.cell.reference == "no" and path == plot_path(self.cell) else self.references

    def overlay_of(self, path: bytes) -> tuple[bytes, ...]:
        """Paths of the MEs that the layout draws over the plot of an ME."""
        if not self.cell or path != plot_path(self.cell):
            return ()
        return tuple(map(encoded, self.cell.overlay))[:MAX_REFERENCES]

    def cell_image(self, cell: DrawnCell, size: tuple[int, int]) -> str:
        """The address of the plot of a cell; without options, overlay and policy of its own it is that of the plot elsewhere."""
        return replace(self, cell=cell).image(plot_path(cell), size)

    def image(self, path: bytes, size: tuple[int, int]) -> str:
        """The address of the plot of an ME of this sample with its references, unless they are shown beside it."""
        return self.comparison(path, size)[0]

    def comparison(self, path: bytes, size: tuple[int, int]) -> tuple[str, int]:
        """The address of `image`, and how many references fit in it: the first ones. Their number is the same for all sizes."""
        references = self.references_of(path)
        if self.compare == "side":
            return self._own_picture(path, size), len(references)
        for count in range(min(len(references), MAX_REFERENCES - len(self.overlay_of(path))), 0, -1):
            address = self._comparison_address(path, references[:count], size)
            if len(address) - len(f"{size[0]}{size[1]}") <= MAX_ADDRESS:
                return address, count
        return self._own_picture(path, size), 0

    def image_of(self, reference: Reference, path: bytes, size: tuple[int, int]) -> str:
        """The address of the plot of a reference beside the plot of an ME of this sample."""
        overlay = () if reference.path else self.overlay_of(path)
        return self._picture(reference.key(self.key), reference.me_path(path), overlay, size, self.options_of(path), [])

    def difference(self, path: bytes, lumi: int, size: tuple[int, int]) -> str:
        """The address of the difference plot of an ME against another lumisection, whose contents are not scaled."""
        objects = [(self.key, path), (self.key._replace(lumi=lumi), path)]
        return self._objects(objects, [("ref", "difference"), ("norm", "false")], size, self.options_of(path))

    def json(self, path: bytes) -> str:
        """The address of an ME of this sample as JSON."""
        return self._json(self.key, path, self._windows())

    def json_in(self, key: SampleKey, path: bytes) -> str:
        """The address of an ME of a sample as JSON, whole."""
        return self._json(key, path, [])

    def _json(self, key: SampleKey, path: bytes, window: list[tuple[str, str]]) -> str:
        query = urlencode([*window, *self._stamp()])
        return f"{self._api_address('json', key, path)}{'?' if query else ''}{query}"

    def _own_picture(self, path: bytes, size: tuple[int, int]) -> str:
        """The address of the plot of an ME of this sample without references."""
        overlay = self.overlay_of(path)
        return self._picture(self.key, path, overlay, size, self.options_of(path), self._windows(0, len(overlay)))

    def _picture(
        self,
        key: SampleKey,
        path: bytes,
        overlay: Sequence[bytes],
        size: tuple[int, int],
        options: DrawingOptions,
        windows: list[tuple[str, str]],
    ) -> str:
        """The address of the plot of an ME of a sample without references."""
        if overlay:
            more = [("ref", COMPARISONS[0]), *_labels(overlay), *windows]
            return self._objects([(key, each) for each in (path, *overlay)], more, size, options)
        query = urlencode([("w", size[0]), ("h", size[1]), *options, *windows, *self._stamp()], quote_via=quote)
        return f"{self._api_address('render', key, path)}?{query}"

    def _windows(self, references: int = 0, overlay: int = 0) -> list[tuple[str, str]]:
        """The window of an ME of this sample and of those drawn over it; references are whole."""
        if not (self.window and self.has_window):
            return []
        own = ("window", str(self.window))
        return [own, *[("window", "0")] * references, *[own] * overlay] if overlay else [own]

    def _comparison_address(self, path: bytes, references: Sequence[Reference], size: tuple[int, int]) -> str:
        overlay = self.overlay_of(path)
        objects = [
            (self.key, path),
            *((each.key(self.key), each.me_path(path)) for each in references),
            *((self.key, each) for each in overlay),
        ]
        labels = [*(("reflabel", each.shown_label(self.key)) for each in references), *_labels(overlay)]
        windows = self._windows(len(references), len(overlay))
        return self._objects(objects, [("ref", self.compare), *labels, *windows], size, self.options_of(path))

    def _objects(
        self, objects: list[tuple[SampleKey, bytes]], more: list[tuple[str, str]], size: tuple[int, int], options: DrawingOptions
    ) -> str:
        """The address of several MEs in one plot."""
        values = [("obj", object_name(*each)) for each in objects]
        others = (option for option in options if option[0] not in dict(more))
        fields = [*values, *more, ("w", size[0]), ("h", size[1]), *others, *self._stamp()]
        return f"{request.script_root}/api/v1/render_overlay?{urlencode(fields, quote_via=quote)}"

    def _stamp(self) -> list[tuple[str, int]]:
        return [("v", self.stamp)] if self.stamp else []

    def _api_address(self, kind: str, key: SampleKey, path: bytes) -> str:
        return f"{request.script_root}/api/v1/{kind}/{sample_path(key)}/{quote_path(path)}"


def plot_path(cell: DrawnCell) -> bytes:
    """The path of the ME of a cell, as lists of MEs have it."""
    return encoded(cell.plot)


def encoded(path: str) -> bytes:
    """A path of an ME in a layout, as lists of MEs have it."""
    return path.encode("utf-8", "surrogateescape")


def _labels(overlay: Sequence[bytes]) -> list[tuple[str, str]]:
    return [("reflabel", drawable_label(text(path.rpartition(b"/")[2]))) for path in overlay]


@lru_cache(4096)
def _usable(drawn: tuple[tuple[str, str], ...]) -> DrawingOptions:
    return usable_options(dict(drawn))[0]
