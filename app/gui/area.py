"""Declaration of the area "Runs and plots"."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from app import gui
from app.core.area import Area, CliCommand, HelpTopic, MenuItem, OwnJob, OwnJobKind, RunLink, StatusLine, StatusTable
from app.gui.settings import GuiSettings
from app.gui.wall_panels import PANELS

if TYPE_CHECKING:
    from prometheus_client import Metric

    from app.core.settings import Settings


def _openapi() -> Mapping[str, Any]:
    from app.gui.api.openapi import PATHS

    return PATHS


def _status(settings: Settings) -> Iterable[StatusLine]:
    from app.gui.status import status_lines

    return status_lines(settings)


def _metrics(settings: Settings) -> Iterable[Metric]:
    from app.gui.status import metrics

    return metrics(settings)


def _render_line(settings: Settings) -> StatusLine:
    from app.gui.status import render_line

    return render_line(settings)


def _problems() -> Mapping[str, Any]:
    from app.gui.status import problems

    return problems()


def _run_links(run: int) -> Iterable[RunLink]:
    from app.gui.samples import of_run
    from app.gui.view import View

    return [RunLink(f"Plots of {key.dataset}", View(key).address) for key in of_run(run) if run]


def _latest_runs(limit: int) -> Iterable[int]:
    from app.gui.samples import latest_runs

    return latest_runs(limit=limit)


def _help() -> Mapping[str, Any]:
    from app.gui.event_info import BEHIND_LUMIS, BEHIND_S, STALLED_S
    from app.gui.quality import STATUS_CODES, STATUSES

    limits = {"behind_s": int(BEHIND_S), "behind_lumis": BEHIND_LUMIS, "stalled_s": int(STALLED_S)}
    return {"badges": {code: status.badge for code, status in STATUSES.items()}, "names": list(STATUS_CODES), **limits}


def _imports(keys: Iterable[str]) -> Mapping[str, OwnJob]:
    from app.gui.files.own_jobs import imports

    return imports(keys)


_OF_OWN_PLOTS = ("my_plots", "choose", "pin", "own_layout", "change", "remove", "restore", "share", "withdraw", "shared", "copy")
"""Views of private layouts. Readers without an account can open shared ones; the other views redirect them to the sign-in page."""

AREA = Area(
    name="gui",
    title="Runs and plots",
    init_app=gui.init_app,
    menu=(MenuItem("Runs and plots", "/", below=("/browse/", "/runs/", "/s/", "/files", "/datasets", "/layouts", "/my/plots")),),
    openapi=_openapi,
    status=_status,
    status_tables=(StatusTable("gui/status_tables.html", _problems),),
    ready=(_render_line,),
    metrics=_metrics,
    jobs="jobs.gui",
    own_jobs=(OwnJobKind("import", "import", _imports),),
    commands={
        "register": CliCommand("app.cli.files", "Data"),
        "quarantine": CliCommand("app.cli.quarantine", "Data"),
        "layouts": CliCommand("app.cli.layouts", "Data"),
        "render": CliCommand("app.cli.render", "Run"),
    },
    settings=GuiSettings,
    wall_panels=PANELS,
    run_links=_run_links,
    latest_runs=_latest_runs,
    help=(HelpTopic("gui", "Runs and plots", "gui/help.html", _help),),
    roles={
        "gui.browse": "viewer",
        "gui.read_again": "shifter",
        "gui_failing.run_failing": "viewer",
        "gui_summary.run_summary": "viewer",
        "open_layout.open_layout": "viewer",
        "short_links.make": "viewer",
        "short_links.follow": "viewer",
        **{f"my_plots.{view}": "viewer" for view in _OF_OWN_PLOTS},
        "my_plots.draft": "expert",
        "gui_api.list_samples": "viewer",
        "gui_api.archive": "viewer",
        "gui_api.render": "viewer",
        "gui_api.json": "viewer",
        "gui_api.lumis": "viewer",
        "gui_api.datasets": "viewer",
        "gui_api.latest_runs": "viewer",
        "gui_api.host": "viewer",
        "gui_api.layouts": "viewer",
        "layouts.layout_list": "viewer",
        "layouts.workspace_list": "viewer",
        "layouts.detail": "viewer",
        "layouts.choices": "viewer",
        "layouts.new": "expert",
        "layouts.add": "expert",
        "layouts.edit": "viewer",  # anybody edits private layouts; for others the view checks the rights of experts
        "layouts.save": "viewer",
        "layouts.new_workspace": "expert",
        "layouts.add_workspace": "expert",
        "layouts.edit_workspace": "viewer",  # as for layouts
        "layouts.save_workspace": "viewer",
        "layouts.activate": "viewer",
        "layouts.roll_back": "viewer",
        "layouts.remove": "viewer",
        "files.files_page": "viewer",
        "files.list_files": "viewer",
        "files.content": "shifter",  # a whole file is large and occupies a thread
        "gui_overlay.render_overlay": "viewer",
        "gui_overlay.json_overlay": "viewer",
        "gui_legacy.start": "viewer",
        "gui_legacy.local_overlay": "viewer",
        "gui_legacy.session": "viewer",
        "gui_legacy.of_server": "viewer",
        "gui_legacy.list_samples": "viewer",
        "gui_legacy.archive": "viewer",
        "gui_legacy.plot": "viewer",
        "gui_legacy.plot_overlay": "viewer",
        "gui_legacy.me_json": "viewer",
        "gui_legacy.json_overlay": "viewer",
        "gui_api.register": "public",  # trusted networks need no account; for others the view checks the role operator
    },
)
