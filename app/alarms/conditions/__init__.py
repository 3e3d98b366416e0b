"""Conditions of alarm rules. Each is a module here, found without a list, with a subclass of `Condition` (see base.py) named `CONDITION`."""

from __future__ import annotations

import pkgutil
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from app.alarms.conditions.base import Condition


@cache
def conditions() -> dict[str, Condition]:
    """All conditions by their names, in the order in which forms offer them."""
    names = (module.name for module in pkgutil.iter_modules(__path__) if module.name != "base")
    found = [import_module(f"{__name__}.{name}").CONDITION() for name in names]
    return {each.name: each for each in sorted(found, key=lambda each: (each.position, each.name))}
