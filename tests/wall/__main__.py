"""`python -m tests.wall --hours 2`: hours of a wall in minutes, with restarts of the server; fails if the memory of the page grows.

The clock of the page runs ahead of that of the machine, and every poll is a real request to a real server.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

import click
from playwright.sync_api import Page, sync_playwright

from app import areas  # noqa: F401  makes the settings known
from app.core.settings import TREE, Settings
from app.gui.demo.make import FILES, make_demo
from render.build import binary
from tests.support import servers
from tests.support.gui import build_programs
from tests.support.processes import until
from tests.support.site import address
from tests.wall.screen import SCREEN, PageMemory, memory, wall_site, web_server

STEP_S = 5
ANSWER_MS = 100
RESTART_MIN = 20
WARM_UP_MIN = 25
LARGEST_GROWTH = 1.1


@click.command()
@click.option("--hours", type=click.FloatRange(1, 200), default=2.0, show_default=True, help="Hours by the clock of the page.")
def main(hours: float) -> None:
    """Show a wall for these hours."""
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        settings = stack.enter_context(wall_site(Path(folder) / "hub", _template(Path(folder)), _demo_files(Path(folder))))
        browser = stack.enter_context(sync_playwright()).chromium.launch(
            executable_path=shutil.which("chromium-headless-shell"), args=["--no-sandbox", "--disable-gpu"]
        )
        page = browser.new_page(**SCREEN)
        page.clock.install()
        before, after = _show(page, settings, int(hours * 60))
        browser.close()
    is_flat = after.heap_kb < before.heap_kb * LARGEST_GROWTH and after.nodes < before.nodes * LARGEST_GROWTH
    click.echo(f"{before} after {WARM_UP_MIN} min, {after} at the end: {'flat' if is_flat else 'grows'}")
    sys.stdout.flush()
    os._exit(0 if is_flat else 1)


def _template(folder: Path) -> Path:
    servers.migrate(Settings(data_dir=str(folder / "template")))
    return folder / "template"


def _demo_files(folder: Path) -> list[Path]:
    build_programs()
    make_demo(folder / "demo", binary(TREE).with_name("dqmhub-demo"), None, lambda _: None)
    return [folder / "demo" / name for name in FILES]


def _show(page: Page, settings: Settings, minutes: int) -> tuple[PageMemory, PageMemory]:
    """The memory of the page after the first minutes, and at the end; the server restarts every RESTART_MIN."""
    before = None
    for start in range(0, minutes, RESTART_MIN):
        with web_server(settings):
            if start == 0:
                page.goto(f"{address(settings)}/wall/shift")
            for minute in range(start, min(minutes, start + RESTART_MIN)):
                _run_minute(page)
                if minute == WARM_UP_MIN:
                    before = memory(page)
            until(lambda: _is_in_contact(page), "the page to notice that the server is back")
            click.echo(f"{start + RESTART_MIN} min: {memory(page)}")
        until(lambda: not _is_in_contact(page), "the page to notice that the server is unreachable")
    assert before
    return before, memory(page)


def _run_minute(page: Page) -> None:
    for _ in range(60 // STEP_S):
        _step(page)


def _step(page: Page) -> None:
    """Let a few seconds of the page pass, and give its poll time to be answered: that is not quicker than usual."""
    page.clock.run_for(STEP_S * 1000)
    page.wait_for_timeout(ANSWER_MS)


def _is_in_contact(page: Page) -> bool:
    _step(page)
    return page.locator("#contact").inner_text() == ""


if __name__ == "__main__":
    main()
