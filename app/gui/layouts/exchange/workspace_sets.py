"""The form `dqm-workspaces/1`: workspaces as the two front ends of the DQM GUI have them; docs/users/layout-files.md describes it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from app.core.input_problems import InputProblems
from app.gui.layouts.exchange.contents import PlacedContent
from app.gui.layouts.exchange.fields import MAX_LIST, MAX_NAME_CHARS, DocumentFields, label
from app.gui.layouts.exchange.parsing import MAX_RANK, checked_match, folders_of, layouts_of
from app.gui.layouts.scopes import SCOPES
from app.gui.layouts.workspace import Workspace

SCHEMA = "dqm-workspaces/1"
FRONTEND, SAMPLE, PRODUCTION = "frontend", "classic_sample", "classic_production"
"""Sets of a file, as named in `Workspace.file`: of the new front end; of the classic one as shipped, and in production."""

SAMPLE_SCOPE = SCOPES[0]
KINDS_BY_TYPE = {
    "DQMContent": "content",
    "DQMQuality": "quality",
    "DQMSummary": "summary",
    "DQMShift": "shift",
    "DQMCertification": "certification",
}
TYPES_BY_KIND = {kind: type for type, kind in KINDS_BY_TYPE.items()}
SIZE = "quick_collection_size"

FILE_FIELDS = ("schema", "origin", FRONTEND, SAMPLE, PRODUCTION)
TAB_FIELDS = ("label", "workspaces")
FRONTEND_FIELDS = ("label", "foldersPath", "quickCollections")
CLASSIC_FIELDS = ("type", "rank", "category", "name", "match", "layout_root", "args", SIZE)


def read_workspaces(value: dict[str, Any], problems: InputProblems) -> Iterator[PlacedContent]:
    """The workspaces of a file, set by set in its order; those with problems are left out."""
    file = DocumentFields(value, "", FILE_FIELDS, problems)
    for scope, tabs in _scopes(file, FRONTEND, problems):
        places: dict[str, str] = {}
        for index, value in enumerate(tabs):
            tab = DocumentFields(value, f"{FRONTEND}.{scope}[{index}]", TAB_FIELDS, problems)
            called = label(tab.values.get("label", ""))
            first = places.setdefault(called, tab.place)
            if first != tab.place:
                tab.add("label", f"The tab {called} is also {first}, which gets these workspaces; expected it once")
            yield from _read_tab(tab, scope)
    if SAMPLE in file.values:
        sample = DocumentFields(file.values[SAMPLE], SAMPLE, ("origin", "workspaces"), problems)
        yield from _read_classic(sample.list("workspaces", MAX_LIST), sample.field("workspaces"), SAMPLE_SCOPE, SAMPLE, problems)
    for scope, entries in _scopes(file, PRODUCTION, problems):
        yield from _read_classic(entries, f"{PRODUCTION}.{scope}", scope, PRODUCTION, problems)


def _scopes(file: DocumentFields, name: str, problems: InputProblems) -> Iterator[tuple[str, list[Any]]]:
    """The lists of a set by their scopes."""
    if name in file.values:
        fields = DocumentFields(file.values[name], name, (*SCOPES, "origin"), problems)
        yield from ((scope, fields.list(scope, MAX_LIST)) for scope in SCOPES)


def _read_tab(tab: DocumentFields, scope: str) -> Iterator[PlacedContent]:
    category = tab.text("label", MAX_NAME_CHARS)
    if tab.values.get("workspaces") in (None, []):
        tab.add("workspaces", f"The tab {label(category)} is left out, as it is empty; expected a list of workspaces")
        return
    for index, entry in enumerate(tab.list("workspaces", MAX_LIST)):
        place = f"{tab.field('workspaces')}[{index}]"
        fields = DocumentFields(entry, place, FRONTEND_FIELDS, InputProblems())
        name, folders = fields.path("label"), folders_of(fields, "foldersPath")
        quick = fields.paths("quickCollections", tab=True)
        if fields.problems.count:
            tab.problems.include(fields.problems)
        else:
            yield PlacedContent(place, Workspace(name, (scope,), category, folders=folders, quick=quick, file=FRONTEND))


def _read_classic(entries: list[Any], place: str, scope: str, file: str, problems: InputProblems) -> Iterator[PlacedContent]:
    for index, entry in enumerate(entries):
        fields = DocumentFields(entry, f"{place}[{index}]", CLASSIC_FIELDS, InputProblems())
        workspace = Workspace(
            name=fields.path("name"),
            scopes=(scope,),
            category=fields.text("category", MAX_NAME_CHARS),
            rank=fields.number("rank", MAX_RANK),
            kind=KINDS_BY_TYPE[fields.choice("type", tuple(KINDS_BY_TYPE), "DQMContent")],
            match=checked_match(fields, "match"),
            layouts=layouts_of(fields, "layout_root"),
            quick=fields.paths("args", tab=True),
            file=file,
            extra=((SIZE, fields.number(SIZE, MAX_LIST)),) if SIZE in fields.values else (),
        )
        if fields.problems.count:
            problems.include(fields.problems)
        else:
            yield PlacedContent(fields.place, workspace)


def workspaces_document(workspaces: Iterable[Workspace]) -> dict[str, Any]:
    """A document with workspaces in their order. Those of no set are in FRONTEND, which can hold only folders and quick collections."""
    found: dict[str, Any] = {"schema": SCHEMA}
    for workspace in workspaces:
        if workspace.file == SAMPLE:
            found.setdefault(SAMPLE, {"workspaces": []})["workspaces"].append(_classic(workspace))
            continue
        for scope in workspace.scopes:
            if workspace.file == PRODUCTION:
                found.setdefault(PRODUCTION, {}).setdefault(scope, []).append(_classic(workspace))
            else:
                tabs = found.setdefault(FRONTEND, {}).setdefault(scope, [])
                _tab(tabs, workspace.category)["workspaces"].append(_of_frontend(workspace))
    return found


def _tab(tabs: list[dict[str, Any]], category: str) -> dict[str, Any]:
    tab = next((tab for tab in tabs if tab["label"] == category), None)
    if tab is None:
        tab = {"label": category, "workspaces": []}
        tabs.append(tab)
    return tab


def _of_frontend(workspace: Workspace) -> dict[str, Any]:
    folders = None if workspace.folders is None else list(workspace.folders)
    return {"label": workspace.name, "foldersPath": folders, "quickCollections": list(workspace.quick)}


def _classic(workspace: Workspace) -> dict[str, Any]:
    fields: dict[str, Any] = {"type": TYPES_BY_KIND[workspace.kind], "rank": workspace.rank}
    fields |= {"category": workspace.category, "name": workspace.name}
    if workspace.match or workspace.layouts is not None:
        fields["match"] = workspace.match
    if workspace.layouts is not None:
        fields["layout_root"] = workspace.layouts
    return fields | ({"args": list(workspace.quick)} if workspace.quick else {}) | dict(workspace.extra)
