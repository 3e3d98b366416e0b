"""Checks layouts and workspaces: all active ones, those of files, or one that is being edited."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from typing import NamedTuple

from app.gui.catalog.catalog import OpenSample
from app.gui.catalog.seen_names import seen_names
from app.gui.layouts.checking.findings import DUPLICATE_PATH, UNKNOWN_OVERLAY, UNKNOWN_PLOT, CheckFinding, unknown
from app.gui.layouts.checking.names import UnknownNames, unknown_in_lists, unknown_in_sample
from app.gui.layouts.checking.reach import ScopeContents
from app.gui.layouts.checking.structure import cells, structure_findings
from app.gui.layouts.contents import Content, kind_of
from app.gui.layouts.layout import Layout

RECENT_LISTS = 20
"""Lists of names with which a page compares a layout: each takes about 20 ms."""

FindUnknown = Callable[[Collection[bytes]], UnknownNames]
"""Finds the paths without a monitor element (ME)."""


class CheckedContent(NamedTuple):
    """A layout or workspace that is checked; `file` is "" for one of the database."""

    content: Content
    file: str = ""


class CheckReport(NamedTuple):
    """The result of a check.

    Attributes:
        compared: Number of names of MEs with which plots were compared; 0: names could not be checked.
        findings: In the order of the contents.
    """

    layouts: int
    workspaces: int
    plots: int
    compared: int
    findings: list[CheckFinding]


def in_all_samples(limit: int | None = None) -> FindUnknown:
    """Compares with the names of all stored samples, or with the newest `limit` lists of names."""
    where = "any sample" if limit is None else "the newest samples"
    return lambda paths: unknown_in_lists(paths, seen_names(limit), where)


def in_sample(sample: OpenSample) -> FindUnknown:
    """Compares with the names of one sample."""
    return lambda paths: unknown_in_sample(paths, sample.names, str(sample.key))


def check_layout(layout: Layout, sample: OpenSample | None = None) -> list[CheckFinding]:
    """The problems of a layout, for the page on which it is edited.

    Args:
        sample: Sample with the names to compare; None: the newest RECENT_LISTS lists of names.
    """
    paths = _paths_of([layout])
    names = (in_sample(sample) if sample else in_all_samples(RECENT_LISTS))(paths)
    return [*structure_findings(layout), *_name_findings(layout, names)]


def check_contents(
    checked: Sequence[CheckedContent], find_unknown: FindUnknown, others: Iterable[Content] = (), *, are_all: bool = True
) -> CheckReport:
    """The problems of layouts and workspaces.

    Args:
        others: Active ones that are not checked, but that the checked ones may refer to.
        are_all: False if some could not be read. Then references between them are not checked.
    """
    layouts = [each.content for each in checked if isinstance(each.content, Layout)]
    scopes = ScopeContents([*(each.content for each in checked), *others])
    entries = {
        path.encode() for content, _ in checked if not isinstance(content, Layout) for _, path, _ in scopes.entries_without_layout(content)
    }
    names = find_unknown(_paths_of(layouts) | entries)
    findings = [
        finding._replace(file=file)
        for content, file in checked
        for finding in (
            (*structure_findings(content), *_name_findings(content, names), *(scopes.reach_findings(content) if are_all else ()))
            if isinstance(content, Layout)
            else (scopes.entry_findings(content, names) if are_all else ())
        )
    ]
    plots = sum(len(layout.plots) for layout in layouts)
    return CheckReport(len(layouts), len(checked) - len(layouts), plots, names.compared, findings + list(_duplicate_paths(checked)))


def _paths_of(layouts: Iterable[Layout]) -> set[bytes]:
    return {path.encode() for layout in layouts for cell in layout.plots for path in (cell.plot, *cell.overlay)}


def _name_findings(layout: Layout, names: UnknownNames) -> Iterator[CheckFinding]:
    for place, cell in cells(layout):
        overlays = ((UNKNOWN_OVERLAY, f"{place}.overlay[{number}]", path) for number, path in enumerate(cell.overlay))
        for kind, where, path in ((UNKNOWN_PLOT, place, cell.plot), *overlays):
            if path.encode() in names.near:
                near = tuple(each.decode(errors="replace") for each in names.near[path.encode()])
                is_folder = path.encode() in names.folders
                absent = unknown(f"No monitor element of {names.where} is at {path}", near)
                problem = f"{path} is a folder of monitor elements: expected the path of one of them" if is_folder else absent
                yield CheckFinding(kind, layout.path, layout.scopes, where, path, problem, near)


def _duplicate_paths(checked: Iterable[CheckedContent]) -> Iterator[CheckFinding]:
    """Layouts of files that have the path of another one in a scope; the sets of workspaces have names in common."""
    first: dict[tuple[str, str], str] = {}
    for content, file in checked:
        if isinstance(content, Layout):
            twice = [scope for scope in content.scopes if (scope, content.path) in first]
            if twice:
                where = first[twice[0], content.path]
                problem = f"Another {kind_of(content)} of {where} is at this path: remove one, or give it another path"
                yield CheckFinding(DUPLICATE_PATH, content.path, tuple(twice), "path", content.path, problem, file=file)
            first |= {(scope, content.path): file for scope in content.scopes if scope not in twice}
