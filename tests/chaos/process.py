"""A service of the product with further areas, whose write transactions are watched: `python -m tests.chaos.process web`.

`FURTHER_AREAS` names their modules, `MIGRATIONS` the folder with their migrations, too, `FINDINGS` the file for long transactions,
`THREADS` the one to which the signal SHOW_THREADS writes the stacks of all threads, `LOCK_S` how long to wait for locks.
"""

from __future__ import annotations

import os
import signal
import sys
import time
import traceback
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

import app.areas
from app.core import database, database_schema
from app.core.area import set_areas
from tests.chaos import data
from tests.support import write_watch
from tests.support.write_watch import WriteTransaction, WriteWatch, watched

SHOW_THREADS = signal.SIGRTMIN + 5
END = "end of the stacks\n"
ROOTS = {"_bootstrap", "_run_module_as_main"}
"""Functions with which the stacks of threads begin."""

WAITS = frozenset({"socket.connect", "socket.getaddrinfo", "subprocess.Popen"})
"""Events of Python that have no end known in advance, so that no transaction may contain them."""


class ReportingWatch(WriteWatch):
    """Writes long transactions to a file when they end, and what they wait for when they do: the process may be killed."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.path = path

    def _note(self, transaction: WriteTransaction) -> None:
        if transaction.writes > self.most:
            self.report(f"{transaction.place}: a write transaction of {transaction.writes} rows and statements")

    def waits(self, what: str) -> None:
        """Report the transaction of this thread, if there is one, for waiting."""
        if place := getattr(self._open, "place", ""):
            self.report(f"{place}: a write transaction waits ({what})")

    def report(self, line: str) -> None:
        """Append a line to the file."""
        with self.path.open("a") as file:
            file.write(f"{line}\n")


def watch_waits(watch: ReportingWatch) -> None:
    """Report transactions that sleep, connect or start processes."""
    sys.addaudithook(lambda event, _: watch.waits(event) if event in WAITS else None)
    sleep: Callable[[float], Any] = time.sleep

    def reporting_sleep(seconds: float) -> None:
        watch.waits("time.sleep")
        sleep(seconds)

    time.sleep = reporting_sleep


def whole_stacks() -> list[list[tuple[str, int, str]]]:
    """File, line and function of each frame of all threads, the outermost first. A stack that changes while it is read loses its beginning."""
    stacks: list[list[tuple[str, int, str]]] = []
    for _ in range(100):
        frames = [list(traceback.walk_stack(frame)) for frame in sys._current_frames().values()]
        stacks = [[(each.f_code.co_filename, line, each.f_code.co_name) for each, line in reversed(stack)] for stack in frames]
        if all(stack[0][2] in ROOTS for stack in stacks):
            break
    return stacks


def show_threads(folder: Path) -> None:
    """Have this process and its forks write the stacks of their threads at a signal, each to a file with its number.

    faulthandler would look at threads while they run, and crashes now and then.
    """

    def write_stacks(file: Path) -> None:
        texts = ["".join(f'File "{place}", line {line} in {function}\n' for place, line, function in stack) for stack in whole_stacks()]
        with file.open("a") as opened:
            opened.write("\n".join([*texts, END]))

    def register() -> None:
        file = folder / f"{os.getpid()}"
        file.touch()
        signal.signal(SHOW_THREADS, lambda *_: write_stacks(file))

    register()
    os.register_at_fork(after_in_child=register)


def main(name: str) -> None:
    """Run a service."""
    more = tuple(import_module(module).AREA for module in os.environ["FURTHER_AREAS"].split())
    app.areas.AREAS = (*app.areas.AREAS, *more)
    set_areas(app.areas.AREAS)
    database_schema.MIGRATIONS = Path(os.environ["MIGRATIONS"])
    database.LOCK_TIMEOUT_S = int(os.environ["LOCK_S"])
    write_watch.PRODUCT = (*write_watch.PRODUCT, *(f"{data.package(area).replace('.', '/')}/" for area in more))
    watch = ReportingWatch(Path(os.environ["FINDINGS"]))
    watch_waits(watch)
    show_threads(Path(os.environ["THREADS"]))
    from app.cli import main as run

    with watched(watch):
        run([name])


if __name__ == "__main__":
    main(sys.argv[1])
