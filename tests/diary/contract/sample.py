"""What the contract test needs of each source: a good input, into which damaged records can be put."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from app.core.settings import Settings
from app.diary.sources.registry import source_kinds
from app.diary.sources.source import JobSource

Options = Mapping[str, Any]
"""The options of a source, as its configuration has them."""
ENDLESS: Options = {"environment": [f"PATH={Path(__file__).with_name('endless')}:/usr/bin:/bin"], "timeout_s": 1.0}
"""Those of a source whose commands, by their names, are there as programs that do not end."""


class Sample(ABC):
    """A good input of a source. A file of the folder `samples` has one or more as `SAMPLES`; it is named as the module of the source.

    Attributes:
        name: Of the sample, for people.
        kind: Of the source.
        states: The good jobs: their states by native id. No damage of `record` may turn its id into one of these.
        record: A good record of one more job, as its source has it.
        most: Most records that one scan reads.
        waiting: Options with which the source waits for what never comes, until its time limit, which is short. None: it waits
            for nothing.
    """

    name: str
    kind: str
    states: Mapping[str, str]
    record: bytes
    most: int
    waiting: Options | None = None

    @abstractmethod
    def place(self, folder: Path, damaged: Sequence[bytes]) -> Options:
        """Put the good records, and damaged ones among them, where the source finds them, instead of what was there.

        folder: An empty one at first. Returns the options of the source.
        """

    @abstractmethod
    def flood(self, folder: Path, count: int) -> Options:
        """Put so many good records there, of as many jobs. Returns the options of the source."""

    def source(self, options: Options, settings: Settings) -> JobSource:
        """The source with these options."""
        return source_kinds()[self.kind].make(self.name, options, settings)


class TextSample(Sample):
    """A text of records, which the source reads from a file or gets from a command.

    Attributes:
        records: The good records; native id and state of each in `states`, in the same order.
        before, between, after: What stands around records.
    """

    def __init__(
        self,
        name: str,
        kind: str,
        good: Sequence[tuple[str, str, bytes]],
        record: Callable[[int], bytes],
        options: Callable[[Path], Options],
        *,
        before: bytes = b"",
        between: bytes = b"\n",
        after: bytes = b"\n",
        most: int = 0,
        waiting: Options | None = None,
    ) -> None:
        """Args:
        good: Native id, state and text of each record.
        record: Text of a good record of another job, by its number; number 0 is the one to be damaged.
        options: Options of the source, of the file with the whole text, such as `{"command": ["cat", str(path)], "max_mib": 1}`.
        most: Most records that a scan reads with these options, not fewer than 500; 0: those of 1 MiB.
        waiting: Options with a command that never ends.
        """
        self.name, self.kind, self.record, self.waiting = name, kind, record(0), waiting
        self.most = most or (1 << 20) // len(self.record)
        self.states = {native_id: state for native_id, state, _ in good}
        self.records = [text for _, _, text in good]
        self.before, self.between, self.after = before, between, after
        self._record, self._options = record, options

    def text(self, damaged: Sequence[bytes]) -> bytes:
        """The good records, with the damaged ones in the middle."""
        middle = len(self.records) // 2
        return self.joined([*self.records[:middle], *damaged, *self.records[middle:]])

    def joined(self, records: Sequence[bytes]) -> bytes:
        """Records as a whole text."""
        return self.before + self.between.join(records) + self.after

    def write(self, folder: Path, text: bytes) -> Options:
        """Any text as the input of the source."""
        (folder / "text").write_bytes(text)
        return self._options(folder / "text")

    def place(self, folder: Path, damaged: Sequence[bytes]) -> Options:
        return self.write(folder, self.text(damaged))

    def flood(self, folder: Path, count: int) -> Options:
        return self.write(folder, self.joined([self._record(number) for number in range(count)]))
