"""Calls of the operating system that Python tells of, so that tests count them, and do something just before one."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache

Event = tuple[str, str]
"""Name, such as `open`, `os.listdir` or `os.scandir`, and the first argument: the path."""
_listeners: list[Callable[[Event], object]] = []


@contextmanager
def audited(before: Callable[[Event], object] = lambda _: None) -> Iterator[list[Event]]:
    """The calls so far. before: is called with each, before it is made; what it raises, the call raises."""
    events: list[Event] = []

    def listen(event: Event) -> None:
        events.append(event)
        _listeners.remove(listen)  # not to what `before` does
        try:
            before(event)
        finally:
            _listeners.append(listen)

    _add_hook()
    _listeners.append(listen)
    try:
        yield events
    finally:
        _listeners.remove(listen)


@cache
def _add_hook() -> None:
    """Listen from now on: what is added once is never removed."""
    sys.addaudithook(_hear)


def _hear(name: str, arguments: tuple[object, ...]) -> None:
    if _listeners:
        event = name, str(arguments[0]) if arguments else ""
        for listen in list(_listeners):
            listen(event)
