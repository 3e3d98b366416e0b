"""Start the stand-in P5: `python -m services.simulator --port 9215`."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import logging
import os
import signal
import sys
from pathlib import Path

from aiohttp import web

from .replay import Row, read
from .scenario import HISTORY_S
from .server import application
from .site import Options, Site

TICK_S = 0.05
EVENTS_AT_ONCE = 200
"""After so many events the server answers requests that wait, before it goes on."""


def main() -> None:
    """Read the command line and serve until SIGTERM, SIGINT or the end of the supervisor."""
    parser = argparse.ArgumentParser(prog="python -m services.simulator", description="A stand-in for the DQM machines at P5.")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (%(default)s)")
    parser.add_argument("--port", type=int, default=9215, help="port; 0: a free one, which is printed (%(default)s)")
    parser.add_argument("--speed", type=float, default=1.0, help="how much faster than the wall clock (%(default)s)")
    parser.add_argument(
        "--behind", type=float, help="seconds that the clock is behind at the start (speed 1: 0, else 600 s for each unit above)"
    )
    parser.add_argument("--seed", type=int, default=1, help="the same seed plays the same (%(default)s)")
    parser.add_argument("--fus", type=int, choices=(1, 2, 3, 4), default=2, help="FUs of each system (%(default)s)")
    parser.add_argument("--history", type=float, default=HISTORY_S, help="seconds played before the start (%(default)s)")
    parser.add_argument("--quiet-start", action="store_true", help="begin with nothing; runs begin when they are asked for")
    parser.add_argument("--secret", default="changeme", help="value of the cookie that CMSWEB's clients send (%(default)s)")
    parser.add_argument("--replay", type=_recording, default=(), metavar="FILE", help="play a recording instead of the usual runs")
    parser.add_argument("--state", type=Path, metavar="FILE", help="keep the documents in this file, and go on with it at the next start")
    given = parser.parse_args()
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    logging.getLogger("aiohttp.websocket").setLevel(logging.ERROR)  # the original's clients name a protocol that nobody speaks
    options = Options(
        given.seed, given.speed, given.behind, given.fus, given.history, given.quiet_start, given.secret, given.replay, given.state
    )
    asyncio.run(serve(Site(options), given.host, given.port))


def _recording(path: str) -> tuple[Row, ...]:
    try:
        return tuple(read(Path(path)))
    except (OSError, ValueError) as error:
        raise argparse.ArgumentTypeError(str(error)) from None


async def serve(site: Site, host: str, port: int) -> None:
    """Serve a site and run its clock until this process is told to end; prints the address when it listens."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    _follow_supervisor(loop, stop)
    runner = web.AppRunner(application(site), access_log=None, shutdown_timeout=1.0)
    await runner.setup()
    try:
        await web.TCPSite(runner, host, port).start()
    except OSError as error:
        sys.exit(
            f"nothing can listen on {host}:{port}: {os.strerror(error.errno or 0)}; --port, or the setting simulator_port, gives another"
        )
    print(f"stand-in P5 at http://{host}:{runner.addresses[0][1]}", flush=True)
    clock = asyncio.create_task(run_clock(site))
    await stop.wait()
    clock.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await clock
    await runner.cleanup()


async def run_clock(site: Site) -> None:
    """Let happen what is due, and give way to requests in between."""
    while True:
        caught_up = site.catch_up(EVENTS_AT_ONCE)
        await asyncio.sleep(TICK_S if caught_up else 0)


def _follow_supervisor(loop: asyncio.AbstractEventLoop, stop: asyncio.Event) -> None:
    """End with the process DQMHUB_SUPERVISOR_PID, if it is set, as the other services do."""
    supervisor = os.environ.get("DQMHUB_SUPERVISOR_PID")
    if not supervisor:
        return
    try:
        loop.add_reader(os.pidfd_open(int(supervisor)), stop.set)
    except ProcessLookupError:
        stop.set()


if __name__ == "__main__":
    main()
