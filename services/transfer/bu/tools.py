"""ROOT's programs: hadd, and root for the macro that checks the output of hadd. They work in a folder with links to the inputs."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import sys
import threading
from collections import Counter
from collections.abc import Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..options import BuOptions
from ..programs import ProgramStopped, run_program
from ..time_limit import TimeLimit

MERGED = "merged.root.tmp"
CHECK, TRIM = "merge_check.C", "merge_trim.C"
"""The macros."""
_TIED = (sys.executable, "-I", "-S", os.fspath(Path(__file__).with_name("tied.py")))
"""Runs a program that ends, with all its children, when this process ends."""
_ANSWER = "answer.txt"
_NICE = 10
_MOST_OUTPUT = 1 << 16
"""Bytes of the output of a program that are read."""
_PIECE = 1 << 20
"""Bytes that are copied between two looks at the time limit."""
_NOT_OF_AN_INPUT = re.compile(r"No space left on device|Disk quota exceeded|Too many open files")
_LEAST_FREE = 1 << 16
"""Free bytes of the disk below which it is full."""
_LEAST_PART = 0.125
"""Part of the time limit that must remain to read an input alone."""
_LINK = re.compile(r"\b(\d{1,6})\.root\b", re.ASCII)


class MergeFailed(OSError):
    """A merge that failed, but not because of its inputs; it is tried again."""


class MergeTimedOut(MergeFailed):
    """A merge that took too long. No input is at fault: the host may be slow."""


class MergeStopped(Exception):
    """The service ends."""


@dataclass
class CheckAnswer:
    """What the macro found out about the inputs, by their numbers, and the merged file.

    Attributes:
        is_complete: False when ROOT crashed or was killed.
        unreadable: Inputs that cannot be read, with the reason.
        reading: The input that was read when ROOT crashed; -1 if none was.
        suspects: For each object that does not fit those of other inputs: its input, and a text with its name and the reason.
        problems: Faults of the merged file.
        histograms: Number of histograms that were compared.
        resolved: Number of scalars, quality tests and efficiency marks that were removed because a newer one exists.
        saturated: Number of histograms with bins at the limit of their type.
        saturated_names: Some of them.
    """

    is_complete: bool = False
    unreadable: dict[int, str] = field(default_factory=dict)
    reading: int = -1
    suspects: list[tuple[int, str]] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    histograms: int = 0
    resolved: int = 0
    saturated: int = 0
    saturated_names: list[str] = field(default_factory=list)

    def add(self, line: dict[str, Any]) -> None:
        """Add a line of the answer."""
        if "begins" in line:
            self.reading = line["begins"]
        elif "input" in line:
            self.reading = -1
            if line["problem"]:
                self.unreadable.setdefault(line["input"], line["problem"])
        elif "suspect" in line:
            self.suspects.append((line["suspect"], line["reason"]))
        elif "end" in line:
            self.is_complete = True
        else:
            for name, value in line.items():
                setattr(self, name, value)

    @property
    def bad(self) -> dict[int, str]:
        """The inputs to leave out, with the reason: the unreadable ones, and the suspect with the most objects."""
        counts = Counter(number for number, _ in self.suspects)
        worst = max(counts, key=lambda number: (counts[number], number), default=None)
        return {number: reason for number, reason in reversed(self.suspects) if number == worst} | self.unreadable


class RootTools:
    """Runs hadd and the macro in a folder, which must be empty at first."""

    def __init__(self, folder: Path, options: BuOptions, stop: threading.Event) -> None:
        """Prepare the folder; the time limit of the options begins. Raises `OSError`."""
        self._folder, self._options, self._stop = folder, options, stop
        self._limit = TimeLimit(options.merge_limit_s)
        self._copies = 0
        for source in Path(__file__).parent.glob("merge_*.[Ch]"):
            (folder / source.name).write_bytes(source.read_bytes())

    def link(self, inputs: Sequence[Path]) -> None:
        """Link the inputs under names without characters that have a meaning for ROOT."""
        for number, path in enumerate(inputs):
            link = self._folder / f"{number}.root"
            link.unlink(missing_ok=True)
            link.symlink_to(os.path.abspath(path))

    def hadd(self, count: int) -> str:
        """Merge the first inputs; returns the error, "" if there is none. Raises MergeFailed and MergeStopped."""
        (self._folder / MERGED).unlink(missing_ok=True)
        self._check_disk(sum((self._folder / f"{number}.root").stat().st_size for number in range(count)))
        code, message = self._run([self._options.hadd, "-ff", "-v", "0", MERGED, *(f"{number}.root" for number in range(count))])
        if code in (126, 127, -signal.SIGKILL):
            raise MergeFailed(f"hadd ended with {code}: {message}")
        return f"hadd ended with {code}: {message}" if code else ""

    def probe(self, count: int) -> CheckAnswer:
        """Read the first inputs in full, and compare them with each other. Raises MergeFailed and MergeStopped."""
        return self._macro(f'{CHECK}({count}, "")')

    def check(self, count: int) -> CheckAnswer:
        """Resolve doubles in the merged file, and compare it with its inputs. Raises MergeFailed and MergeStopped."""
        return self._macro(f'{CHECK}({count}, "{MERGED}")')

    def trim(self, inputs: Collection[int]) -> dict[int, Path]:
        """Copies of the inputs that the last probe or check suspects, by number, without the objects that do not fit.

        Empty when a copy fails. Raises `OSError`, in particular MergeFailed, and MergeStopped.
        """
        copies = {}
        for number in inputs:
            source = self._folder / f"{number}.root"
            self._check_disk(source.stat().st_size)
            self._copy(source, self._folder / f"trim-{number}.root")
        answer = self._macro(f"{TRIM}()")
        if not answer.is_complete or answer.unreadable:
            return {}
        for number in inputs:
            self._copies += 1
            copies[number] = (self._folder / f"trim-{number}.root").rename(self._folder / f"copy-{self._copies}.root")
        return copies

    def _copy(self, source: Path, target: Path) -> None:
        """Copy a file in pieces: of what passes without a look, the time limit counts only a part."""
        with source.open("rb") as whole, target.open("wb") as copy:
            while piece := whole.read(_PIECE):
                copy.write(piece)
                if self._stop.is_set():
                    raise MergeStopped
                if self._limit.left_s() <= 0:
                    raise self._timed_out()

    def read_alone(self, path: Path) -> str:
        """Read one input in at most half of the remaining time; returns the error, "" if there is none.

        Raises MergeFailed and MergeStopped.
        """
        limit_s = self._limit.left_s() / 2
        if limit_s < _LEAST_PART * self._options.merge_limit_s:
            raise self._timed_out()
        self.link([path])
        try:
            return self._macro(f'{CHECK}(1, "")', TimeLimit(limit_s, self._limit)).unreadable.get(0, "")
        except MergeTimedOut:
            return f"ROOT did not end within {limit_s:.3g} s when it read this file alone"

    def _macro(self, call: str, limit: TimeLimit | None = None) -> CheckAnswer:
        answer_file = self._folder / _ANSWER
        answer_file.unlink(missing_ok=True)
        code, message = self._run([self._options.root, "-l", "-b", "-q", "-n", call], limit)
        if not answer_file.is_file() or code == -signal.SIGKILL:
            raise MergeFailed(f"root ended with {code}: {message}")
        answer = CheckAnswer()
        for line in answer_file.read_text(errors="replace").splitlines():
            with suppress(ValueError):  # cut by a crash
                answer.add(json.loads(line))
        if not answer.is_complete:
            self._check_disk()
        return answer

    def _check_disk(self, needed: int = 0) -> None:
        """Raise MergeFailed when the disk is full: then programs fail for any inputs, and may not report why."""
        needed += _LEAST_FREE
        if shutil.disk_usage(self._folder).free < needed:
            raise MergeFailed(f"the disk is full: {needed / 1e6:.2f} MB must be free")

    def _run(self, command: list[str], limit: TimeLimit | None = None) -> tuple[int, str]:
        """Run a program while there is time; returns its exit code and its messages. Raises MergeFailed and MergeStopped."""
        environment = os.environ | {"ROOTENV_NO_HOME": "1"}
        with open(os.memfd_create("output"), "w+b") as file:  # also on a full disk
            try:
                code = run_program(
                    [*_TIED, *command],
                    limit or self._limit,
                    file,
                    file,
                    stop=self._stop,
                    folder=self._folder,
                    environment=environment,
                    nice=_NICE,  # concatenations of other runs go first
                    has_pipe=True,
                )
            except ProgramStopped:
                raise MergeStopped from None
            if code is None:
                raise self._timed_out()
            file.seek(0)
            output = file.read(_MOST_OUTPUT).decode(errors="replace")
        if match := _NOT_OF_AN_INPUT.search(output):
            raise MergeFailed(f"{os.path.basename(command[0])}: {match[0]}")
        if code:
            self._check_disk()
        errors = [line for line in output.splitlines() if "error" in line.lower()] or output.splitlines()[-1:]
        return code, "; ".join(errors[:3])

    def _timed_out(self) -> MergeTimedOut:
        return MergeTimedOut(f"it was not complete after {self._options.merge_limit_s:g} s (bu.merge_limit_s)")


def with_names(text: str, inputs: Sequence[Path]) -> str:
    """A message of ROOT with the names of the inputs in place of those of their links."""
    return _LINK.sub(lambda match: inputs[int(match[1])].name if int(match[1]) < len(inputs) else match[0], text)
