"""Messages to systemd: that the service is ready, alive or stopping (man sd_notify). Without systemd they do nothing.

The service stands alone, so it does not share `protocol.service_notify`.
"""

from __future__ import annotations

import faulthandler
import os
import socket
import threading
import time
from contextlib import suppress

SOCKET_VARIABLE = "NOTIFY_SOCKET"
TIMEOUT_S = 1.0
"""Longest wait for systemd to take a message, s; a service must not hang with it."""
STEP_S = 10.0
"""Seconds between two reports in a longer wait; the unit's watchdog is longer."""


def ready() -> None:
    """Report that the service has started. From then on, the log names where it hangs when the watchdog ends it."""
    if "WATCHDOG_USEC" in os.environ:
        faulthandler.enable()  # systemd sends SIGABRT
    _send("READY=1")


def alive() -> None:
    """Report that the loop steps."""
    _send("WATCHDOG=1")


def stopping() -> None:
    """Report that the service ends."""
    _send("STOPPING=1")


def wait(stop: threading.Event, seconds: float) -> None:
    """Wait until `stop` is set, or this time is over; the loop counts as alive meanwhile."""
    end = time.monotonic() + seconds
    alive()
    while not stop.wait(max(0.0, min(STEP_S, end - time.monotonic()))) and time.monotonic() < end:
        alive()


def _send(message: str) -> None:
    address = os.environ.get(SOCKET_VARIABLE, "")
    if not address:
        return
    if address.startswith("@"):  # stands for the zero byte of an abstract socket
        address = "\0" + address[1:]
    with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as sender:
        sender.settimeout(TIMEOUT_S)
        sender.sendto(message.encode(), address)
