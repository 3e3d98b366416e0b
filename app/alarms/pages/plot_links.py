"""Links from alarms and rules to the plots that they are about."""

from __future__ import annotations

from typing import Protocol

from app.alarms.conditions.base import path_text
from app.alarms.models import LAYOUT, WORKSPACE
from app.gui.addresses import quote_path, sample_path
from app.gui.current import layout_index
from app.gui.layouts.scopes import scope_of
from app.gui.samples import SampleKey
from app.web.links import link


class WatchedPlace(Protocol):
    """A place that a rule watches: of a rule or one of its alarms."""

    @property
    def dataset(self) -> str:
        """/primary/processed/tier."""

    @property
    def place_kind(self) -> str:
        """FOLDER, LAYOUT or WORKSPACE."""

    @property
    def place(self) -> str:
        """Path of a folder or layout, name of a workspace."""


def subject_link(place: WatchedPlace, run: int, subject: str) -> str:
    """The address of the plot or folder of an alarm, as the layout or workspace of its rule shows it.

    Args:
        run: 0 for the ongoing run.
        subject: Path of an ME or folder; "" for the sample as a whole.
    """
    if not subject:
        return place_link(place, run)
    folder = _layout_of(place, subject) if place.place_kind == LAYOUT else subject.rpartition("/")[0]
    return link(_folder_path(place.dataset, run, folder), {"plot": subject, "ws": _workspace(place)})


def place_link(place: WatchedPlace, run: int) -> str:
    """The address of the folder, layout or workspace that a rule watches, in a run (0: the ongoing one)."""
    folder = "" if place.place_kind == WORKSPACE else place.place
    return link(_folder_path(place.dataset, run, folder), {"ws": _workspace(place)})


def place_text(place: WatchedPlace) -> str:
    """The place of a rule in words."""
    return f"{place.place_kind} {place.place}" if place.place else "all folders"


def _layout_of(place: WatchedPlace, subject: str) -> str:
    """The layout that shows a plot, where a rule watches a folder of layouts; the place itself if none shows it any more."""
    found = map(path_text, (ref.path for ref in layout_index(scope_of(place.dataset)).of_plot(subject.encode())))
    return next((path for path in found if f"{path}/".startswith(f"{place.place}/")), place.place)


def _workspace(place: WatchedPlace) -> str:
    return place.place if place.place_kind == WORKSPACE else ""


def _folder_path(dataset: str, run: int, folder: str) -> str:
    sample = f"/browse/{sample_path(SampleKey(run, 0, dataset))}"
    return f"{sample}/{quote_path(folder.encode())}" if folder else sample
