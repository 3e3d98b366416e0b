"""Scripts and style sheets of the pages: addresses that change with the content, and bundles of small files.

The sources in static/ are one file for each part, for the people who work on them. A browser gets the parts of a page
as one file, since each request of a first visit costs a round trip.
"""

from __future__ import annotations

from functools import cache
from hashlib import blake2b

from flask import Flask, Response, abort, url_for

from app.core.settings import TREE
from app.web.responses import ContentResponse

DAY_S = 24 * 3600
YEAR_S = 365 * 24 * 3600

CONTENT_TYPES = {"css": "text/css; charset=utf-8", "js": "text/javascript; charset=utf-8"}

BUNDLES = {
    "web.css": (
        "web/variables.css",
        "web/page.css",
        "web/controls.css",
        "web/tables.css",
        "web/prose.css",
        "web/badges.css",
        "web/heading.css",
        "web/run_panel.css",
        "web/strip_chart.css",
        "web/problems.css",
        "web/messages.css",
        "web/appbar.css",
        "web/frame.css",
        "web/lists.css",
        "web/logs.css",
        "web/plot.css",
        "web/cards.css",
        "web/danger.css",
    ),
    "web.js": (
        "vendor/htmx/htmx.min.js",
        "vendor/idiomorph/idiomorph-ext.min.js",
        "web/links.js",
        "web/notice.js",
        "web/disk_banner.js",
        "web/tab_count.js",
        "web/beep.js",
        "web/alarms.js",
        "web/morph.js",
        "web/htmx_hooks.js",
        "web/times.js",
        "web/clock.js",
        "web/plot_errors.js",
        "web/copy.js",
        "web/keys.js",
    ),
    "wall.css": ("web/variables.css", "wall/wall.css"),
    "wall.js": ("web/times.js", "wall/fit.js", "wall/wall.js"),
    "trends.css": (
        "vendor/uplot/uPlot.min.css",
        "trends/trends.css",
        "trends/charts.css",
        "trends/point.css",
        "trends/full_screen.css",
        "trends/requested.css",
    ),
    "trends.js": (
        "vendor/uplot/uPlot.iife.min.js",
        "trends/points.js",
        "trends/format.js",
        "trends/ticks.js",
        "trends/layout.js",
        "trends/colours.js",
        "trends/stamp_layer.js",
        "trends/canvas_pen.js",
        "trends/svg_pen.js",
        "trends/model.js",
        "trends/frame.js",
        "trends/background.js",
        "trends/drifts.js",
        "trends/marks.js",
        "trends/plot.js",
        "trends/chart.js",
        "trends/readout.js",
        "trends/controls.js",
        "trends/picture.js",
        "trends/save.js",
        "trends/scene_3d.js",
        "trends/save_3d.js",
        "trends/correlation_3d.js",
        "trends/page.js",
        "trends/start.js",
        "trends/point.js",
    ),
}
"""The files of each bundle, in their order."""


def init_app(app: Flask) -> None:
    """Serve the bundles, and let browsers keep every file of static/ for a year."""
    app.config["SEND_FILE_MAX_AGE_DEFAULT"] = YEAR_S
    app.add_url_rule("/bundles/<name>", "bundle", serve_bundle)
    app.add_url_rule("/favicon.ico", "favicon", serve_favicon)


def asset(name: str) -> str:
    """The address of a file of static/, or of a bundle, which changes whenever the content does."""
    if name in BUNDLES:
        return url_for("bundle", name=name, v=_hash(_content(name)))
    return url_for("static", filename=name, v=_file_hash(name))


def serve_bundle(name: str) -> Response:
    """The files of a bundle, one after the other."""
    if name not in BUNDLES:
        abort(404, f"There is no bundle {name}; there are {', '.join(BUNDLES)}.")
    answer = ContentResponse(_content(name), content_type=CONTENT_TYPES[name.rpartition(".")[2]])
    answer.cache_control.public = True
    answer.cache_control.max_age = YEAR_S
    answer.set_etag(_hash(_content(name)))
    return answer


def serve_favicon() -> Response:
    """The icon that browsers request for what is no page, such as a picture or JSON that is opened alone."""
    answer = ContentResponse((TREE / "static/web/favicon.ico").read_bytes(), content_type="image/x-icon")
    answer.cache_control.max_age = DAY_S
    return answer


@cache
def _content(name: str) -> bytes:
    separator = b";\n" if name.endswith(".js") else b"\n"  # a script may end without a semicolon
    return separator.join((TREE / "static" / part).read_bytes() for part in BUNDLES[name])


@cache
def _file_hash(name: str) -> str:
    return _hash((TREE / "static" / name).read_bytes())


def _hash(content: bytes) -> str:
    return blake2b(content, digest_size=6).hexdigest()
