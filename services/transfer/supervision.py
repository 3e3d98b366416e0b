"""Ends a process together with the one that started it, even after kill -9: in a demo all processes end with `dqmhub run`."""

from __future__ import annotations

import _thread
import os
import select
import signal
import threading

VARIABLE = "DQMHUB_SUPERVISOR_PID"


def stop_at_signals(stop: threading.Event) -> None:
    """Set an event at SIGTERM and SIGINT, however many come: the thread that is interrupted may hold the lock of the event."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: _thread.start_new_thread(stop.set, ()))


def stop_with_supervisor(stop: threading.Event) -> None:
    """Set an event when the process of the variable DQMHUB_SUPERVISOR_PID has ended, if there is this variable."""
    supervisor = os.environ.get(VARIABLE)
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
