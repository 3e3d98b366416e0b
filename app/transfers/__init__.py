"""The transfer of online files: what the processes of `services.transfer` reported of runs, hosts and GUI machines.

`reports` reads and stores what they send; `runs`, `products` and `hosts` have the functions for pages and scripts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Flask


def init_app(app: Flask) -> None:
    """Add the pages and the API."""
    from app.transfers.api import v1
    from app.transfers.errors import TransfersError
    from app.transfers.pages import host, overview, run
    from app.transfers.problems import problem_of
    from app.web.errors import map_errors

    map_errors(app, TransfersError, problem_of)
    for module in (overview, run, host, v1):
        app.register_blueprint(module.blueprint)
