"""Declaration of the area "Job diary"."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from app import diary
from app.core.area import Area, CliCommand, HelpTopic, MenuItem, RunLink, StatusLine
from app.diary.review.notices import JobEvents
from app.diary.settings import DiarySettings

if TYPE_CHECKING:
    from prometheus_client import Metric

    from app.core.settings import Settings


def _status(settings: Settings) -> Iterable[StatusLine]:
    from app.diary.status import status_lines

    return status_lines(settings)


def _metrics(settings: Settings) -> Iterable[Metric]:
    from app.diary.status import metrics

    return metrics(settings)


def _help() -> Mapping[str, Any]:
    from app.diary.pages.list_choices import SEARCHES
    from app.diary.pages.presenters import BADGES
    from app.web import request_settings

    return {"badges": BADGES, "searches": SEARCHES, "settings": request_settings().of(DiarySettings)}


def _openapi() -> Mapping[str, Any]:
    from app.diary.api.openapi import PATHS

    return PATHS


def _run_links(run: int) -> Iterable[RunLink]:
    from app.diary.run_links import run_links

    return run_links(run)


AREA = Area(
    name="diary",
    title="Job diary",
    init_app=diary.init_app,
    menu=(MenuItem("Jobs", "/diary"),),
    openapi=_openapi,
    run_links=_run_links,
    status=_status,
    metrics=_metrics,
    jobs="jobs.diary",
    commands={"diary": CliCommand("app.cli.diary", "Data")},
    settings=DiarySettings,
    events=JobEvents(),
    help=(HelpTopic("diary", "Job diary: jobs of all sources", "diary/help.html", _help),),
    endpoints_without_storage=frozenset({"diary_job_review.preview"}),
    roles={
        "diary.show_list": "viewer",
        "diary.field_values": "viewer",
        "diary_downloads.jobs_csv": "viewer",
        "diary_downloads.jobs_json": "viewer",
        "diary_saved.list_searches": "viewer",
        "diary_saved.save": "viewer",
        "diary_saved.delete": "viewer",
        "diary_bulk.list_bulks": "viewer",
        "diary_bulk.show_bulk": "viewer",
        "diary_bulk.new_bulk": "viewer",
        "diary_bulk.review_all": "viewer",
        "diary_bulk.undo": "viewer",
        "diary_job.show_job": "viewer",
        "diary_job_log.show_log": "viewer",
        "diary_job_log.log_text": "viewer",
        "diary_job_run.show_run": "viewer",
        "diary_job_review.save": "public",
        "diary_job_review.show_review": "viewer",
        "diary_job_review.preview": "public",
        "diary_job_review.undo": "viewer",
        "diary_job_review.set_state": "viewer",
        "diary_job_review.tag_choices": "viewer",
        "diary_api.list_jobs": "viewer",
        "diary_api.show_job": "viewer",
        "diary_api.show_history": "viewer",
        "diary_api.review": "viewer",
        "diary_api.pin": "viewer",
        "diary_api.release": "viewer",
        "diary_api.list_bulks": "viewer",
        "diary_api.review_all": "viewer",
        "diary_api.show_bulk": "viewer",
        "diary_api.undo_bulk": "viewer",
        "diary_api.list_sources": "viewer",
        "diary_old_links.old_list": "viewer",
        "diary_old_links.old_job": "viewer",
        "diary_old_links.old_about": "viewer",
    },
)
