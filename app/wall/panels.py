"""The kinds of panels that the areas declare, and the options of a panel."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from app.core.area import PanelOption, WallPanel, current_areas

MAX_TEXT = 2000


def panels() -> list[WallPanel]:
    """The kinds of panels of all areas."""
    return [panel for area in current_areas() for panel in area.wall_panels]


def panel_of_kind(kind: str) -> WallPanel | None:
    """The panel of this kind; None if no area has it, for instance after a change of versions."""
    return next((panel for panel in panels() if panel.kind == kind), None)


def all_options(panel: WallPanel, values: Mapping[str, str | int]) -> dict[str, str | int]:
    """The value of each option of a panel by its name."""
    return {option.name: values.get(option.name, option.default) for option in panel.options}


def checked_options(panel: WallPanel, values: Mapping[str, Any]) -> tuple[dict[str, str | int], list[tuple[str, str]]]:
    """The options that differ from the defaults, and name and problem of each wrong one."""
    wrong = [(option.name, problem) for option in panel.options if (problem := _problem(option, values.get(option.name, option.default)))]
    if not wrong:
        wrong = list(panel.problems(all_options(panel, values)))
    changed = {option.name: values[option.name] for option in panel.options if values.get(option.name, option.default) != option.default}
    return changed, wrong


def _problem(option: PanelOption, value: Any) -> str:
    """What is wrong with the value of an option; "" for nothing."""
    if isinstance(option.default, int):
        is_good = isinstance(value, int) and not isinstance(value, bool) and option.lowest <= value <= option.highest
        return "" if is_good else f"Expected a whole number from {option.lowest} to {option.highest}"
    is_good = isinstance(value, str) and len(value) <= MAX_TEXT and all(line.isprintable() for line in value.splitlines())
    return "" if is_good else f"Expected a text of at most {MAX_TEXT:,} printable characters"
