"""The state of a page of a sample, which its address holds.

    /browse/<run>[:<lumi>]/<primary>/<processed>/<tier>/<folder...>?plot=<ME path>&q=<words>&size=<s|m|l|xl>&<more>

`app.gui.view_query` reads the query; docs/users/gui.md lists its fields.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import quote, urlencode

from flask import request

from app.core.zones import DEFAULT_ZONE, ZONES
from app.gui.addresses import FormField, form_field, quote_path, sample_path
from app.gui.drawing_options import DrawingOptions
from app.gui.plot_addresses import PlotAddresses
from app.gui.references import COMPARISONS, Reference
from app.gui.samples import SampleKey
from app.web.fields import FieldProblem

TILE_SIZES = {"s": (200, 150), "m": (266, 200), "l": (400, 300), "xl": (532, 400)}
"""Width and height of the plots of a list, pixels, by the value of `size`."""
DEFAULT_SIZE = "m"
ALARMS = ("error", "warning")
"""Values of `status`."""
ONLY = ("failing", "reference")
"""Values of `only`: plots with failing quality tests; plots that one of the references has."""
LARGE = (720, 540)
"""Width and height of a large plot, pixels; it fits a screen of 1366x768 below the heading."""
LARGEST = (1200, 900)
"""Width and height of a large plot with `size=xl`, pixels."""

TABLE_COLUMN = re.compile(r"-?(?:[xyz](?:label)?|polygon(?:label)?|(?:content|error)[1-9]?)", re.ASCII)
"""Values of `sort`: bins or labels of an axis, content or error of the plot, those of a reference with its number."""

_NUMBER = r"-?\d+(?:\.\d+)?(?:e[+-]?\d+)?"
INTERACTIVE = re.compile(rf"on(?:,(?:project:[xy]|[xy]:\d{{1,3}}|zoom[xy]:{_NUMBER}:{_NUMBER}))*", re.ASCII)
"""Values of `interactive`: what static/gui/interactive.js draws, such as `on,project:x,x:4,zoomx:-5:7.5` with bins of x as one."""

MAX_MARKS = 20
"""Marked plots of a view: more do not fit a window."""

MAX_CELLS = 1000
"""Cells of a layout."""

WINDOWS = range(1, 1001)
"""Lengths of windows, lumisections."""

SLIDE_S = range(2, 100)
"""Intervals of a slide show, seconds."""
PLAYS = ("runs", "lumis")
"""Values of `play`: one plot in the runs of its dataset, or in the lumisections of its run."""


@dataclass(frozen=True)
class View(PlotAddresses):
    """The state of a page of a sample."""

    folder: bytes = b""
    plot: bytes = b""  # whole path of the ME that is shown large, or b""
    cell_number: int = 1  # which of the plots of its ME in the layout, of those that show it several times
    q: str = ""  # a search, see app.gui.search_words
    failing: bool = False  # whether the list is that of the MEs below the folder whose quality tests fail
    failing_first: bool = False  # whether such MEs come first in lists
    size: str = DEFAULT_SIZE
    status: str = ""  # "error" or "warning": only MEs with this worst status of their quality tests, of the whole sample
    marks: tuple[bytes, ...] = ()  # whole paths of the marked MEs, without repetitions
    side_by_side: bool = False  # whether the list is that of the marked MEs
    slide_s: int = 0  # interval of the slide show through the list, seconds; 0: no slide show
    play: str = ""  # what the slide show goes through, one of PLAYS; "" for the plots of the list
    quantity: str = ""  # that the chart over lumisections shows
    diff: bool = False  # whether the difference to the previous lumisection is shown
    table: bool = False  # whether the bins of the plot are shown as a table
    sort: str = ""  # column of the table, see TABLE_COLUMN, after "-" for the highest first; "" for the order of the bins
    page: int = 1  # of the table
    interactive: str = ""  # state of the interactive plot, see INTERACTIVE; "" for the picture
    tz: str = DEFAULT_ZONE  # in which times are shown, a key of ZONES
    ws: str = ""  # name of the workspace whose folders are shown
    only: str = ""  # which plots and layouts a folder shows, one of ONLY; "" for all
    shared: str = ""  # random text in the link of a private layout that is shown
    problems: tuple[FieldProblem, ...] = ()  # of the address that was asked for; not in the address

    def replace(self, **changes: Any) -> View:
        """This view with other values of some fields."""
        return replace(self, **changes)

    @property
    def is_search(self) -> bool:
        """Whether the list has MEs of the whole sample instead of those of the folder."""
        return bool(self.q or self.status)

    @property
    def zone(self) -> str:
        """The label of the time zone."""
        return ZONES[self.tz]

    @property
    def path(self) -> str:
        """The address of the folder of this view, without a query."""
        path = f"{request.script_root}/browse/{sample_path(self.key)}"
        return f"{path}/{quote_path(self.folder)}" if self.folder else path

    @property
    def query(self) -> list[tuple[str, str | bytes]]:
        """Names and values of the query of the address, without default values."""
        size = "" if self.size == DEFAULT_SIZE else self.size
        fields: list[tuple[str, str | bytes]] = [("plot", self.plot), ("q", self.q), ("size", size), ("quantity", self.quantity)]
        fields.append(("cell", str(self.cell_number) if self.plot and self.cell_number > 1 else ""))
        fields.append(("window", str(self.window or "")))
        fields += [("ws", self.ws), ("only", self.only), ("shared", self.shared), ("status", self.status)]
        if self.failing or self.failing_first:
            fields += [("failing", "1" if self.failing else ""), ("first", "failing" if self.failing_first else "")]
        fields += [("mark", path) for path in self.marks]
        fields += [("show", "marked" if self.side_by_side else ""), ("slide", str(self.slide_s or "")), ("play", self.play)]
        fields += [("diff", "1" if self.diff else ""), ("table", "1" if self.table else ""), ("sort", self.sort)]
        fields += [("page", "" if self.page == 1 else str(self.page)), ("interactive", self.interactive), *self.options]
        named = (reference for reference in self.references if reference.written())
        for number, reference in enumerate(named, 1):
            fields += [("ref", reference.written()), (f"label{number}", reference.label)]
        fields.append(("compare", "" if self.compare == COMPARISONS[0] else self.compare))
        fields.append(("tz", "" if self.tz == DEFAULT_ZONE else self.tz))
        for number, (path, options) in enumerate(self.own_options, 1):
            fields += [(f"me{number}", path), *((f"me{number}.{name}", value) for name, value in options)]
        return [(name, value) for name, value in fields if value]

    @property
    def address(self) -> str:
        """The address of this view."""
        query = urlencode(self.query, errors="surrogateescape", quote_via=quote)
        return f"{self.path}?{query}" if query else self.path

    def of_run(self, run: int) -> View:
        """The same folder and plot of another run of the dataset."""
        return self._of_key(self.key._replace(run=run))

    def of_dataset(self, dataset: str) -> View:
        """The same folder and plot of another dataset of the run."""
        return self._of_key(self.key._replace(dataset=dataset))

    def of_lumi(self, lumi: int) -> View:
        """The same folder and plot of another lumisection of the run; 0 is the whole run."""
        return self._of_key(self.key._replace(lumi=lumi))

    def _of_key(self, key: SampleKey) -> View:
        return self.replace(key=key, has_window=False)

    def of_folder(self, folder: bytes) -> View:
        """A folder of this sample, without search and large plot; workspace, size, order, marks, references and drawing options stay."""
        here = self.replace(folder=folder, plot=b"", q="", status="", failing=False, side_by_side=False, slide_s=0, play="")
        return here.replace(shared="", page=1, interactive="")

    def of_plot(self, path: bytes, cell_number: int = 1) -> View:
        """One ME large; folder and search stay, since they define the previous and next plot."""
        return self.replace(plot=path, cell_number=cell_number, page=1, interactive="")

    def with_mark(self, path: bytes, marked: bool) -> View:
        """This view with the plot of an ME marked, or not."""
        others = tuple(each for each in self.marks if each != path)
        return self.replace(marks=(*others, path) if marked else others)

    def with_reference(self, reference: Reference) -> View:
        """This view with one more reference."""
        return self.replace(references=(*self.references, reference))

    def with_own_options(self, path: bytes, options: DrawingOptions | None) -> View:
        """This view with drawing options for the plot of one ME; None: it has those of all plots."""
        found = dict(self.own_options)
        if options is None:
            found.pop(path, None)
        else:
            found[path] = options
        return self.replace(own_options=tuple(found.items()))

    @property
    def fields(self) -> list[FormField]:
        """The query as hidden fields of a form."""
        return [form_field(name, value) for name, value in self.query]

    def json_of(self, reference: Reference) -> str:
        """The address of the ME of a reference, for the plot of this view, as JSON."""
        return self.json_in(reference.key(self.key), reference.me_path(self.plot))

    def with_query(self, query: str) -> str:
        """The address of this view with something added to its query."""
        return f"{self.address}{'&' if '?' in self.address else '?'}{query}"
