"""Start the stand-ins: `python -m services.simulator.run_services --port 9216`."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import signal
import sys
import time
from pathlib import Path
from typing import Any

from aiohttp import ClientError, ClientSession, ClientTimeout, web

from ..supervision import stop_with_supervisor
from .server import application
from .state import RunServices, ServiceOptions

LOOPBACK = "127.0.0.1"
POLL_S = 5.0
"""Pause between two looks at the simulator of P5, s."""

START_S, RETRY_S = 60.0, 0.5
"""Longest wait for the simulator of P5 at the start, and pause between two attempts, s."""

ROW_UNITS = {"delivered_lumi": "pb^{-1}", "recorded_lumi": "pb^{-1}", "end_lumi": "10^{34}cm^{-2}s^{-1}"}
"""Units of rows from a file."""


def main() -> None:
    """Read the command line and serve until SIGTERM, SIGINT or the end of the supervisor."""
    arguments = _parser().parse_args()
    services = RunServices(ServiceOptions(seed=arguments.seed, life_s=arguments.life))
    for row in arguments.rows:
        _add_row(services, row)
    asyncio.run(serve(services, arguments.host, arguments.port, arguments.p5))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="dqmhub simulate-oms", description="Simulate the token server, OMS and the Run Registry.")
    parser.add_argument("--host", default=LOOPBACK, help="address to listen on (%(default)s)")
    parser.add_argument("--port", type=int, default=9216, help="port to listen on; 0: any free port, printed at the start (%(default)s)")
    parser.add_argument("--seed", type=int, default=1, help="seed of the attributes (%(default)s)")
    parser.add_argument("--life", type=float, default=1200.0, help="life of a token in s (%(default)s)")
    parser.add_argument("--p5", default="", metavar="URL", help="simulator of P5 whose production runs have their times in OMS, too")
    parser.add_argument("--rows", type=_rows, default=(), metavar="FILE", help="JSON list of real runs as the original HDQM stores them")
    return parser


def _rows(path: str) -> list[dict[str, Any]]:
    try:
        rows = json.loads(Path(path).read_text())
    except (OSError, ValueError) as error:
        raise argparse.ArgumentTypeError(f"cannot read {path}: {error}") from None
    if not isinstance(rows, list):
        raise argparse.ArgumentTypeError(f"{path} is no JSON list of runs")
    return rows


def _add_row(services: RunServices, row: dict[str, Any]) -> None:
    """A run as the original HDQM stored it."""
    own = {"id", "run", "lumi", "run_class", "significant", "is_dcs", "injection_scheme", "era"}
    attributes = {name: value for name, value in row.items() if name not in own}
    for name in ("start_time", "end_time"):
        attributes[name] = attributes[name].replace(" ", "T").partition(".")[0] + "Z"
    registry = {"class": row["run_class"], "significant": bool(row["significant"]), "state": "SIGNOFF"}
    services.change(row["run"], {"oms": attributes, "rr": registry, "units": ROW_UNITS})


async def serve(services: RunServices, host: str, port: int, p5: str) -> None:
    """Serve until SIGTERM or SIGINT, or until the supervisor ends."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    stop_with_supervisor(loop, stop)
    await _wait_for_times(services, p5, stop)
    runner = web.AppRunner(application(services), access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    try:
        await web.TCPSite(runner, host, port).start()
    except (OSError, OverflowError) as error:
        await runner.cleanup()  # else its tasks keep the process alive
        reason = os.strerror(error.errno or 0) if isinstance(error, OSError) else "no such port"
        sys.exit(f"Cannot listen on {host}:{port}: {reason}; choose another --port, or change runs_simulator_port")
    print(f"Simulated OMS and Run Registry at http://{host}:{runner.addresses[0][1]}", flush=True)
    while not stop.is_set():
        await _read_times(services, p5)
        await _pause(stop, POLL_S)
    await runner.cleanup()


async def _pause(stop: asyncio.Event, seconds: float) -> None:
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(stop.wait(), seconds)


async def _wait_for_times(services: RunServices, p5: str, stop: asyncio.Event) -> None:
    """Wait for the times of the runs of the simulator of P5, at most START_S.

    A hub would store and keep other times if it got them before.
    """
    end = time.monotonic() + START_S
    while p5 and not stop.is_set() and not await _read_times(services, p5):
        if time.monotonic() > end:
            print(f"The simulator of P5 at {p5} does not respond; its runs have other times here", file=sys.stderr)
            return
        await _pause(stop, RETRY_S)


async def _read_times(services: RunServices, p5: str) -> bool:
    """Take over the starts of the production runs of a simulator of P5; the end of one is the start of the next. Whether it responds."""
    if not p5:
        return False
    try:
        async with ClientSession(timeout=ClientTimeout(total=POLL_S)) as session, session.get(f"{p5}/_simulator/status") as response:
            system = (await response.json())["systems"]["production"]
    except (ClientError, TimeoutError, ValueError, KeyError):
        return False
    starts = sorted((run["started"], run["run"]) for run in system["conditions"])
    ends = [*(start for start, _ in starts), None][1:]  # there may be no run yet
    services.times |= {run: (start, end) for (start, run), end in zip(starts, ends, strict=True)}
    return True


if __name__ == "__main__":
    main()
