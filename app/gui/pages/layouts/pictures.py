"""A layout as a grid of its plots, drawn from a sample that is chosen for that."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from markupsafe import Markup

from app.gui import samples
from app.gui.catalog.catalog import OpenSample
from app.gui.current import current_catalog
from app.gui.errors import ImportFailed, Importing, UnknownSample
from app.gui.layouts.descriptions import description_html
from app.gui.layouts.layout import Layout, PlotCell
from app.gui.layouts.scopes import ONLINE_DATASET, SCOPES, scope_of
from app.gui.layouts.showing.placed import PlacedCell, place
from app.gui.quality import status_badge
from app.gui.samples import LARGEST, SampleKey
from app.gui.view import View
from app.web.arguments import parse_int
from app.web.badges import Badge

WAIT_S = 1.0
"""Longest wait for the list of a sample that is being read."""

PICTURE = (266, 200)
"""Width and height of a plot, pixels."""

NEWEST = 50
"""Samples of the latest runs among which the newest one of a scope is looked for."""


class Pictured(NamedTuple):
    """A cell of a grid with its plot. `cell` is None for a gap."""

    cell: PlotCell | None
    name: str = ""  # last parts of the path of the ME, as many as tell it from the other plots
    image: str = ""  # address of the plot; "" for a gap, a number or text, and an ME that the sample does not have
    value: str = ""  # of a number or text
    status: Badge | None = None
    is_missing: bool = False  # whether the sample does not have the ME

    @property
    def about(self) -> list[tuple[str, Markup]]:
        """Label and text of the description and of the help for shifters, as far as there are any."""
        if self.cell is None:
            return []
        good, bad, action, contact = self.cell.help
        texts = [("Description", self.cell.text), ("Good example", " ".join(good)), ("Bad example", " ".join(bad))]
        texts += [("What to do", action), ("Contact", contact)]
        return [(label, description_html(text)) for label, text in texts if text.strip()]


class ChosenSample(NamedTuple):
    """The sample from which plots are drawn.

    Attributes:
        run, dataset: As they are shown in the fields of a form.
        sample: None if it is not available.
        problem: Why it is not, or "".
        datasets: Datasets of the run.
    """

    run: str
    dataset: str
    sample: OpenSample | None = None
    problem: str = ""
    datasets: tuple[str, ...] = ()

    def grid(self, layout: Layout) -> list[list[Pictured]]:
        """A layout on this sample, row by row."""
        names = _names({cell.plot for cell in layout.plots})
        if self.sample is None:
            return [[Pictured(cell, names[cell.plot] if cell else "") for cell in row] for row in layout.rows]
        view = View(self.sample.key)
        return [
            [_picture(cell, names[cell.cell.plot], self.sample, view) if cell else Pictured(None) for cell in row]
            for row in place(layout, self.sample).rows
        ]


def chosen_sample(fields: Mapping[str, str], scopes: tuple[str, ...]) -> ChosenSample:
    """The sample of the fields `run` and `dataset`; without them the newest one of these scopes."""
    run, dataset = fields.get("run", "").strip(), fields.get("dataset", "").strip()
    key = _key(run, dataset) if run or dataset else _newest(scopes)
    if key is None:
        missing = f"There is no sample of {f'run {run}' if run else dataset}" if run or dataset else "There are no samples yet"
        return ChosenSample(run, dataset, problem=missing)
    chosen = ChosenSample(str(key.run), key.dataset, datasets=tuple(samples.datasets_of(key.run)))
    try:
        return chosen._replace(sample=current_catalog().open(key, WAIT_S))
    except (Importing, UnknownSample, ImportFailed) as error:
        return chosen._replace(problem=error.message)


def _key(run: str, dataset: str) -> SampleKey | None:
    """The sample of a run, of a dataset, or of both."""
    number = parse_int(run, LARGEST)
    if number is None:
        return next(iter(samples.runs(run, dataset, 1)), None)
    found = samples.of_run(number)
    named = [key for key in found if key.dataset == dataset]
    return next(iter(named or [key for key in found if dataset.lower() in key.dataset.lower()]), None)


def _newest(scopes: tuple[str, ...]) -> SampleKey | None:
    """The sample of the latest run of the first of these scopes that has any, else of another scope."""
    words = {"online": ONLINE_DATASET, "offline": "", "relval": "relval"}
    for scope in (*scopes, *SCOPES):
        for key in samples.runs(dataset=words[scope], limit=NEWEST):
            if scope_of(key.dataset) == scope:
                return key
    return None


def _picture(placed: PlacedCell, name: str, sample: OpenSample, view: View) -> Pictured:
    found = Pictured(placed.cell, name, status=status_badge(placed.status))
    if placed.me is None:
        return found._replace(is_missing=True)
    if placed.is_scalar:
        return found._replace(value=sample.scalar(placed.me))
    return found._replace(image=view.cell_image(placed.cell, PICTURE))


def _names(paths: Iterable[str]) -> dict[str, str]:
    """The last parts of each path, as many as no other path ends with."""
    left, count = set(paths), 0
    found: dict[str, str] = {}
    while left:
        count += 1
        ends = {path: "/".join(path.split("/")[-count:]) for path in left}
        times = Counter(ends.values())
        named = {path: end for path, end in ends.items() if times[end] == 1 or end == path}
        found |= named
        left -= named.keys()
    return found
