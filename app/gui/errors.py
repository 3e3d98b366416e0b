"""Errors of the DQM GUI; `app.gui.problems` maps them to HTTP."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from app.core.input_problems import InputProblems
    from app.gui.samples import SampleKey
    from app.queue.models import BackgroundJob


class GuiError(Exception):
    """Base class of the errors of the DQM GUI."""

    def __init__(self, message: str, fields: list[tuple[str, str]] | InputProblems | None = None) -> None:
        """
        Args:
            message: What is wrong, as a sentence.
            fields: Name of each wrong input with its problem.
        """
        super().__init__(message)
        self.message = message
        self.fields = fields or []


class InvalidInput(GuiError):
    """Entries to register, or objects of an overlay, that cannot be used."""


class UnknownSample(GuiError):
    """There is no such sample; the message names similar ones."""


class UnknownElement(GuiError):
    """A sample has no such monitor element; the message names similar ones."""


class NotInQuarantine(GuiError):
    """There is no quarantined monitor element with this number."""


class Importing(GuiError):
    """The file of a sample is being read, and no earlier list can be shown."""

    def __init__(self, key: SampleKey, job: BackgroundJob) -> None:
        """`job` is the background job that reads the file."""
        super().__init__(f"The list of {key} is being read from its file; try again in a second")
        self.job = job


class NoWindow(GuiError):
    """There is no snapshot of a sample from so many lumisections ago; the message says which ones there are."""


class ImportFailed(GuiError):
    """The file of a sample cannot be read.

    Attributes:
        url: The file.
        reason: Why, without the name of the sample.
    """

    def __init__(self, key: SampleKey, url: str, reason: str) -> None:
        super().__init__(f"Cannot open {key}: {reason}")
        self.url = url
        self.reason = reason


class UnusableFile(ImportFailed):
    """The file of a sample is damaged, or no DQM file."""


class NotInFile(ImportFailed):
    """The file of a sample holds no monitor elements of it."""


class FileServerUnreachable(ImportFailed):
    """The server of a remote file does not respond, so its newest version is unknown."""


class ImportPostponed(ImportFailed):
    """The file of a sample cannot be read now: its readers were killed, the disk is full, or the database is busy or unreachable."""


class PlotError(GuiError):
    """A plot cannot be made from its file or by the render service."""


class UnusableElement(PlotError):
    """A monitor element is damaged in its file, or larger than the render service draws."""


class NotSubtractable(PlotError):
    """A monitor element has no window: what it held before cannot be subtracted from what it holds."""

    def __init__(self, name: str, reason: str) -> None:
        """
        Args:
            name: Path of the monitor element.
            reason: Why, without a capital letter.
        """
        super().__init__(f"No window of {name}: {reason}")


class UnsuitableFormat(PlotError):
    """A monitor element is too large for the requested format."""


class NothingToDraw(PlotError):
    """The render service has no picture of a monitor element: it is empty, or on the blacklist of the service."""


class Quarantined(PlotError):
    """A monitor element crashed the render service too often."""


class PlotUnavailable(PlotError):
    """A plot cannot be made now; a later attempt can succeed."""


class ListOutdated(PlotUnavailable):
    """The file was replaced since its list was stored; the sample has to be opened again."""


class PlotServerUnreachable(PlotUnavailable):
    """The server of the remote file of a plot does not respond."""


class PlotTimeout(PlotError):
    """The render service took too long."""
