"""The monitor elements (MEs) of a plot, and the request to the render service that they make."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import chain, repeat
from typing import NamedTuple

from app.core.urls import base_name, without_folder
from app.formats import FileReplaced, FormatError, Kind, MERow, ServerUnreachable, payload
from app.formats.streamer_info import NO_LIST, streamer_list
from app.gui.catalog.catalog import OpenSample
from app.gui.errors import ListOutdated, PlotError, PlotServerUnreachable, UnusableElement
from app.gui.plots.windows import NOTHING_BEFORE, earlier_object
from app.gui.snapshots.open_snapshot import OpenSnapshot
from app.gui.snapshots.snapshots import Snapshots
from render.client import EFFICIENCY, HISTOGRAM, Request
from render.client import MAX_NAME_BYTES as RENDER_NAME_BYTES
from render.options import IMAGE_FORMATS, Options

MAX_NAME_BYTES = 1000


class FoundElement(NamedTuple):
    """An existing ME."""

    sample: OpenSample
    position: int  # index in the lists of the sample
    row: MERow  # location in the file


@dataclass(frozen=True, eq=False)
class PlotPart:
    """One ME of a plot."""

    sample: OpenSample | None  # None when the sample does not exist
    path: bytes
    since: OpenSnapshot | None = None  # the start of the window that is drawn; None for the whole ME

    @cached_property
    def index(self) -> int | None:
        """The index of the ME in the lists of its sample; None when there is no such ME."""
        return self.sample.names.find(self.path) if self.sample else None

    @property
    def found(self) -> FoundElement | None:
        """The ME; None when it does not exist."""
        if self.sample is None or self.index is None:
            return None
        return FoundElement(self.sample, self.index, self.sample.columns.row(self.index))

    @property
    def identity(self) -> bytes:
        """Changes with everything that the plot depends on, but for the path."""
        if self.sample is None:
            return b""
        # A file can have an ME of this name in many runs and lumisections.
        return f"{self.sample.identity}\0{self.sample.key.run}:{self.sample.key.lumi}{self._window_identity}".encode()

    @property
    def _window_identity(self) -> str:
        """Equal in windows that begin after the same lumisection with the same contents."""
        if self.since is None:
            return ""
        index = self.since.names.find(self.path)
        return f"\0since {self.since.lumi} {'nothing' if index is None else self.since.element_identity(index)}"

    @property
    def name(self) -> str:
        """The path as text."""
        return self.path.decode(errors="replace")


def with_windows(parts: Sequence[PlotPart], lumis: Sequence[int], snapshots: Snapshots) -> list[PlotPart]:
    """The MEs of a plot, each in its window of so many lumisections; those of 0, and the rest, are whole. Raises NoWindow."""
    return [
        replace(part, since=snapshots.start_of_window(part.sample, length)) if part.sample and length else part
        for part, length in zip(parts, chain(lumis, repeat(0)), strict=False)
    ]


def combined_part(parts: Sequence[PlotPart], options: Options) -> PlotPart:
    """The part for which the crashes of a plot are counted: its only ME, or the first one with the names of all.

    Its name includes the options of the request, and that it has a window: an ME that crashes only so is drawn otherwise.
    """
    names, choice = b" + ".join(part.path for part in parts), ", ".join(filter(None, (options.choice(), _windows(parts))))
    if not choice:
        return parts[0] if len(parts) == 1 else PlotPart(parts[0].sample, names[:MAX_NAME_BYTES])
    drawn_with = b" drawn with " + choice.encode()
    return PlotPart(parts[0].sample, names[: max(0, MAX_NAME_BYTES - len(drawn_with))] + drawn_with)


def _windows(parts: Sequence[PlotPart]) -> str:
    return "window" if any(part.since for part in parts) else ""


def render_request(parts: Sequence[PlotPart], options: Options) -> Request:
    """The request to the render service: texts as lines of one text, a missing histogram as an empty object.

    Images show real numbers in their shortest form; other formats have the texts of the file.

    Raises PlotError, and NoWindow.
    """
    first = parts[0].found
    name = _drawn_name(parts[0])
    earlier = [_earlier(part) for part in parts] if _windows(parts) else []
    if first and Kind(first.row.kind).scalar:
        found = [part.found for part in parts if part.found]
        stored = [each.sample.facts.scalars.get(each.position, "") for each in found]
        texts = [each.sample.scalar(each.position) for each in found] if options.format in IMAGE_FORMATS else stored
        return Request(name=name, spec=options.spec(), flags=first.row.kind, text="\n".join(texts).encode(errors="replace"))
    flags, objects = 0, []
    for part in parts:
        part_flags, content = _object(part)
        flags |= part_flags & EFFICIENCY if flags else part_flags
        objects.append(content)
    after = parts[0].since.lumi if parts[0].since else None
    return Request(name=name, spec=options.spec(), flags=flags or HISTOGRAM, objects=objects, earlier=earlier, after=after)


def _earlier(part: PlotPart) -> tuple[bytes, int]:
    """The object of a part at the start of its window."""
    return earlier_object(part.since, part.path, part.found.row) if part.since and part.found else NOTHING_BEFORE


def _drawn_name(part: PlotPart) -> str:
    """The name for the render service, which limits its length: files can hold any name, and anybody can request any."""
    return part.name if len(part.name.encode()) <= RENDER_NAME_BYTES else part.path[:MAX_NAME_BYTES].decode(errors="replace")


def _object(part: PlotPart) -> tuple[int, tuple[bytes, int]]:
    """Flags, bytes and displacement of the object of a part."""
    if part.found is None:
        return 0, (b"", 0)
    sample, _, row = part.found
    try:
        content = payload(sample.url, sample.format, row, sample.file_version)
    except FileReplaced as error:
        raise _outdated(part.name, sample) from error
    except FormatError as error:
        raise UnusableElement(f"Cannot draw {part.name}: {without_folder(str(error), sample.url)}") from error
    except OSError as error:
        raise _read_error(part.name, sample, error) from error
    return content.flags, (content.data, content.displacement)


def streamers_of(part: PlotPart) -> tuple[bytes, int]:
    """The streamer information in the file of a part, with its displacement; NO_LIST if the file has none. Raises as `render_request`."""
    if part.sample is None:
        return NO_LIST
    try:
        return streamer_list(part.sample.url)
    except FormatError:
        return NO_LIST
    except OSError as error:
        raise _read_error(part.name, part.sample, error) from error


def _outdated(name: str, sample: OpenSample) -> ListOutdated:
    reason = sample.note or f"{base_name(sample.url)} was replaced and is being read"
    return ListOutdated(f"Cannot draw {name} now: {reason}")


def _read_error(name: str, sample: OpenSample, error: OSError) -> PlotError:
    """The error when a file cannot be read; a file whose list is not of the newest file may have been deleted."""
    if sample.note and not isinstance(error, ServerUnreachable):
        return _outdated(name, sample)
    message = f"Cannot draw {name}: {base_name(sample.url)}: {error.strerror}"
    return PlotServerUnreachable(message) if isinstance(error, ServerUnreachable) else PlotError(message)
