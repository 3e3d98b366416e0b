"""DQM Hub: the application of the CMS Data Quality Monitoring crew."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.core import sqlite_library

if TYPE_CHECKING:
    from flask import Flask

    from app.core.area import Area
    from app.core.settings import Settings


sqlite_library.choose()  # before peewee and huey import one


def create_app(settings: Settings | None = None, areas: tuple[Area, ...] | None = None) -> Flask:
    """The web application; refuses to start with UnusableDatabase or SettingError, which say what to do.

    Args:
        settings: Those of the instance; they are loaded when it is None.
        areas: The parts of the product; AREAS when it is None.
    """
    from flask import Flask
    from htmx_flask import Htmx

    from app import web
    from app.areas import AREAS
    from app.core import database, database_schema, metrics
    from app.core.area import check_areas, set_areas
    from app.core.settings import TREE, load, load_secret_key
    from app.queue.execution import connect as connect_queues

    areas = AREAS if areas is None else areas
    check_areas(areas)
    if settings is None:
        set_areas(areas)  # settings name kinds of events of the areas
        settings = load()
    app = Flask("app", root_path=str(TREE), template_folder="templates", static_folder="static")
    app.config["HUB"] = settings
    app.config["MAX_CONTENT_LENGTH"] = 1024 * 1024  # views that take more say so
    app.url_map.merge_slashes = False  # a dataset or ME name may hold two slashes in a row
    app.json.sort_keys = False  # type: ignore[attr-defined]  # the default provider has it
    Htmx(app)
    database_schema.open_usable(settings, settings.web_threads)
    app.secret_key = load_secret_key(settings)  # not before: it may make a file, in a folder whose disk is not mounted
    connect_queues(settings)
    database.disconnect()  # workers are forked from here
    app.teardown_appcontext(lambda _: database.release())
    app.extensions["areas"] = areas
    metrics.init_app(app)
    web.init_app(app)
    for area in areas:
        if area.init_app:
            area.init_app(app)
    return app
