"""Links that open the layout or workspace for a type of runs and a beam, such as /layouts/open?key=pp_run&in=Tracking."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from flask import Blueprint, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from app.gui import samples
from app.gui.current import layout_index, special_layouts, workspace_menu
from app.gui.layouts.scopes import scope_of
from app.gui.layouts.showing.fitting import FittingCandidate, best_fitting, candidates
from app.gui.samples import LARGEST, SampleKey
from app.gui.view import View
from app.security import Role, needs
from app.web import Problem, page
from app.web.arguments import parse_int

blueprint = Blueprint("open_layout", __name__)

MAX_CHOICES = 200
"""Layouts of a page to choose from."""


class LayoutChoice(NamedTuple):
    """A layout or workspace to choose."""

    candidate: FittingCandidate
    address: str


@blueprint.get("/layouts/open")
@needs(Role.VIEWER)
def open_layout() -> AnyResponse:
    """Redirect to the layout or workspace that fits `key` and `beam`, most exact first; a page lists several that fit equally.

    `in` names a workspace or layout, which opens if nothing of it names the key or beam, a folder of layouts, or a category of
    workspaces; `run` and `dataset` the sample that it opens on, which is the newest one without them.
    """
    key, beam, inside = (request.args.get(name, "").strip(" /") for name in ("key", "beam", "in"))
    if not (key or beam or inside):
        raise Problem(400, "The address names the layout by key= (type of runs), beam= or in= (folder or workspace)")
    found: list[FittingCandidate] = []
    for sample in _samples():
        scope = scope_of(sample.dataset)
        found = candidates(layout_index(scope), workspace_menu(scope), special_layouts(), inside)
        if fitting := best_fitting(found, key, beam):
            choices = [LayoutChoice(each, _address(sample, each)) for each in fitting]
            if len(choices) == 1:
                return redirect(choices[0].address)
            return page("gui/open_layout.html", "gui/open_layout.html", sample=sample, choices=choices[:MAX_CHOICES], count=len(choices))
    raise _nothing_fits(found, key, beam, inside)


def _samples() -> Iterator[SampleKey]:
    """The samples on which a layout can be opened: one of each scope of the run or dataset in the address. Raises Problem."""
    typed_run, dataset = request.args.get("run", "").strip(), request.args.get("dataset", "").strip().rstrip("/")
    run = parse_int(typed_run, LARGEST) if typed_run else None
    if typed_run and run is None:
        raise Problem(400, f"A run is a whole number, not {typed_run!r}")
    found = _of_address(run, dataset)
    if not found:
        raise Problem(404, f"There is no sample of {f'run {run}' if typed_run else 'a run'}{f' of {dataset}' if dataset else ''}")
    by_scope = {scope_of(key.dataset): key for key in reversed(found)}
    return iter(sorted(by_scope.values(), key=found.index))


def _of_address(run: int | None, dataset: str) -> list[SampleKey]:
    if run is not None:
        return [key for key in samples.of_run(run) if dataset in ("", key.dataset)]
    if dataset:
        return [SampleKey(newest, 0, dataset) for newest in samples.runs_of(dataset, limit=1)]
    return samples.ongoing() + [key for newest in samples.latest_runs(limit=1) for key in samples.of_run(newest) if newest]


def _address(sample: SampleKey, found: FittingCandidate) -> str:
    return (View(sample, ws=found.path) if found.is_workspace else View(sample, found.path.encode(errors="surrogatepass"))).address


def _nothing_fits(found: list[FittingCandidate], key: str, beam: str, inside: str) -> Problem:
    place = f" in {inside}" if inside else ""
    if not found:
        return Problem(404, f"There is no layout or workspace{place}" + ("" if inside else " that is meant for some runs alone"))
    wanted = " and ".join(filter(None, (f"the key {key}" if key else "", f"the beam {beam}" if beam else "")))
    keys = sorted({name for each in found for name in each.fits.keys})
    beams = sorted({name for each in found for name in each.fits.beams})
    known = "; ".join(f"{kind} {', '.join(names)}" for kind, names in (("keys", keys), ("beams", beams)) if names)
    return Problem(404, f"No layout or workspace{place} is meant for {wanted}. There are some for {known}")
