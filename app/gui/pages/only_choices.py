"""The choice of the plots that a folder or workspace shows: all, failing ones, or those with references."""

from __future__ import annotations

from app.gui.catalog.catalog import OpenSample
from app.gui.quality import failing_mes
from app.gui.view import View

ONLY_TITLES = {"": "All", "failing": "Failing", "reference": "With reference"}
"""By the value of `only` in the address."""


def only_choices(view: View, sample: OpenSample) -> list[tuple[str, str, bool]]:
    """Title and address of each choice, and whether it is that of the page; none where there is nothing to choose."""
    shown = {"": True, "failing": any(failing_mes(sample.columns)), "reference": bool(view.references)}
    found = [
        (ONLY_TITLES[only], view.replace(only=only).address, only == view.only)
        for only, is_shown in shown.items()
        if is_shown or only == view.only
    ]
    return found if len(found) > 1 else []
