"""The end of a simulator together with the process that started it."""

from __future__ import annotations

import asyncio
import os


def stop_with_supervisor(loop: asyncio.AbstractEventLoop, stop: asyncio.Event) -> None:
    """Stop when the process DQMHUB_SUPERVISOR_PID ends, if it is set."""
    supervisor = os.environ.get("DQMHUB_SUPERVISOR_PID")
    if not supervisor:
        return
    try:
        loop.add_reader(os.pidfd_open(int(supervisor)), stop.set)
    except ProcessLookupError:
        stop.set()
