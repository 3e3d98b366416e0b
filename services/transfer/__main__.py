"""The command `dqmhub-transfer MODE --config FILE`, also `python3 -m services.transfer`."""

from __future__ import annotations

import argparse
import signal
import sys
import threading
from pathlib import Path

from .cleanup.service import dry_run, place_problems, serve
from .log import start_logging
from .options import OptionsError, read_options


def main() -> None:
    """Run a mode; wrong options are named on standard error with exit code 1."""
    arguments = _parser().parse_args()
    try:
        options = read_options(arguments.config)
        problems = place_problems(options.cleanup)
    except OptionsError as error:
        problems = error.problems
    if problems:
        sys.exit("\n".join(f"dqmhub-transfer: {problem}" for problem in problems))
    if arguments.check:
        print("configuration OK")
    elif arguments.dry_run:
        sys.stdout.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]  # a text stream at the start of a command
        print(*dry_run(options.cleanup), sep="\n")
    else:
        start_logging(options.log_level)
        stop = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stop.set())
        sys.exit(serve(options.cleanup, stop))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="dqmhub-transfer", description="Transfer the files of online runs.")
    modes = parser.add_subparsers(metavar="MODE", required=True)
    cleanup = modes.add_parser("cleanup", help="remove old PB files of a GUI machine")
    cleanup.add_argument("--config", metavar="FILE", type=Path, required=True, help="TOML file with the options")
    only = cleanup.add_mutually_exclusive_group()
    only.add_argument("--check", action="store_true", help="check the options and end")
    only.add_argument("--dry-run", action="store_true", help="print which files a round would remove, by which rule, and end")
    return parser


if __name__ == "__main__":
    main()
