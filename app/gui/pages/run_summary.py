"""The summary of a run: report summary, failing quality tests and age of the data of all subsystems, worst first."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple
from urllib.parse import urlencode

from flask import Blueprint, Response, request

from app.core.zones import ZONES
from app.gui import samples
from app.gui.addresses import FormField, text
from app.gui.catalog.catalog import OpenSample
from app.gui.current import current_catalog
from app.gui.errors import ImportFailed, Importing
from app.gui.files.entries import ONLINE_DATASET, is_live
from app.gui.pages import views
from app.gui.pages.failing import dataset_name
from app.gui.pages.frame import subsystem_updates
from app.gui.pages.live import live_state
from app.gui.pages.run_info import readable_fact
from app.gui.pages.subsystem_state import place
from app.gui.pages.window import PageForm, window_context
from app.gui.pages.workspaces.subsystem_summary import summary_context
from app.gui.quality import FailingCounts, failing_mes
from app.gui.samples import SampleKey
from app.gui.view import WINDOWS, View
from app.security import Role, needs
from app.web import Problem, nothing_new, page
from app.web.arguments import choice_arg, int_arg

blueprint = Blueprint("gui_summary", __name__)

PAGE = "gui/run_summary.html"


class FailingSubsystem(NamedTuple):
    """A subsystem without a report summary that has MEs with failing quality tests."""

    name: str
    counts: FailingCounts
    address: str  # of their list


@blueprint.get("/runs/<int:run>/summary")
@needs(Role.VIEWER)
def run_summary(run: int) -> Response:
    """The subsystems of a run, 0 for the ongoing one, in one of its datasets (`dataset=`). `since=` is a poll of an ongoing run."""
    keys = samples.of_run(run)
    key = _chosen(run, keys, request.args.get("dataset", ""))
    view = View(key, tz=choice_arg("tz", tuple(ZONES)), window=int_arg("window", 0, WINDOWS[-1]))
    live = live_state(current_catalog().freshness(view.key)) if is_live(run, view.key.dataset) else None
    if live and (unchanged := nothing_new(live.version)):
        return unchanged
    frame = {
        "view": view,
        "key": view.key,
        "datasets": [(dataset_name(key), _address(view.replace(key=key)), key == view.key) for key in keys],
        "plots": view.address,
        "failing_list": f"{request.script_root}/runs/{run}/failing",
        "live": live,
        "summaries": (),
        **_neighbours(view),
    }
    try:
        sample = current_catalog().open(view.key, views.WAIT_S)
    except Importing:
        return page(PAGE, PAGE, **frame, poll=_address(view))
    except ImportFailed as failure:
        return page(PAGE, PAGE, **frame, problem=failure.reason)
    if live:
        view = view.replace(stamp=sample.version)
        live = live_state(current_catalog().freshness(view.key), sample)
        frame |= {"live": live, "live_poll": f"{_address(view)}&since={live.version}"}
    return page(PAGE, PAGE, **frame | {"view": view, "sample": sample} | _values(sample, view))


def _chosen(run: int, keys: Sequence[SampleKey], dataset: str) -> SampleKey:
    """The sample of a dataset; without a name that of the ongoing run of P5, else the first. Raises Problem 404."""
    found = [key for key in keys if key.dataset == dataset] if dataset else sorted(keys, key=lambda key: key.dataset != ONLINE_DATASET)
    if found:
        return found[0]
    if not run and not keys:
        raise Problem(404, "No run is ongoing: no file of a live run is registered")
    others = f"; it has {', '.join(key.dataset for key in keys[:3])}" if keys else ""
    raise Problem(404, f"Run {run} has no dataset {dataset}{others}" if dataset else f"No dataset of run {run} is registered")


def _address(view: View) -> str:
    """The address of the summary of the run of a view."""
    query = {"dataset": view.key.dataset, "tz": view.tz} | ({"window": view.window} if view.window else {})
    return f"{request.script_root}/runs/{view.key.run}/summary?{urlencode(query, safe='/')}"


def _fields(view: View) -> list[FormField]:
    return [FormField("dataset", view.key.dataset), FormField("tz", view.tz)]


def _neighbours(view: View) -> dict[str, str | None]:
    """Addresses of the summaries of the runs before and after that of a view."""
    found = samples.neighbours(view.key) if view.key.run else (None, None)
    names = ("previous_run", "next_run")
    return {name: _address(view.of_run(run)) if run else None for name, run in zip(names, found, strict=True)}


def _values(sample: OpenSample, view: View) -> dict[str, Any]:
    """What the page shows of a sample."""
    updates, written = subsystem_updates(sample), sample.file_version.mtime_ns  # 0: copies of the file on servers have times of their own
    context = summary_context(sample, view, "quality")
    summaries = sorted(context["summaries"], key=lambda each: place(each.failing, each.value, updates.get(each.name)))
    names = {each.name for each in summaries}
    others = [each for each in _failing_subsystems(sample, view) if each.name not in names]
    return context | {
        "summaries": summaries,
        "updates": updates,
        "written": readable_fact("processTimeStamp", str(written / 1e9), view.tz) if written else "",
        "others": sorted(others, key=lambda each: place(each.counts, None, None)),
        **window_context(sample, view, PageForm(_address, request.script_root + request.path, _fields(view))),
        "zones": [(name, _address(view.replace(tz=name)), name == view.tz) for name in ZONES],
    }


def _failing_subsystems(sample: OpenSample, view: View) -> Iterator[FailingSubsystem]:
    failing = failing_mes(sample.columns)
    for folder in sample.names.folder(b"").subfolders:
        counts = failing.counts(folder.first, folder.last)
        if any(counts):
            yield FailingSubsystem(text(folder.name), counts, view.of_folder(folder.name).replace(failing=True).address)
