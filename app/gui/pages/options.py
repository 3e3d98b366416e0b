"""The form for drawing options: of one plot, of all plots, or of the marked plots together."""

from __future__ import annotations

from typing import Any

from app.gui.drawing_options import COMPARISON_OPTIONS, LIST_COMPARISON_OPTIONS, OPTIONS
from app.gui.view import View
from app.gui.view_query import ViewQuery
from app.web import shown_page


def option_form(view: View) -> dict[str, Any]:
    """Values of gui/options.html: drawing options of this plot or of all, as they were typed.

    On a page of several plots the panel for references has the stats box and error bars.
    """
    elsewhere = COMPARISON_OPTIONS if view.plot else LIST_COMPARISON_OPTIONS
    own = [path for path, _ in view.own_options]
    prefix = f"me{own.index(view.plot) + 1}." if view.plot in own else ""
    wrong = {each.name.removeprefix(prefix): each for each in view.problems if each.name in {prefix + name for name in OPTIONS}}
    typed = dict(view.view_options(view.plot)) | {name: each.value for name, each in wrong.items()}
    kept = tuple((name, value) for name, value in view.options if name in elsewhere)
    display = tuple(option for option in view.options if option not in kept)
    all_options = view.with_own_options(view.plot, None)
    return {
        "options": {name: typed.get(name, "") for name in OPTIONS},
        "of_layout": dict(view.layout_options(view.plot)),
        "prefix": prefix,
        "option_problem": next(iter(wrong.values()), None),
        "plain": view.with_own_options(view.plot, ()) if prefix else view.replace(options=kept),
        "other_scope": all_options.address if prefix else view.with_own_options(view.plot, display).address,
    }


def with_drawn_options(view: View) -> View:
    """The view with the drawing options of the plot that the browser shows, while the typed ones are wrong."""
    if not (shown := shown_page().query):
        return view
    drawn = ViewQuery(shown).view(view.key)
    return view.replace(options=drawn.options, own_options=drawn.own_options)
