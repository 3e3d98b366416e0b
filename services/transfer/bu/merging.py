"""Merges the ROOT files of clients by ROOT's hadd. The result is accepted only after a comparison with the inputs.

hadd ends with 0 even if it could not add a histogram, and leaves an incomplete file when it fails. It keeps all scalars, quality tests and
efficiency marks that several inputs have; here only that of the newest input is kept. An object that does not fit those of other inputs
is removed from a copy of its file, and the copy is merged.
"""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ..files import FileVersion, file_version
from ..options import BuOptions
from .tools import MERGED, CheckAnswer, MergeFailed, MergeStopped, MergeTimedOut, RootTools, with_names

__all__ = ["Merge", "MergeFailed", "MergeStopped", "MergeTimedOut", "merge_files"]
MOST_TRIMS = 3
"""Attempts to leave out single objects; after these, whole files are left out."""
_MOST_NAMED = 3
log = logging.getLogger(__name__)


@dataclass
class Merge:
    """What a merge consists of.

    Attributes:
        path: The merged file, under a temporary name; None when no input can be read.
        size: Its size, bytes.
        included: The inputs in it, in their order.
        left_out: The other inputs, with the reason.
        trimmed: The objects that are missing in it, with the reasons, by included input.
        histograms: Number of its histograms; each was compared with the sum of the inputs.
        resolved: Number of scalars, quality tests and efficiency marks of older inputs that were removed.
        saturated: Number of histograms with bin sums above the limit of their type; ROOT keeps the largest number.
        saturated_names: Some of them.
    """

    path: Path | None = None
    size: int = 0
    included: list[Path] = field(default_factory=list)
    left_out: dict[Path, str] = field(default_factory=dict)
    trimmed: dict[Path, list[str]] = field(default_factory=dict)
    histograms: int = 0
    resolved: int = 0
    saturated: int = 0
    saturated_names: list[str] = field(default_factory=list)

    def losses(self) -> dict[Path, str]:
        """The inputs that are missing in it or are not complete in it, with the reason."""
        in_part = {path: reasons for path, reasons in self.trimmed.items() if path not in self.left_out}
        return self.left_out | {
            path: f"in part: {'; '.join(reasons[:_MOST_NAMED])}{f'; {len(reasons)} objects in all' * (len(reasons) > _MOST_NAMED)}"
            for path, reasons in in_part.items()
        }


def merge_files(inputs: Sequence[Path], folder: Path, options: BuOptions, stop: threading.Event, after_time_out: bool = False) -> Merge:
    """Merge ROOT files, without unreadable files and objects that do not fit those of other files.

    Args:
        inputs: The files, the oldest first.
        folder: An empty folder for the merged file and all that ROOT needs.
        options: The programs, and the time limit.
        stop: Ends the merge when it is set.
        after_time_out: Whether the last merge of these files took too long. Then each file is read alone first, and those at which ROOT
            hangs are left out.

    Raises MergeTimedOut when the time is over, MergeFailed for faults that are not those of an input, such as a full disk, and
    MergeStopped.
    """
    versions = _versions(inputs)
    merger = _Merger(inputs, folder, options, stop)
    try:
        if after_time_out:
            merger.read_alone()
        merge = merger.run()
    except MergeFailed:
        if _versions(inputs) != versions:
            raise MergeFailed("inputs were replaced while they were merged") from None
        raise
    if _versions(inputs) != versions:
        raise MergeFailed("inputs were replaced while they were merged")
    return merge


class _Merger:
    """Merges repeatedly, each time without the inputs that were found to be bad."""

    def __init__(self, inputs: Sequence[Path], folder: Path, options: BuOptions, stop: threading.Event) -> None:
        self._inputs, self._folder = inputs, folder
        self._tools = RootTools(folder, options, stop)
        self._merge = Merge()
        self._is_certain = True
        self._copies: dict[Path, Path] = {}
        self._trims = 0

    def run(self) -> Merge:
        """Merge all good inputs. Raises MergeFailed and MergeStopped."""
        while inputs := [path for path in self._inputs if path not in self._merge.left_out]:
            self._tools.link([self._copies.get(path, path) for path in inputs])
            problem = self._tools.hadd(len(inputs))
            answer = self._tools.probe(len(inputs)) if problem else self._tools.check(len(inputs))
            bad = answer.bad
            if not problem and answer.is_complete and not bad and not answer.problems:
                return self._finish(inputs, answer)
            if not answer.unreadable and self._trim(inputs, answer):
                continue
            bad = bad or self._crashing(answer, len(inputs)) or (self._failing(len(inputs)) if problem else {})
            if not bad:
                raise MergeFailed(problem or "; ".join(answer.problems[:3]) or "root crashed while it compared the merged file")
            for number, reason in bad.items():
                self._merge.left_out[inputs[number]] = with_names(reason, inputs)
        if not self._is_certain:
            raise MergeFailed(f"ROOT fails with each input: {next(iter(self._merge.left_out.values()))}")
        return self._merge

    def read_alone(self) -> None:
        """Leave out the inputs that cannot be read by themselves. Raises MergeFailed and MergeStopped."""
        for path in self._inputs:
            if reason := self._tools.read_alone(path):
                self._merge.left_out[path] = with_names(reason, [path])

    def _trim(self, inputs: list[Path], answer: CheckAnswer) -> bool:
        """Remove the objects that do not fit from copies of their files; returns whether that succeeded."""
        if not answer.is_complete or not answer.suspects or self._trims == MOST_TRIMS:
            return False
        self._trims += 1
        copies = self._tools.trim({number for number, _ in answer.suspects})
        for number, reason in answer.suspects if copies else ():
            self._merge.trimmed.setdefault(inputs[number], []).append(reason)
        for number, copy in copies.items():
            if before := self._copies.get(inputs[number]):
                before.unlink()
            self._copies[inputs[number]] = copy
        return bool(copies)

    def _finish(self, inputs: list[Path], answer: CheckAnswer) -> Merge:
        merge = self._merge
        merge.path = self._folder / MERGED
        with merge.path.open("rb") as file:
            os.fsync(file.fileno())
            merge.size = os.fstat(file.fileno()).st_size
        merge.included = inputs
        merge.histograms, merge.resolved = answer.histograms, answer.resolved
        merge.saturated, merge.saturated_names = answer.saturated, answer.saturated_names
        return merge

    def _crashing(self, answer: CheckAnswer, count: int) -> dict[int, str]:
        """The input at which ROOT crashes, if it crashes while it only reads the inputs."""
        if not answer.is_complete and answer.reading < 0:
            answer = self._tools.probe(count)
        if answer.is_complete or answer.reading < 0:
            return answer.bad
        self._is_certain = False
        return {answer.reading: "ROOT crashed when it read the file"}

    def _failing(self, count: int) -> dict[int, str]:
        """The first input with which hadd fails, by bisection; empty when hadd no longer fails."""
        good, bad, reason = 0, count, ""
        while bad - good > 1 or not reason:
            middle = (good + bad) // 2 if bad - good > 1 else bad
            if problem := self._tools.hadd(middle):
                bad, reason = middle, problem
            elif middle == count:
                return {}
            else:
                good = middle
        self._is_certain = False
        return {bad - 1: reason}


def _versions(inputs: Sequence[Path]) -> list[FileVersion]:
    """The versions of the files. Raises MergeFailed when one was removed."""
    try:
        return [file_version(path) for path in inputs]
    except OSError as error:
        raise MergeFailed(f"{error.filename}: {error.strerror}") from error
