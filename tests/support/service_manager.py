"""The part of systemd that services talk to: a socket that receives their messages (man sd_notify)."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from queue import Empty, Queue
from threading import Thread
from typing import NamedTuple

from tests.support.patience import PATIENCE_S


class Message(NamedTuple):
    """One assignment of a message: process id of the sender, as the kernel says, and text such as `READY=1`."""

    pid: int
    text: str


class ServiceManager:
    """Receives the messages of services; `variables` is the environment that systemd sets for them."""

    def __init__(self, path: Path, watchdog_s: float) -> None:
        self.variables = {"NOTIFY_SOCKET": str(path), "WATCHDOG_USEC": f"{1e6 * watchdog_s:.0f}"}
        self.messages: list[Message] = []
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
        self._socket.bind(str(path))
        self._received: Queue[list[Message]] = Queue()
        self._thread = Thread(target=self._receive)
        self._thread.start()

    def _receive(self) -> None:
        """Take each message from the socket at once, as systemd does: it has place for ten, and services wait for a place only shortly."""
        while True:
            data, ancillary, _, _ = self._socket.recvmsg(4096, socket.CMSG_SPACE(12))
            if not data:
                return
            pid = int.from_bytes(ancillary[0][2][:4], "little")
            self._received.put([Message(pid, line) for line in data.decode().splitlines()])

    def receive(self, timeout_s: float) -> list[Message]:
        """Wait for a message, and return its assignments; none after this time."""
        try:
            found = self._received.get(timeout=timeout_s)
        except Empty:
            return []
        self.messages += found
        return found

    def send(self, data: bytes) -> None:
        """Send a message, as a service does."""
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
            sender.sendto(data, self.variables["NOTIFY_SOCKET"])

    def wait_for(self, text: str) -> Message:
        """Wait for the next message with this assignment; fails after PATIENCE_S."""
        end = time.monotonic() + PATIENCE_S
        while (left := end - time.monotonic()) > 0:
            for message in self.receive(left):
                if message.text == text:
                    return message
        raise AssertionError(f"waited in vain for {text}; received: {self.messages}")

    def falls_silent(self, seconds: float) -> bool:
        """Wait until there is no message for this time, as when the watchdog ends a service."""
        end = time.monotonic() + PATIENCE_S
        while time.monotonic() < end:
            if not self.receive(seconds):
                return True
        return False

    def close(self) -> None:
        """Remove the socket."""
        self.send(b"")
        self._thread.join()
        self._socket.close()
        os.unlink(self.variables["NOTIFY_SOCKET"])


@contextmanager
def service_manager(folder: Path, watchdog_s: float = 2.0) -> Iterator[ServiceManager]:
    """A service manager with its socket in the folder."""
    manager = ServiceManager(folder / "notify", watchdog_s)
    try:
        yield manager
    finally:
        manager.close()
