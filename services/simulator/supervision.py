"""The end of a simulator together with the process that started it."""

from __future__ import annotations

import _thread
import asyncio
import os
import select
import signal
import threading


def stop_with_supervisor(loop: asyncio.AbstractEventLoop, stop: asyncio.Event) -> None:
    """Stop when the process DQMHUB_SUPERVISOR_PID ends, if it is set."""
    supervisor = os.environ.get("DQMHUB_SUPERVISOR_PID")
    if not supervisor:
        return
    try:
        loop.add_reader(os.pidfd_open(int(supervisor)), stop.set)
    except ProcessLookupError:
        stop.set()


def stop_at_signals(stop: threading.Event) -> None:
    """Set an event at SIGTERM and SIGINT, however many come: the thread that is interrupted may hold the lock of the event."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: _thread.start_new_thread(stop.set, ()))


def set_with_supervisor(stop: threading.Event) -> None:
    """Set an event when the process DQMHUB_SUPERVISOR_PID ends, if that variable is set."""
    supervisor = os.environ.get("DQMHUB_SUPERVISOR_PID")
    if not supervisor:
        return
    try:
        watched = os.pidfd_open(int(supervisor))
    except ProcessLookupError:
        stop.set()
        return
    threading.Thread(target=_wait_for, args=(watched, stop), name="supervisor", daemon=True).start()


def _wait_for(watched: int, stop: threading.Event) -> None:
    poll = select.poll()
    poll.register(watched, select.POLLIN)
    poll.poll()
    stop.set()
