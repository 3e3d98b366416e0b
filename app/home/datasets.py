"""The page on which a dataset is chosen in steps: primary dataset, processed dataset, tier, and the run if one likes."""

from __future__ import annotations

from typing import NamedTuple

from flask import request
from werkzeug.utils import redirect
from werkzeug.wrappers import Response

from app.gui.dataset_parts import PARTS, PartValues, choose, is_known_run, samples_of
from app.gui.view import View
from app.web import page
from app.web.links import NavLink, link

MAX_VALUES = 200
"""Values of a part, or runs, in a list."""

TITLES = {"primary": "Primary dataset", "processed": "Processed dataset", "tier": "Data tier", "run": "Run"}
"""Fields of the form with their labels."""


class Column(NamedTuple):
    """The choice of one part or of the run."""

    name: str  # of the field
    title: str
    typed: str
    links: list[NavLink]
    remaining: int | None  # values that are not listed; None: some, their number is unknown
    clear: str  # the address without this choice, or "" if there is none
    hint: str  # what to do where nothing is listed, or ""


def datasets_page() -> Response:
    """The form with the lists; a sample, if the form was sent with a dataset and a run."""
    typed = {name: request.args.get(name, "").strip() for name in TITLES}
    run = is_known_run(typed["run"])
    found = choose((typed["primary"], typed["processed"], typed["tier"]), run)
    keys = samples_of(found.dataset, typed["run"], MAX_VALUES + 1) if found.dataset else []
    sample = next((View(key).address for key in keys if key.run == run), "")
    if sample and "go" in request.args:
        return redirect(sample)
    columns = [_part_column(typed, name, values) for name, values in zip(PARTS, found.parts, strict=True)]
    runs = [NavLink(str(key.run or "Live"), View(key).address, key.run == run) for key in keys[:MAX_VALUES]]
    hint = "" if runs else "No such run of this dataset" if found.dataset else "Runs are listed once one dataset is left"
    remaining = None if len(keys) > MAX_VALUES else 0
    columns.append(Column("run", TITLES["run"], typed["run"], runs, remaining, _address(typed, "run", "") if typed["run"] else "", hint))
    return page("home/datasets.html", "home/datasets_fragment.html", columns=columns, found=found, run=run, sample=sample)


def _part_column(typed: dict[str, str], name: str, values: PartValues) -> Column:
    links = [NavLink(value, _address(typed, name, value), value == values.chosen) for value in values.values[:MAX_VALUES]]
    remaining = max(0, len(values.values) - MAX_VALUES)
    hint = "" if links else "None goes with the other choices"
    return Column(name, TITLES[name], typed[name], links, remaining, _address(typed, name, "") if typed[name] else "", hint)


def _address(typed: dict[str, str], name: str, value: str) -> str:
    """The address of the page with another value of one field."""
    return link("/datasets", {**typed, name: value})
