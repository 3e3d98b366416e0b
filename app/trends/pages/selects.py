"""The dependent choices of subsystem, primary dataset and processing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from app.trends.pages.view import TrendView

Selections = Mapping[str, Mapping[str, list[str]]]
"""Subsystem to primary dataset to the processings with points."""


class Select(NamedTuple):
    """One of the choices.

    Attributes:
        name: Of its field.
        label: For users.
        values: What has points, in the order of the list.
        chosen: The value of the view, "" for none.
        addresses: The page with each of the values.
    """

    name: str
    label: str
    values: list[str]
    chosen: str
    addresses: list[str]

    @property
    def is_unknown(self) -> bool:
        """Whether the value of the view has no points."""
        return bool(self.chosen) and self.chosen not in self.values


def completed(view: TrendView, selections: Selections) -> TrendView:
    """The view with what is the only choice, and without a second processing that is the first one."""
    datasets = selections.get(view.subsystem, {})
    if not view.pd and len(datasets) == 1:
        view = view.replace(pd=next(iter(datasets)))
    processings = datasets.get(view.pd, [])
    if not view.ps and len(processings) == 1:
        view = view.replace(ps=processings[0])
    return view.replace(ps2="") if view.ps2 == view.ps else view


def selects(view: TrendView, selections: Selections) -> list[Select]:
    """The choices of a view; each has what goes with those before it, and the first with those after it if it is open."""
    datasets = selections.get(view.subsystem, {}) if view.subsystem else _all_datasets(selections)
    processings = datasets.get(view.pd, [])
    fitting = [] if view.subsystem else [name for name in selections if _has(selections[name], view)]
    return [
        _select(view, "subsystem", "Subsystem", fitting or selections),
        _select(view, "pd", "Primary dataset", datasets),
        _select(view, "ps", "Processing", processings),
        _select(view, "ps2", "Second processing", [each for each in processings if each != view.ps]),
    ]


def _all_datasets(selections: Selections) -> dict[str, list[str]]:
    found: dict[str, set[str]] = {}
    for datasets in selections.values():
        for name, processings in datasets.items():
            found.setdefault(name, set()).update(processings)
    return {name: sorted(processings) for name, processings in found.items()}


def _has(datasets: Mapping[str, list[str]], view: TrendView) -> bool:
    """Whether a subsystem with these datasets has the ones of a view."""
    wanted = [datasets.get(view.pd, [])] if view.pd else list(datasets.values())
    return any(view.ps in processings if view.ps else processings for processings in wanted)


def undecided(found: list[Select]) -> Select | None:
    """The first choice that has to be made, or made in another way, before there are charts."""
    return next((each for each in found if each.is_unknown or (not each.chosen and each.name != "ps2")), None)


def _select(view: TrendView, name: str, label: str, values: Iterable[str]) -> Select:
    found = sorted(values)
    return Select(name, label, found, getattr(view, name), [view.replace(**{name: value, "page": 1}).address for value in found])
