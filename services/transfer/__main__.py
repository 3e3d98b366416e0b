"""The command `dqmhub-transfer MODE --config FILE`, also `python3 -m services.transfer`."""

from __future__ import annotations

import argparse
import importlib
import logging
import sys
import threading
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Protocol, cast

from . import places, service_notify
from .locks import AlreadyServed, ServiceLock
from .log import start_logging
from .names import LARGEST_RUN
from .options import Options, OptionsError, read_options
from .supervision import stop_at_signals, stop_with_supervisor

MODES = {
    "fu": "send the files of the clients of a filter unit to the builder unit",
    "bu": "concatenate, merge and deliver the files of all filter units",
    "cleanup": "remove old PB files of a GUI machine",
}
FOLDERS: dict[str, Callable[[Options], str]] = {
    "fu": lambda options: options.fu.folder,
    "bu": lambda options: options.bu.folder,
    "cleanup": lambda options: "",
}
"""Folders that only one process of a mode may serve; empty: any number, since two clean-ups do no harm."""
log = logging.getLogger(__name__)


class Mode(Protocol):
    """The module `mode` of the package of a mode: what all modes have."""

    def start_problems(self, options: Options) -> Iterator[str]:
        """Problems that keep the mode from starting: a sentence for each missing place, beginning with its key."""

    def place_problems(self, options: Options) -> Iterator[str]:
        """Other problems of places: they may pass, and must not hold up the rest."""

    def serve(self, options: Options, stop: threading.Event) -> int:
        """Serve until `stop` is set; returns the exit code."""


def main() -> None:
    """Run a mode; wrong options are named on standard error with exit code 1."""
    parser = _parser()
    arguments = parser.parse_args()
    if arguments.mode == "bu" and arguments.run and not arguments.again:
        parser.error("bu: --run needs --again, since the mode serves all runs")
    module = importlib.import_module(f".{arguments.mode}.mode", __package__)  # only what this mode needs
    mode = cast(Mode, module)
    try:
        options = read_options(arguments.config)
        problems = [*places.start_problems(options), *mode.start_problems(options)]
        if arguments.check:
            problems += _place_problems(mode, options)
    except OptionsError as error:
        problems = error.problems
    if problems:
        sys.exit("\n".join(f"dqmhub-transfer: {problem}" for problem in problems))
    if arguments.check:
        print("configuration OK")
    elif arguments.dry_run:
        sys.stdout.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]  # a text stream at the start of a command
        print(*module.dry_run(options), sep="\n")
    elif arguments.again:
        sys.exit(_serve(partial(module.again, machine=arguments.again, run=arguments.run), arguments.mode, options, 0))
    else:
        start_logging(options.log_level, options.log_format, arguments.mode)
        # in a thread, since a mounted folder may never answer
        threading.Thread(target=_log_problems, args=(mode, options), name="places", daemon=True).start()
        serve = partial(module.serve, run=arguments.run) if arguments.run else mode.serve
        sys.exit(_serve(serve, arguments.mode, options, arguments.run))


def _place_problems(mode: Mode, options: Options) -> list[str]:
    return [*places.place_problems(options), *mode.place_problems(options)]


def _log_problems(mode: Mode, options: Options) -> None:
    for problem in _place_problems(mode, options):
        log.warning("%s", problem)


def _serve(serve: Callable[[Options, threading.Event], int], name: str, options: Options, run: int) -> int:
    stop = threading.Event()
    stop_at_signals(stop)
    stop_with_supervisor(stop)
    try:
        with ServiceLock(options.state, name, run, FOLDERS[name](options)):
            try:
                return serve(options, stop)
            finally:
                service_notify.stopping()
    except AlreadyServed as error:
        sys.exit(f"dqmhub-transfer: {error}")


def _run(text: str) -> int:
    if not text.isdecimal() or not 0 < int(text) <= LARGEST_RUN:
        raise argparse.ArgumentTypeError(f"{text!r} is not a run number")
    return int(text)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="dqmhub-transfer", description="Transfer the files of online runs.")
    modes = parser.add_subparsers(metavar="MODE", required=True, dest="mode")
    for name, help_text in MODES.items():
        mode = modes.add_parser(name, help=help_text)
        mode.set_defaults(run=0, dry_run=False, again="")
        mode.add_argument("--config", metavar="FILE", type=Path, required=True, help="TOML file with the options")
        only = mode.add_mutually_exclusive_group()
        only.add_argument("--check", action="store_true", help="check the options and end")
        if name == "fu":
            only.add_argument("--run", metavar="N", type=_run, help="serve one run, and end when it is over and all files are sent")
        if name == "bu":
            help_text = (
                "mark the files on this host to be delivered to a GUI machine again at the next start, and end; not while the service runs"
            )
            only.add_argument("--again", metavar="MACHINE", help=help_text)
            mode.add_argument("--run", metavar="N", type=_run, help="with --again: only the files of one run")
        if name == "cleanup":
            only.add_argument("--dry-run", action="store_true", help="print which files a round would remove, by which rule, and end")
    return parser


if __name__ == "__main__":
    main()
