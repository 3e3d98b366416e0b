"""Another network on this machine: a namespace of its own, and a link to it that tests break and mend. Linux, as root."""

from __future__ import annotations

import ctypes
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

import pytest


class Network(NamedTuple):
    """address: of the other end, as seen from here; inside: words of a command line that run what follows in the other network."""

    name: str
    address: str
    inside: tuple[str, ...]

    def set(self, state: str) -> None:
        """Take the link "up" or "down"."""
        ip("link", "set", self.name, state)


def ip(*words: str) -> None:
    """Run the command `ip`. Raises `CalledProcessError`, with its message."""
    subprocess.run(["ip", *words], check=True, capture_output=True, text=True)


_CLONE_NEWNET = 0x40000000
"""As in linux/sched.h; Python has it from 3.12 on."""


@contextmanager
def own_network() -> Iterator[None]:
    """Move this thread and what it starts into a network of its own, until the end of the block.

    The link must not be made in the machine's network: browsers there stop loading their pages when an address comes or goes.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    with open("/proc/thread-self/ns/net", "rb") as before:
        if libc.unshare(_CLONE_NEWNET):
            pytest.skip(f"this machine gives no network of its own: {os.strerror(ctypes.get_errno())}")
        try:
            try:
                ip("link", "set", "lo", "up")
            except (OSError, subprocess.CalledProcessError) as error:
                pytest.skip(f"this machine lets nobody change networks: {getattr(error, 'stderr', error)}")
            yield
        finally:
            if libc.setns(before.fileno(), _CLONE_NEWNET):
                raise OSError(ctypes.get_errno(), "cannot return to the machine's network")


@contextmanager
def other_network() -> Iterator[Network]:
    """A network with one address, until the end of the block; skips where the kernel or the user does not allow it."""
    with own_network():
        yield from _linked_network()


def _linked_network() -> Iterator[Network]:
    if shutil.which("ip") is None:
        pytest.skip("there is no `ip` (Debian package iproute2)")
    name, number = f"dqm{os.getpid()}", os.getpid() % 16384
    here, there = (f"198.18.{number // 64}.{number % 64 * 4 + end}" for end in (1, 2))
    try:
        ip("netns", "add", name)
    except subprocess.CalledProcessError as error:
        pytest.skip(f"this machine gives no network of its own: {error.stderr.strip()}")
    try:
        _join(name, here, there)
        yield Network(name, there, ("ip", "netns", "exec", name))
    finally:
        ip("netns", "del", name)  # and with it the link


def _join(name: str, here: str, there: str) -> None:
    """A link from this network to the one of this name."""
    try:
        ip("link", "add", name, "type", "veth", "peer", "name", f"{name}o", "netns", name)
    except subprocess.CalledProcessError as error:
        pytest.skip(f"this machine links no networks: {error.stderr.strip()}")
    ip("addr", "add", f"{here}/30", "dev", name)
    ip("link", "set", name, "up")
    for words in (("addr", "add", f"{there}/30", "dev", f"{name}o"), ("link", "set", f"{name}o", "up"), ("link", "set", "lo", "up")):
        ip("-n", name, *words)
