"""Errors of DQM^2; `app.square.problems` maps them to HTTP."""

from __future__ import annotations


class SquareError(Exception):
    """Base class of the errors of DQM^2."""


class UnknownRun(SquareError):
    """The run is not known in the system."""


class UnknownJob(SquareError):
    """The job is not known in the system."""


class UnknownChart(SquareError):
    """There is no such chart, or not in this format."""


class UnknownPlayer(SquareError):
    """The playback player has not reported about the run."""


class AcknowledgementRefused(SquareError):
    """The job neither crashed nor is it stuck, or somebody has acknowledged it before."""


class ReasonMissing(SquareError):
    """A change that needs a reason has none."""


class LogUnavailable(SquareError):
    """The whole log of a job cannot be fetched from P5."""


class NoP5Configured(LogUnavailable):
    """The setting square_url is empty."""


class HostUnreachable(LogUnavailable):
    """The host cannot be reached from this hub."""


class HostNotListed(LogUnavailable):
    """Neither the settings nor P5 name the host; documents can name any host, and the hub must not connect to that."""


class P5Error(SquareError):
    """Base class of the failures of P5."""


class P5Busy(P5Error):
    """The gateway executes a command, and can take no other request."""


class P5Unreachable(P5Error):
    """P5, or the way to it, accepts no connection."""


class P5WrongHost(P5Error):
    """The machine at the address of a host says that it is another one."""


class P5BadResponse(P5Error):
    """A response that cannot be used, or that did not arrive in time.

    Attributes:
        raw: The part of the response that arrived.
    """

    def __init__(self, reason: str, raw: bytes = b"") -> None:
        self.raw = raw
        super().__init__(reason)


class P5Unavailable(P5BadResponse):
    """No response in time, or one with a status from 500 on: the gateway or the host is busy or down.

    It says nothing about the requested documents.

    Attributes:
        is_silent: The gateway has not responded itself.
    """

    def __init__(self, reason: str, raw: bytes = b"", *, is_silent: bool = False) -> None:
        self.is_silent = is_silent
        super().__init__(reason, raw)
