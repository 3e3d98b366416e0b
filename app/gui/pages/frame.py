"""The part that all pages of a sample share: run, dataset, lumisection, links to others, and breadcrumbs."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from flask import request

from app.gui import samples
from app.gui.addresses import text
from app.gui.catalog.catalog import OpenSample
from app.gui.current import current_catalog
from app.gui.event_info import Update, updates
from app.gui.files.entries import is_live
from app.gui.pages.live import live_state
from app.gui.pages.lumis import lumi_steps
from app.gui.pages.private.pins import pin_context
from app.gui.pages.window import page_window, window_context
from app.gui.pages.workspace_menu import workspace_bar
from app.gui.quality import failing_mes
from app.gui.short_links import LONG_ADDRESS
from app.gui.view import View
from app.web import is_fragment


def sample_frame(view: View, sample: OpenSample | None = None) -> dict[str, Any]:
    """Values of the template gui/sample.html; `sample` is None while its list is not available."""
    key = view.key
    previous, following = samples.neighbours(key) if key.run else (None, None)
    live = live_state(current_catalog().freshness(key), sample) if is_live(key.run, key.dataset) else None
    return fragment_frame(view, sample) | {
        "previous_run": previous and view.of_run(previous).address,
        "next_run": following and view.of_run(following).address,
        "datasets": [(name, view.of_dataset(name).address, name == key.dataset) for name in samples.datasets_of(key.run, key.lumi)],
        "lumis": lumi_steps(view),
        "workspaces": workspace_bar(view),
        "live": live,
        "live_poll": live and view.with_query(f"since={live.version}"),
        "failing_list": view.of_folder(b"").replace(failing=True).address,
        "run_failing": f"{request.script_root}/runs/{key.run}/failing",
        "run_summary": f"{request.script_root}/runs/{key.run}/summary?{urlencode({'dataset': key.dataset}, safe='/')}",
        "top": view.of_folder(b"").address,
        "crumbs": _crumbs(view),
        **window_context(sample, view),
    }


def fragment_frame(view: View, sample: OpenSample | None = None) -> dict[str, Any]:
    """Those values that a fragment shows, which take no query."""
    return {
        "view": view,
        "key": view.key,
        "sample": sample,
        "updates": subsystem_updates(sample) if sample else {},
        "window": page_window(sample, view) if sample else None,
        "failing": failing_mes(sample.columns).counts(0, len(sample.names)) if sample else None,
        "is_long": len(view.address) > LONG_ADDRESS,
        **pin_context(view),
    }


def frame_of_request(view: View, sample: OpenSample | None = None) -> dict[str, Any]:
    """`sample_frame`, or `fragment_frame` if htmx requests a fragment of the page."""
    return fragment_frame(view, sample) if is_fragment() else sample_frame(view, sample)


def subsystem_updates(sample: OpenSample) -> dict[str, Update]:
    """How current the subsystems of an ongoing run are, by their top folders."""
    if not is_live(sample.key.run, sample.key.dataset):
        return {}
    return {text(name): update for name, update in updates(sample, sample.names.folder(b"").subfolders).items()}


def _crumbs(view: View) -> list[tuple[str, str]]:
    """Name and address of each folder above the content of the page; the last one of a plot in a layout is the layout."""
    folder = view.plot.rpartition(b"/")[0] if view.plot and not view.cell else view.folder
    parts = folder.split(b"/") if folder else []
    return [(text(part), view.of_folder(b"/".join(parts[: depth + 1])).address) for depth, part in enumerate(parts)]
