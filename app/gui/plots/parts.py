"""What a plot is made of: one monitor element (ME), or several on each other, out of any samples; and what the renderer is sent."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from app.formats import FileReplaced, Kind, MERow, ServerUnreachable, payload
from app.formats.streamer_info import streamer_list
from app.gui.catalog.catalog import OpenSample
from app.web import Problem
from render.client import EFFICIENCY, HISTOGRAM, Request

LONGEST_NAME = 1000


class Outdated(Problem):
    """The list of a sample is not that of its file any more: open the sample again."""

    def __init__(self, name: str, sample: OpenSample) -> None:
        reason = sample.note or f"{sample.url} was written anew and is read again"
        super().__init__(503, f"{name} cannot be drawn now: {reason}", headers={"Retry-After": "1"})


@dataclass(frozen=True, eq=False)
class Part:
    """One ME of a plot. sample: None when it is of a sample that there is not."""

    sample: OpenSample | None
    path: bytes

    @cached_property
    def index(self) -> int | None:
        """Where the ME is in the list of its sample; None when there is no such ME."""
        return self.sample.names.find(self.path) if self.sample else None

    @property
    def found(self) -> tuple[OpenSample, int, MERow] | None:
        """The sample, the index in its list, and where the ME is in the file; None when there is no such ME."""
        if self.sample is None or self.index is None:
            return None
        return self.sample, self.index, self.sample.columns.row(self.index)

    @property
    def identity(self) -> bytes:
        """Changes with all of this part that a plot depends on."""
        # A file may have an ME of this name in many runs and lumisections.
        return f"{self.sample.identity}\0{self.sample.key.run}:{self.sample.key.lumi}".encode() if self.sample else b""

    @property
    def name(self) -> str:
        return self.path.decode(errors="replace")


def together(parts: Sequence[Part]) -> Part:
    """What stands for all of a plot where it is counted what plots do: its only ME, or the first one with the names of all."""
    return parts[0] if len(parts) == 1 else Part(parts[0].sample, b" + ".join(part.path for part in parts)[:LONGEST_NAME])


def request_of(parts: Sequence[Part], spec: str) -> Request:
    """What the renderer is sent: texts as lines of one, a histogram that is not there as an empty object.

    Raises FormatError, and Problem when a file cannot be read.
    """
    name, main = parts[0].name, parts[0].found
    if main and Kind(main[2].kind).scalar:
        texts = [found[0].facts.scalars.get(found[1], "") for part in parts if (found := part.found)]
        return Request(name=name, spec=spec, flags=main[2].kind, text="\n".join(texts).encode(errors="replace"))
    flags, objects = 0, []
    for part in parts:
        own, content = _object(part)
        flags |= own & EFFICIENCY if flags else own
        objects.append(content)
    return Request(name=name, spec=spec, flags=flags or HISTOGRAM, objects=objects)


def _object(part: Part) -> tuple[int, tuple[bytes, int]]:
    if part.found is None:
        return 0, (b"", 0)
    sample, _, row = part.found
    try:
        found = payload(sample.url, sample.format, row, sample.file_version)
    except FileReplaced as error:
        raise Outdated(part.name, sample) from error
    except OSError as error:
        raise _unread(part.name, sample, error) from error
    return found.flags, (found.data, found.displacement)


def streamers_of(part: Part) -> tuple[bytes, int]:
    """What describes the classes in the file of a part; raises as `request_of` does."""
    if part.sample is None:
        return b"", 0
    try:
        return streamer_list(part.sample.url)
    except OSError as error:
        raise _unread(part.name, part.sample, error) from error


def _unread(name: str, sample: OpenSample, error: OSError) -> Problem:
    """The answer when a file cannot be read; that of an old list may go."""
    if sample.note and not isinstance(error, ServerUnreachable):
        return Outdated(name, sample)
    message = f"{name} cannot be drawn: {sample.url}: {error.strerror}"
    return Problem(503, message, headers={"Retry-After": "5"}) if isinstance(error, ServerUnreachable) else Problem(502, message)
