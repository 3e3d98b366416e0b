"""Simulate the clients of online runs: `python -m services.simulator.clients --folder FOLDER --program dqmhub-demo`."""

from __future__ import annotations

import argparse
import importlib.util
import sys
import threading
import time
from pathlib import Path

from services.transfer.supervision import stop_at_signals, stop_with_supervisor

from ..machines import MAX_FUS, PRODUCTION, clusters
from .at_p5 import RunsAtP5
from .content import Content
from .demo_clients import BY_TAG
from .hosts import HEARTBEAT_S
from .places import Places
from .planned import OF_FILES, Fault, PlannedRuns, parse_fault
from .player import Player
from .transfer_options import write_options

TICK_S = 0.5


def main() -> None:
    """Read the command line, and play runs until a signal or the end of the supervisor."""
    parser = _parser()
    arguments = parser.parse_args()
    if arguments.p5:
        _check_following(parser, arguments)
    bu, *hosts = clusters(arguments.fus)[PRODUCTION]
    places = Places(arguments.folder.absolute())
    places.make(hosts)
    if arguments.write_options:
        hub, log_level = arguments.write_options
        print(*write_options(places, hosts, bu, hub, _root_programs(), log_level, arguments.token_file), sep="\n")
        return
    if not arguments.program:
        sys.exit("dqmhub simulate-clients: --program is required")
    stop = threading.Event()
    stop_at_signals(stop)
    stop_with_supervisor(stop)
    content = Content(arguments.program.absolute(), places.work)
    player = Player(places, hosts, bu, content, dict(arguments.clock), _report)
    faults = dict(arguments.fault)
    if arguments.p5:
        runs: RunsAtP5 | PlannedRuns = RunsAtP5(arguments.p5, faults)
    else:
        runs = PlannedRuns(arguments.run, arguments.lumis, arguments.lumi_s, hosts, arguments.clients, faults, time.time, arguments.runs)
    play(player, runs, stop)


def play(player: Player, runs: RunsAtP5 | PlannedRuns, stop: threading.Event) -> None:
    """Play runs until `stop` is set, or until the last run of a plan has ended."""
    beat = 0.0
    try:
        while not stop.is_set() and not (isinstance(runs, PlannedRuns) and runs.is_over and player.is_idle):
            try:
                player.step(runs.wanted())
                if time.monotonic() >= beat:
                    player.beat()
                    beat = time.monotonic() + HEARTBEAT_S
            except OSError as error:
                player.report_problem(f"the files of hosts cannot be written: {error}")
            stop.wait(TICK_S)
    finally:
        player.close()


def _check_following(parser: argparse.ArgumentParser, arguments: argparse.Namespace) -> None:
    """End with an error when there are options of a plan, or faults of processes, which are those of P5."""
    for name in ("run", "runs", "lumis", "lumi_s", "clients"):
        if getattr(arguments, name) != parser.get_default(name):
            parser.error(f"--{name.replace('_', '-')} cannot be used together with --p5 or --follow: runs and clients are those of P5")
    if kinds := [fault.kind for _, fault in arguments.fault if fault.kind not in OF_FILES]:
        parser.error(
            f"--fault {kinds[0]} cannot be used together with --p5 or --follow: crashes and stalls are those of `dqmhub simulate`; "
            f"possible are {' and '.join(OF_FILES)}"
        )


def _root_programs() -> Path | None:
    """The folder of the programs of ROOT in this Python environment."""
    found = importlib.util.find_spec("ROOT")
    folders = [Path(place) / "bin" for place in (found.submodule_search_locations or ()) if found] if found else []
    return next((folder for folder in folders if (folder / "hadd").exists()), None)


def _report(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="dqmhub simulate-clients", description="Simulate the clients of online runs.")
    parser.add_argument("--folder", type=Path, required=True, help="folder with the files of all hosts")
    parser.add_argument("--program", type=Path, help="the program dqmhub-demo, which makes the MEs")
    parser.add_argument("--fus", type=int, choices=range(1, MAX_FUS + 1), default=2, help="FUs (%(default)s)")
    parser.add_argument(
        "--p5", type=int, metavar="PORT", help="follow the production runs of the simulator of P5 that listens on this port"
    )
    parser.add_argument("--run", type=int, default=367201, help="number of the first run (%(default)s)")
    parser.add_argument("--runs", type=int, default=0, help="end after so many runs; 0: do not end (%(default)s)")
    parser.add_argument("--lumis", type=int, default=40, help="lumisections of each run (%(default)s)")
    parser.add_argument("--lumi-s", type=float, default=23.310893056, help="seconds of a lumisection (%(default)s)")
    parser.add_argument("--clients", type=_clients, default=list(BY_TAG), metavar="TAG,TAG", help="clients of the runs (all)")
    parser.add_argument(
        "--fault",
        type=_fault,
        action="append",
        default=[],
        metavar="TAG=KIND@LUMI:CODE",
        help="fault of a client: crash (with restart), dies, stuck, blind, cut (damaged snapshots) or no-root; can be repeated",
    )
    parser.add_argument(
        "--clock",
        type=_clock,
        action="append",
        default=[],
        metavar="HOST=SECONDS",
        help="how far the clock of a host is ahead; can be repeated",
    )
    parser.add_argument("--token-file", default="", metavar="FILE", help="file with a token of the hub, for --write-options")
    parser.add_argument(
        "--write-options",
        nargs=2,
        metavar=("HUB", "LEVEL"),
        help="write the options of the transfer on all hosts, with the address of the hub and a log level, print their paths, and end",
    )
    return parser


def _fault(text: str) -> tuple[str, Fault]:
    try:
        return parse_fault(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def _clients(text: str) -> list[str]:
    tags = text.split(",")
    if unknown := [tag for tag in tags if tag not in BY_TAG]:
        raise argparse.ArgumentTypeError(f"unknown client {unknown[0]}; known are {', '.join(BY_TAG)}")
    return tags


def _clock(text: str) -> tuple[str, float]:
    host, _, seconds = text.partition("=")
    return host, float(seconds)


if __name__ == "__main__":
    main()
