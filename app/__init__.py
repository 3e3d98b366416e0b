"""DQM Hub: one application for everything the CMS Data Quality Monitoring crew looks at."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Flask

    from app.core.settings import Settings

PARTS = (
    "app.core.metrics",
    "app.web",
    "app.security",
    "app.notify",
    "app.publish",
    "app.gui",
    "app.square",
    "app.control",
    "app.home",
    "app.ops",
)
"""Each adds its pages, hooks and error handlers to the application by `init_app(app)`."""


def create_app(settings: Settings | None = None) -> Flask:
    """The web application; refuses to start with UnusableDatabase or SettingError, which say what to do."""
    from flask import Flask
    from htmx_flask import Htmx

    from app import areas, queue  # noqa: F401  areas makes the settings of all areas known
    from app.core import database
    from app.core.settings import TREE, load, make_secret

    settings = settings or load()
    app = Flask("app", root_path=str(TREE), template_folder="templates", static_folder="static")
    app.secret_key = make_secret(settings)
    app.config["HUB"] = settings
    app.config["MAX_CONTENT_LENGTH"] = 64 * 1024 * 1024
    app.url_map.merge_slashes = False  # a dataset or ME name may hold two slashes in a row
    app.json.sort_keys = False  # type: ignore[attr-defined]  # the default provider has it
    Htmx(app)
    database.check(database.connect(settings))
    queue.connect(settings)
    database.disconnect()  # workers are forked from here
    app.teardown_appcontext(lambda _: database.release())
    for part in PARTS:
        import_module(part).init_app(app)
    return app
