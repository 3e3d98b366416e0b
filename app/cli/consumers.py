"""`dqmhub live` and `dqmhub worker`: the processes that run background jobs."""

from __future__ import annotations

import click

from app import cli
from app.cli import demo_start


@click.command()
def live() -> None:
    """Run the worker for periodic tasks and urgent jobs."""
    demo_start.wait_for_upstreams()
    _consume("live")


@click.command()
def worker() -> None:
    """Run the worker for imports and long jobs."""
    _consume("bulk")


def _consume(queue: str) -> None:
    settings = cli.open_for_service()
    import jobs
    from app.areas import AREAS
    from app.formats import remote
    from app.gui.settings import GuiSettings
    from app.queue.consumer import consume

    jobs.load(AREAS)
    gui = settings.of(GuiSettings)
    remote.configure(gui.remote_timeout_s, gui.remote_recheck_s)
    consume(queue, settings)
