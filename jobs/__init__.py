"""Kinds of work. Each module registers its handlers with app.queue when it is imported, which only consumers do."""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules


def load() -> None:
    """Register every handler."""
    for module in iter_modules(__path__):
        import_module(f"{__name__}.{module.name}")
