"""Ends a service with the process that started it, and its children with it, even after kill -9."""

from __future__ import annotations

import _thread
import ctypes
import os
import select
import signal
import threading

PR_SET_PDEATHSIG = 1


def stop_at_signals(stop: threading.Event) -> None:
    """Set an event at SIGTERM and SIGINT, however many come: the thread that is interrupted may hold the lock of the event."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: _thread.start_new_thread(stop.set, ()))


def follow_supervisor() -> None:
    """Send this process SIGTERM when the process of the variable DQMHUB_SUPERVISOR_PID has ended. It need not be the parent."""
    supervisor = os.environ.get("DQMHUB_SUPERVISOR_PID")
    if not supervisor:
        return
    try:
        watched = os.pidfd_open(int(supervisor))
    except ProcessLookupError:
        os.kill(os.getpid(), signal.SIGTERM)
        return
    threading.Thread(target=_wait_for, args=(watched,), name="supervisor", daemon=True).start()


def _wait_for(watched: int) -> None:
    poll = select.poll()
    poll.register(watched, select.POLLIN)
    poll.poll()
    os.kill(os.getpid(), signal.SIGTERM)


def die_with(parent: int) -> None:
    """In a forked process: let the kernel kill it when its parent ends; exit at once if the parent has ended already."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)
