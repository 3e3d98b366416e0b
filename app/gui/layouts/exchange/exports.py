"""Files of layouts and workspaces in the forms that `files` reads."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from app.core.text import counted
from app.gui.layouts.exchange.canonical import canonical_text
from app.gui.layouts.exchange.contents import Content
from app.gui.layouts.exchange.documents import file_document, toml_text
from app.gui.layouts.exchange.record_export import is_by_record, records_document
from app.gui.layouts.exchange.records import RECORDS_IN_ROW
from app.gui.layouts.exchange.uploads import upload_text
from app.gui.layouts.exchange.workspace_sets import PRODUCTION, SAMPLE, SAMPLE_SCOPE, workspaces_document
from app.gui.layouts.layout import FOR_ALL, NO_HELP, Layout
from app.gui.layouts.scopes import SCOPES
from app.gui.layouts.workspace import KINDS, Workspace

JSON, TOML, RECORDS, WORKSPACES, UPLOAD = "json", "toml", "records", "workspaces", "upload"
"""Names of the forms: `dqm-layouts/2` as JSON and as TOML, `dqm-layouts/1`, `dqm-workspaces/1`, uploads to the classic DQM GUI."""


class Exported(NamedTuple):
    """A file.

    Attributes:
        written: Number of layouts and workspaces in it.
        losses: Sentences on the content that the form cannot hold.
    """

    text: str
    written: int
    losses: list[str]


def export(form: str, contents: Iterable[Content]) -> Exported:
    """A file in one of FORMS with layouts and workspaces in their order."""
    return _WRITERS[form](list(contents))


def _json(contents: Sequence[Content]) -> Exported:
    return Exported(canonical_text(file_document(contents)), len(contents), [])


def _toml(contents: Sequence[Content]) -> Exported:
    return Exported(toml_text(contents), len(contents), [])


def _records(contents: Sequence[Content]) -> Exported:
    layouts = [content for content in contents if isinstance(content, Layout)]
    losses = _left_out(len(contents) - len(layouts), "workspace", JSON) + _without_help(layouts)
    if divided := sum(1 < len(layout.scopes) < len(SCOPES) for layout in layouts):
        losses.append(f"{counted(divided, 'layout')} of two scopes written as two layouts of one scope each; {JSON} keeps one")
    if grids := sum(layout.by_record and not is_by_record(layout) for layout in layouts):
        losses.append(
            f"{counted(grids, 'layout')} with by_record written as a grid, because the rows do not have {RECORDS_IN_ROW} plots each"
        )
    return Exported(canonical_text(records_document(layouts)), len(layouts), losses)


def _workspaces(contents: Sequence[Content]) -> Exported:
    workspaces = [content for content in contents if isinstance(content, Workspace)]
    reduced = sum(map(_is_reduced, workspaces))
    losses = _left_out(len(contents) - len(workspaces), "layout", RECORDS)
    if reduced:
        losses.append(f"{counted(reduced, 'workspace')} reduced to name, category, folders and quick collection; {JSON} keeps all fields")
    return Exported(canonical_text(workspaces_document(workspaces)), len(workspaces), losses)


def _upload(contents: Sequence[Content]) -> Exported:
    layouts = [content for content in contents if isinstance(content, Layout)]
    by_path = {layout.path: layout for layout in reversed(layouts)}
    losses = _left_out(len(contents) - len(layouts), "workspace", JSON) + _without_help(layouts)
    if others := len(layouts) - len(by_path):
        losses.append(f"{counted(others, 'layout')} left out, because an earlier one has the same path; use --scope to export one scope")
    return Exported(upload_text(layout for layout in layouts if by_path[layout.path] is layout), len(by_path), losses)


_WRITERS: dict[str, Callable[[Sequence[Content]], Exported]] = {
    JSON: _json,
    TOML: _toml,
    RECORDS: _records,
    WORKSPACES: _workspaces,
    UPLOAD: _upload,
}
FORMS = tuple(_WRITERS)


def _left_out(number: int, noun: str, form: str) -> list[str]:
    return [f"{counted(number, noun)} left out, because the form cannot hold them; {form} can"] if number else []


def _without_help(layouts: Iterable[Layout]) -> list[str]:
    found = sum(bool(layout.help) or layout.fits != FOR_ALL or any(cell.help != NO_HELP for cell in layout.plots) for layout in layouts)
    return [f"Help, run types and beams of {counted(found, 'layout')} left out; {JSON} keeps them"] if found else []


def _is_reduced(workspace: Workspace) -> bool:
    """Whether the form `dqm-workspaces/1` can hold only a part of it."""
    if workspace.file in (SAMPLE, PRODUCTION):
        elsewhere = workspace.file == SAMPLE and workspace.scopes != (SAMPLE_SCOPE,)
        return workspace.fits != FOR_ALL or workspace.folders != () or elsewhere
    plain = workspace.kind == KINDS[0] and not workspace.rank and not workspace.match and workspace.layouts is None
    return not plain or workspace.fits != FOR_ALL or bool(workspace.extra)
