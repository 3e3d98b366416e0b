"""What the hub has of the run of a job: plots, and points of trends. The page of the job loads it when it comes into view."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from flask import Blueprint, Response

from app.core.area import RunLink, RunPoint, current_areas
from app.diary import jobs
from app.diary.models import DiaryJob
from app.diary.pages.job_view import job_view
from app.diary.pages.presenters import PATH, name_of
from app.diary.settings import DiarySettings
from app.formats import Kind
from app.gui.addresses import text
from app.gui.catalog.catalog import OpenSample
from app.gui.current import current_catalog
from app.gui.errors import GuiError, Importing
from app.gui.samples import LARGEST, SampleKey, of_run
from app.gui.search_terms import Lists, find_matches
from app.gui.search_words import parse_search
from app.gui.view import TILE_SIZES, View
from app.security import Role, needs
from app.web import page, request_settings
from app.web.arguments import parse_int
from app.web.frame import links_to_run

blueprint = Blueprint("diary_job_run", __name__)

MAX_DATASETS = 3
MAX_PLOTS = 8
"""Plots of each dataset."""
MAX_FOUND = 200
MAX_POINTS = 30
SIZE = TILE_SIZES["m"]


class RunPlot(NamedTuple):
    """A plot of the run."""

    name: str
    address: str
    image: str


@dataclass(frozen=True)
class DatasetPlots:
    """Plots of a dataset of the run."""

    dataset: str
    address: str  # of all that the search finds in it
    plots: list[RunPlot]
    problem: str = ""  # why there are none
    is_pending: bool = False  # the list of the sample is being read


def run_of(job: DiaryJob) -> tuple[int, str]:
    """The run and dataset of a job by its labels; 0 and "" for none."""
    labels = job.value_of("labels")
    return parse_int(labels.get("run", ""), LARGEST) or 0, labels.get("dataset", "")


def run_links(run: int) -> list[RunLink]:
    """Links to the pages of a run in all areas."""
    return links_to_run(run, "diary") if run else []


@blueprint.get(f"{PATH}/jobs/<int:number>/run")
@needs(Role.VIEWER)
def show_run(number: int) -> Response:
    """Plots and points of the run of a job, alone for htmx, otherwise as a page."""
    job = jobs.find_job(number)
    run, dataset = run_of(job)
    samples = [key for key in (of_run(run) if run else []) if not dataset or key.dataset == dataset]
    search = request_settings().of(DiarySettings).diary_run_plots
    return page(
        "diary/job_run.html",
        "diary/job_run_fragment.html",
        view=job_view(),
        job=job,
        name=name_of(job),
        run=run,
        links=run_links(run),
        datasets=[_plots(key, search) for key in samples[:MAX_DATASETS]] if search else [],
        others=len(samples[MAX_DATASETS:]) if search else 0,
        size=SIZE,
        points=_points(run, dataset),
    )


def _points(run: int, dataset: str) -> list[RunPoint]:
    return [point for area in current_areas() if area.run_points and run for point in area.run_points(run, dataset, MAX_POINTS)]


def _plots(key: SampleKey, search: str) -> DatasetPlots:
    view = View(key, q=search)
    try:
        sample = current_catalog().open(key, 0.0)
        return DatasetPlots(key.dataset, view.address, [_plot(sample, view, index) for index in _found(sample, search)])
    except GuiError as error:  # such as a list that is being read for the first time
        return DatasetPlots(key.dataset, view.address, [], str(error), isinstance(error, Importing))


def _found(sample: OpenSample, search: str) -> list[int]:
    """The first monitor elements that the search finds and that can be drawn."""
    found = find_matches(parse_search(search), Lists(sample.names, sample.columns), MAX_FOUND)
    return [index for index in found if not Kind(sample.columns.kind[index]).scalar][:MAX_PLOTS]


def _plot(sample: OpenSample, view: View, index: int) -> RunPlot:
    path = sample.names[index]
    return RunPlot(text(path), view.replace(plot=path).address, view.image(path, SIZE))
