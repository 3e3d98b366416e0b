"""Alarms: rules on the plots of the DQM GUI, what breaks them, and who has taken notice."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Flask


def init_app(app: Flask) -> None:
    """Add the pages of alarms."""
