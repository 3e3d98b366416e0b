"""The folders of a sample that belong to a workspace, by its list of folders or by its regular expression."""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Sequence
from typing import NamedTuple
from weakref import WeakKeyDictionary

from app.formats import MENames
from app.gui.catalog.catalog import OpenSample
from app.gui.errors import InvalidInput
from app.gui.layouts.workspace import Workspace
from app.gui.patterns import InvalidPattern, compile_pattern
from app.gui.quality import FailingCounts, failing_mes
from app.gui.search_terms import Lists, PatternTerm, find_matches

MAX_PARTS = 60
"""Maximum number of folders and plots for a regular expression; folders that match in part are divided up to this number."""


class WorkspacePart(NamedTuple):
    """A folder of a workspace, or a plot that belongs to it without its folder."""

    path: bytes
    mes: Sequence[int]  # indices of the monitor elements (MEs) of the workspace in it: a range if all of the folder are
    is_plot: bool = False

    @property
    def is_whole(self) -> bool:
        """Whether it has all MEs of its folder."""
        return isinstance(self.mes, range)


_matching: WeakKeyDictionary[MENames, dict[str, list[WorkspacePart]]] = WeakKeyDictionary()
"""A regular expression is searched once in a list of names, since that takes about 0.3 s for 100,000 names."""


def parts_of(sample: OpenSample, workspace: Workspace) -> list[WorkspacePart]:
    """The folders of a workspace: those of its list (without MEs if the sample lacks the folder), or those that match.

    The only part of a workspace of all folders is the top folder, b"".

    Raises:
        InvalidInput: The regular expression cannot be used, or takes too long.
    """
    if workspace.folders is None:
        return []
    if workspace.folders:
        return [WorkspacePart(path, range(*sample.names.below(path))) for path in map(str.encode, workspace.folders)]
    if not workspace.match:
        return [WorkspacePart(b"", range(len(sample.names)))]
    known = _matching.setdefault(sample.names, {})
    if workspace.match not in known:
        known[workspace.match] = _cover(sample.names, array("I", _matches(sample, workspace)))
    return known[workspace.match]


def part_failing(sample: OpenSample, part: WorkspacePart) -> FailingCounts:
    """How many MEs of a part fail."""
    failing = failing_mes(sample.columns)
    if isinstance(part.mes, range):
        return failing.counts(part.mes.start, part.mes.stop)
    return FailingCounts(*(sum(_contains(part.mes, index) for index in mes) for mes in failing))


def _matches(sample: OpenSample, workspace: Workspace) -> list[int]:
    try:
        pattern = compile_pattern(workspace.match.encode(), within_lines=True)
        return find_matches([PatternTerm(workspace.match, pattern)], Lists(sample.names, sample.columns), len(sample.names))
    except (InvalidPattern, InvalidInput) as error:
        reason = error.message if isinstance(error, InvalidInput) else str(error)
        raise InvalidInput(f"The workspace {workspace.name} cannot choose its folders with {workspace.match!r}: {reason}") from None


def _cover(names: MENames, matches: Sequence[int]) -> list[WorkspacePart]:
    """The fewest folders and plots that contain exactly the matches; with more than MAX_PARTS, folders can contain other plots, too."""
    if len(matches) == len(names):
        return [WorkspacePart(b"", range(len(names)))]
    parts = _divide(names, WorkspacePart(b"", matches))
    while not all(part.is_whole for part in parts):
        divided = [each for part in parts for each in ([part] if part.is_whole else _divide(names, part))]
        if len(divided) > MAX_PARTS:
            break
        parts = divided
    return parts


def _divide(names: MENames, part: WorkspacePart) -> list[WorkspacePart]:
    """The subfolders and plots of a folder that hold its matches."""
    prefix = part.path + b"/" if part.path else b""
    folder = names.folder(part.path)
    found = []
    for name, first, last in folder.subfolders:
        mes = part.mes[bisect_left(part.mes, first) : bisect_left(part.mes, last)]
        if mes:
            found.append(WorkspacePart(prefix + name, range(first, last) if len(mes) == last - first else mes))
    plots = [WorkspacePart(names[index], range(index, index + 1), is_plot=True) for index in folder.mes if _contains(part.mes, index)]
    return found + plots


def _contains(indices: Sequence[int], index: int) -> bool:
    at = bisect_left(indices, index)
    return at < len(indices) and indices[at] == index
