"""The context of the log lines of this thread: the HTTP request, the run, the background job.

The request id follows the work: a job has the id of the request that queued it, and the render service gets it with each
plot, so that one word finds all lines of all processes about what a user did.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from types import MappingProxyType

HEADER = "X-Request-ID"

_FORMED = re.compile(r"[0-9A-Za-z_-]{8,64}")

_current: ContextVar[Mapping[str, object]] = ContextVar("log_context", default=MappingProxyType({}))


def current() -> Mapping[str, object]:
    """The known ones of `request` (text), `run` (number), `job` (id of its row) and `task` (name of a periodic task)."""
    return _current.get()


def request_id() -> str:
    """The id of the request that this thread works for; "" if there is none."""
    return str(current().get("request", ""))


def new_request_id() -> str:
    """32 hex digits, as nginx makes them."""
    return secrets.token_hex(16)


def is_request_id(text: str) -> bool:
    """Whether a text can be a request id: 8 to 64 letters, digits, - and _, so that it is one word in every log."""
    return _FORMED.fullmatch(text) is not None


def begin_request(request: str) -> None:
    """Forget what this thread did before: it responds to a request now."""
    _current.set(MappingProxyType({"request": request}))


def add(**values: object) -> None:
    """Add what has become known, for the rest of the request or job. Values of None and "" are unknown."""
    _current.set(MappingProxyType({**current(), **_known(values)}))


@contextmanager
def during(**values: object) -> Iterator[None]:
    """Start with these values alone, and return to the earlier ones at the end."""
    token = _current.set(MappingProxyType(_known(values)))
    try:
        yield
    finally:
        _current.reset(token)


def _known(values: Mapping[str, object]) -> dict[str, object]:
    return {name: value for name, value in values.items() if value not in (None, "")}
