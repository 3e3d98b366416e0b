"""Messages of a service to systemd: that it is ready, alive or stopping (man sd_notify). Without systemd they do nothing.

Where something else watches, such as the probes of Kubernetes, the file DQMHUB_ALIVE_FILE has the time at which it was last alive.
"""

from __future__ import annotations

import faulthandler
import os
import socket
import time
from contextlib import suppress
from pathlib import Path

SOCKET_VARIABLE, FILE_VARIABLE = "NOTIFY_SOCKET", "DQMHUB_ALIVE_FILE"
TIMEOUT_S = 1.0
"""Longest wait for systemd to take a message, s; a service must not hang with it."""
MESSAGES_PER_WATCHDOG = 4
"""`alive` sends so many messages in the time of the watchdog; systemd advises at least two."""
FILE_PERIOD_S = 1.0
"""Without a watchdog, the file gets a new time at most this often, s."""

_last_alive = float("-inf")


def ready() -> None:
    """Report that the service has started and serves. From then on, the log names where it hangs when the watchdog ends it."""
    if watchdog_s():
        faulthandler.enable()  # systemd sends SIGABRT
    _send("READY=1")


def alive() -> None:
    """Report that the service works. To be called in each step of the loop that must not hang; most calls send nothing."""
    global _last_alive
    watchdog, now = watchdog_s(), time.monotonic()
    if now - _last_alive < (watchdog / MESSAGES_PER_WATCHDOG if watchdog else FILE_PERIOD_S):
        return
    _last_alive = now
    if watchdog:
        _send("WATCHDOG=1")
    if file := os.environ.get(FILE_VARIABLE):
        with suppress(OSError):
            Path(file).touch()


def stopping() -> None:
    """Report that the service has begun to stop."""
    _send("STOPPING=1")


def status(text: str) -> None:
    """Report what the service does; `systemctl status` shows it."""
    _send("STATUS=" + " ".join(text.split()))


def watchdog_s() -> float | None:
    """Time after which systemd ends this process if it does not call `alive`, s; None without such a watchdog."""
    period = os.environ.get("WATCHDOG_USEC", "")
    if os.environ.get("WATCHDOG_PID", str(os.getpid())) != str(os.getpid()) or not period.isdecimal():
        return None
    return int(period) / 1e6 or None


def _send(message: str) -> None:
    address = os.environ.get(SOCKET_VARIABLE, "")
    if not address:
        return
    if address.startswith("@"):  # stands for the zero byte of an abstract socket
        address = "\0" + address[1:]
    with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as sender:
        sender.settimeout(TIMEOUT_S)
        sender.sendto(message.encode(), address)
