"""The job diary: every job that is found somewhere, followed while it runs, with an append-only history.

`sources` find jobs: each module there asks one kind of place and returns observations. `observations` checks and stores
them: the later observation wins by its own time. `jobs` is what people read and set, `pages` the pages, `api` what scripts get.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Flask


def init_app(app: Flask) -> None:
    """Add the pages and the API."""
    from app.diary.api import old_links, v1
    from app.diary.errors import DiaryError
    from app.diary.pages import bulk, downloads, job, job_list, job_log, job_review, job_run, saved
    from app.diary.problems import problem_of
    from app.web.errors import map_errors

    map_errors(app, DiaryError, problem_of)
    for module in (job_list, downloads, bulk, saved, job, job_log, job_review, job_run, v1, old_links):
        app.register_blueprint(module.blueprint)
