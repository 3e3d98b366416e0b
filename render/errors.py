"""Errors of the render client, the plot options and the plugin builder; `RenderError` is the base class of all."""

from __future__ import annotations

NO_RESPONSE = "connection closed without a response"
"""Reason of a lost worker that could not report why: it was killed from outside, or lost while it drew another plot."""


class RenderError(Exception):
    """Base class of all errors in this package."""


class OptionError(RenderError, ValueError):
    """An option of a plot has an invalid value.

    Attributes:
        field: name of the option in the query.
        problem: what is wrong and what is allowed.
    """

    def __init__(self, field: str, problem: str) -> None:
        super().__init__(f"{field}: {problem}")
        self.field = field
        self.problem = problem


class RequestError(RenderError, ValueError):
    """A request exceeds a limit of the protocol."""


class RenderUnavailable(RenderError):
    """No service listens at the socket."""


class RenderTimeout(RenderError):
    """The response did not arrive in time."""


class RenderRefused(RenderError):
    """The service rejected the request: an invalid specification, a damaged object, or a limit exceeded.

    Attributes:
        code: response code, see docs/developers/renderer.md.
        place: of the object with the problem in the request, if its snapshot cannot be subtracted.
    """

    def __init__(self, code: int, message: str, place: int = 0) -> None:
        super().__init__(message)
        self.code = code
        self.place = place


class RenderLost(RenderError):
    """The worker process was lost while drawing. Raised itself if ROOT or a plugin threw an exception.

    Attributes:
        reason: what happened, such as "died of SIGSEGV".
        plugin: name of the render plugin that was running, "" if none was.
    """

    def __init__(self, name: str, reason: str, plugin: str = "") -> None:
        where = f", in the plugin {plugin}" if plugin else ""
        super().__init__(f"The render worker was lost while drawing {name!r}: {reason}{where}")
        self.reason = reason
        self.plugin = plugin


class RenderCrashed(RenderLost):
    """The monitor element or a plugin crashed the worker."""


class RenderOverrun(RenderLost):
    """The plot exceeded the limit on wall time or CPU time."""


class RenderExhausted(RenderLost):
    """The plot exceeded the memory limit."""


class RenderDisconnected(RenderLost):
    """The connection closed without a response: the worker was killed, or lost while it drew another client's plot."""


class PluginBuildError(RenderError):
    """A library of render plugins cannot be built."""


class RootNotFound(PluginBuildError):
    """No ROOT is installed."""


class ToolsMissing(RenderError):
    """The render service cannot be built, because tools are missing; the message names all."""
