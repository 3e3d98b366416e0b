"""Lists of monitor elements (MEs) with failing quality tests: of a sample, and of all datasets of a run; worst first."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple, TypeVar

from flask import Blueprint, Response, request

from app.formats import QTest
from app.gui.addresses import FormField, form_field, text
from app.gui.catalog.catalog import OpenSample
from app.gui.errors import InvalidInput
from app.gui.files.entries import is_live
from app.gui.pages.failing_mes import DatasetFailing, FailingME, current_failing_cache, failing_me
from app.gui.pages.frame import frame_of_request
from app.gui.pages.listing import failing_list
from app.gui.pages.marked import marks_context
from app.gui.pages.parts import requested_part
from app.gui.pages.readable import readable_real
from app.gui.pages.tile import SCALARS, with_badges
from app.gui.pages.window import PageWindow, page_window
from app.gui.quality import FAILING, FailingCounts, rank_of, status_badge
from app.gui.samples import LARGEST, SampleKey
from app.gui.view import View
from app.security import Role, needs
from app.web import Problem, etag_of, is_fragment, nothing_new, page
from app.web.badges import Badge

blueprint = Blueprint("gui_failing", __name__)

ROWS_PER_PAGE = 200
"""More rows are loaded on demand."""


_T = TypeVar("_T")


class FailingRow(NamedTuple):
    """An ME in a list."""

    name: str
    folder: str
    dataset: str
    address: str  # of its plot, from which previous and next lead through the list of its sample
    folder_address: str
    dataset_address: str  # of the list of its sample
    status: Badge | None
    tests: list[tuple[QTest, Badge | None]]  # those that fail, worst first
    then: Badge | None  # its status at the start of the window of the page, if it was another one
    is_newly_failing: bool  # whether it did not fail at the start of the window
    mark: FormField | None  # its field `mark` in the form of a list of one sample; None for a number or text


class RecoveredRow(NamedTuple):
    """An ME that failed at the start of a window and passes now."""

    path: str
    address: str  # of its plot
    then: Badge | None
    now: Badge | None


class RecoveredMEs(NamedTuple):
    """The MEs that failed at the start of a window and pass now."""

    rows: list[RecoveredRow]
    more: int  # that are not shown


def failing_page(sample: OpenSample, view: View) -> Response:
    """The MEs below a folder of a sample whose quality tests fail; with a search those that match it."""
    try:
        mes, problem = failing_list(sample, view), ""
    except InvalidInput as error:
        mes, problem = [], error.message
    statuses = [sample.columns.status[index] for index in mes]
    shown, context = _part(mes, view.address)
    window = page_window(sample, view)
    marks = {index: form_field("mark", sample.names[index]) for index in shown if sample.columns.kind[index] not in SCALARS}
    response = page(
        "gui/failing.html",
        "gui/failing_rows.html" if "from" in request.args else "gui/failing_fragment.html",
        rows=[_row(view, failing_me(sample, index), marks.get(index), window) for index in shown],
        recovered=_recovered(sample, view, window) if window else None,
        counts=FailingCounts(*(statuses.count(code) for code in FAILING)),
        problem=problem,
        all_mes=view.replace(failing=False).address,
        with_dataset=False,
        **context,
        **marks_context(view, list(marks.values())),
        **frame_of_request(view, sample),
    )
    if problem and not is_fragment():
        response.status_code = 400
    return response


def _recovered(sample: OpenSample, view: View, window: PageWindow) -> RecoveredMEs:
    """The MEs below the folder of a view that failed at the start of the window and pass now."""
    found = window.changes.recovered_below(view.folder)
    rows = [_recovered_row(sample, view, window, path) for path in found[:ROWS_PER_PAGE]]
    return RecoveredMEs(rows, len(found) - len(rows))


def _recovered_row(sample: OpenSample, view: View, window: PageWindow, path: bytes) -> RecoveredRow:
    now = sample.columns.status[sample.names.find(path) or 0]
    address = view.replace(failing=False).of_folder(path.rpartition(b"/")[0]).of_plot(path).address
    return RecoveredRow(text(path), address, status_badge(window.status_then(path)), status_badge(now))


@blueprint.get("/runs/<int:run>/failing")
@needs(Role.VIEWER)
def run_failing(run: int) -> Response:
    """The MEs of all datasets of a run whose quality tests fail. `since=` is a poll, while files are read or the run is ongoing."""
    found = current_failing_cache().of_run(run) if run <= LARGEST else []
    if not found:
        raise Problem(404, f"No dataset of run {run} is registered")
    state = etag_of(*(dataset.state for dataset in found))[:16]
    if unchanged := nothing_new(state):
        return unchanged
    lists = {dataset.key: View(dataset.key, failing=True) for dataset in found}
    mes = sorted(((me, dataset.key) for dataset in found for me in dataset.mes), key=_order)
    address = f"{request.script_root}{request.path}"
    shown, context = _part(mes, address)
    return page(
        "gui/run_failing.html",
        "gui/failing_rows.html" if "from" in request.args else "gui/run_failing_fragment.html",
        run=run,
        rows=[_row(lists[key], me) for me, key in shown],
        counts=FailingCounts(*map(sum, zip(*(dataset.counts for dataset in found), strict=True))),
        datasets=[(dataset_name(dataset.key), dataset, lists[dataset.key].address) for dataset in found],
        pending=any(dataset.pending for dataset in found),
        with_dataset=True,
        poll=f"{address}?since={state}" if any(_changes(dataset) for dataset in found) else "",
        **context,
    )


def dataset_name(key: SampleKey) -> str:
    """The name of a dataset in the list of a run, with the lumisection if there is no list of the whole run."""
    return f"{key.dataset}, lumisection {key.lumi}" if key.lumi else key.dataset


def _order(item: tuple[FailingME, SampleKey]) -> tuple[int, bytes, str]:
    """Worst first; MEs of the same name in several datasets are together."""
    me, key = item
    return rank_of(me.status), me.path, key.dataset


def _changes(dataset: DatasetFailing) -> bool:
    """Whether the list of a dataset will change by itself."""
    return dataset.pending or is_live(dataset.key.run, dataset.key.dataset)


def _part(mes: Sequence[_T], address: str) -> tuple[Sequence[_T], dict[str, Any]]:
    """The part of a list that this request shows, and values of gui/failing_rows.html."""
    start, end = requested_part(ROWS_PER_PAGE)
    more = f"{address}{'&' if '?' in address else '?'}from={end}" if end < len(mes) else ""
    return mes[start:end], {"more": more, "remaining": max(0, len(mes) - end), "readable": readable_real, "page_size": ROWS_PER_PAGE}


def _row(view: View, me: FailingME, mark: FormField | None = None, window: PageWindow | None = None) -> FailingRow:
    folder, _, name = me.path.rpartition(b"/")
    then = window.status_then(me.path) if window and window.start else me.status
    return FailingRow(
        name=text(name),
        folder=text(folder),
        dataset=dataset_name(view.key),
        address=view.of_plot(me.path).address,
        folder_address=view.of_folder(folder).address,
        dataset_address=view.address,
        status=status_badge(me.status),
        tests=with_badges(me.tests),
        then=status_badge(then) if then != me.status else None,
        is_newly_failing=then not in FAILING,
        mark=mark,
    )
