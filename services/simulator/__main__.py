"""Start the simulator of P5: `python -m services.simulator --port 9215`."""

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

from .machines import RELEASES
from .replay import RecordedDocument, read_recording
from .scenario import HISTORY_S
from .server import application
from .site import Site, SiteOptions
from .supervision import stop_with_supervisor

LOOPBACK = "127.0.0.1"

TICK_S = 0.05
MAX_EVENTS = 200
"""Events between two chances for the server to answer requests."""


def main() -> None:
    """Read the command line and serve until SIGTERM, SIGINT or the end of the supervisor."""
    arguments = _parser().parse_args()
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    logging.getLogger("aiohttp.websocket").setLevel(
        logging.ERROR
    )  # clients of the original request an unknown subprotocol, which aiohttp logs as a warning
    options = SiteOptions(
        arguments.seed,
        arguments.speed,
        arguments.behind,
        arguments.fus,
        arguments.history,
        arguments.quiet_start,
        arguments.secret,
        arguments.replay,
        arguments.state,
        tuple(arguments.releases),
    )
    site = Site(options)
    if arguments.addresses:
        print(",".join(f"{host}={url}" for host, url in site.urls(arguments.port).items()))
    else:
        asyncio.run(serve(site, arguments.host, arguments.port))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="dqmhub simulate", description="Simulate the DQM hosts at P5.")
    parser.add_argument("--host", default=LOOPBACK, help="address to listen on (%(default)s)")
    parser.add_argument("--port", type=int, default=9215, help="port to listen on; 0: any free port, printed at the start (%(default)s)")
    parser.add_argument("--speed", type=float, default=1.0, help="speed relative to the wall clock (%(default)s)")
    parser.add_argument("--behind", type=float, help="seconds that the clock is behind at the start (600 s for each unit of speed above 1)")
    parser.add_argument("--seed", type=int, default=1, help="seed of the runs and faults (%(default)s)")
    parser.add_argument("--fus", type=int, choices=(1, 2, 3, 4), default=2, help="FUs of each system (%(default)s)")
    parser.add_argument("--history", type=float, default=HISTORY_S, help="simulated seconds before the start (%(default)s)")
    parser.add_argument(
        "--releases",
        nargs="+",
        default=RELEASES,
        metavar="FOLDER",
        help="folders of CMSSW releases in the order of their use (%(default)s)",
    )
    parser.add_argument("--quiet-start", action="store_true", help="start without documents; runs start only on request")
    parser.add_argument("--secret", default="changeme", help="value of the cookie that clients of CMSWEB send (%(default)s)")
    parser.add_argument("--replay", type=_recording, default=(), metavar="FILE", help="replay a recording instead of the usual runs")
    parser.add_argument(
        "--state", type=Path, metavar="FILE", help="keep the documents in this file and continue with them at the next start"
    )
    parser.add_argument(
        "--addresses", action="store_true", help="print the addresses of all hosts but the gateway, as for square_addresses, and exit"
    )
    return parser


def _recording(path: str) -> tuple[RecordedDocument, ...]:
    try:
        return tuple(read_recording(Path(path)))
    except (OSError, ValueError) as error:
        raise argparse.ArgumentTypeError(str(error)) from None


async def serve(site: Site, host: str, port: int) -> None:
    """Serve a site and run its clock until a signal arrives; prints the address once it listens."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    stop_with_supervisor(loop, stop)
    runner = web.AppRunner(application(site), access_log=None, shutdown_timeout=1.0)
    await runner.setup()
    try:
        await web.TCPSite(runner, host, port).start()
        port = runner.addresses[0][1]
        if host == LOOPBACK:  # any other address gives no host an address of its own, or, as 0.0.0.0, all of them
            for address in site.loopback_addresses.values():
                await web.TCPSite(runner, address, port).start()
    except OSError as error:
        sys.exit(
            f"Cannot listen on {host}:{port}: {os.strerror(error.errno or 0)}; choose another --port, or change the setting simulator_port"
        )
    print(f"Simulated P5 at http://{host}:{port}", flush=True)
    clock = asyncio.create_task(run_clock(site))
    await stop.wait()
    clock.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await clock
    await runner.cleanup()


async def run_clock(site: Site) -> None:
    """Process due events forever, and let the server answer requests in between."""
    while True:
        caught_up = site.catch_up(MAX_EVENTS)
        await asyncio.sleep(TICK_S if caught_up else 0)


if __name__ == "__main__":
    main()
