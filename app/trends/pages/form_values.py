"""What the form of the page of trends offers."""

from __future__ import annotations

from typing import Any

from app.core.database import rows
from app.runs.models import RunRecord
from app.trends.golden.store import latest_lists
from app.trends.pages.chart_options import AXES, SWITCH_NAMES, ChartOptions, exact_text
from app.trends.pages.run_form import KINDS, kind_of
from app.trends.pages.view import GRIDS, TrendView, grid_text

GOLDENS = 30
"""Golden JSON files to choose from; an address can have others."""


def form_values(view: TrendView) -> dict[str, Any]:
    """Values of the template trends/form.html, besides the dependent choices."""
    return {
        **option_values(view),
        "grids": [(grid_text(grid), " × ".join(map(str, grid))) for grid in dict.fromkeys((*GRIDS, view.grid))],
        "grid": grid_text(view.grid),
    }


def option_values(options: ChartOptions) -> dict[str, Any]:
    """Values of the parts of forms that choose runs and the look of charts."""
    wrong_list = options.form.wrong_list if options.form else ""
    return {
        "axes": AXES,
        "switches": [(name, title, getattr(options, name)) for name, title in SWITCH_NAMES.items()],
        "kinds": KINDS,
        "kind": "list" if wrong_list else kind_of(options.runs),
        "list_text": wrong_list or str(options.runs),
        "goldens": goldens(options.runs.golden) if options.runs.golden else [],
        "sigma_text": exact_text(options.sigma),
        "classes": run_classes(),
    }


def goldens(chosen: str) -> list[tuple[str, str]]:
    """Hash and name of the golden JSON files that were uploaded last, and of the chosen one."""
    found = {row.hash: f"{row.name or 'golden JSON'} ({row.hash[:8]})" for row in latest_lists(GOLDENS)}
    is_listed = any(digest.startswith(chosen) for digest in found)
    return ([] if is_listed else [(chosen, chosen[:8])]) + list(found.items())


def run_classes() -> list[str]:
    """The classes that the known runs have in the Run Registry."""
    query = RunRecord.select(RunRecord.run_class).where(RunRecord.run_class.is_null(False)).distinct()
    return sorted(name for (name,) in rows(query) if name)
