"""Finds layouts that no workspace shows, and unknown entries of quick collections."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator

from app.formats import MENames
from app.gui.layouts.checking.findings import UNKNOWN_ENTRY, UNREACHABLE, CheckFinding, unknown
from app.gui.layouts.checking.names import UnknownNames
from app.gui.layouts.contents import Content
from app.gui.layouts.layout import Layout
from app.gui.layouts.workspace import Workspace
from app.gui.patterns import compile_pattern
from app.gui.plots.near_names import NameIndex

SHIFT = "00 Shift"
"""Folder of the layouts of the workspace Shift."""


class ScopeContents:
    """The layouts and workspaces of each scope: the checked ones, and the active ones that they may refer to."""

    def __init__(self, contents: Iterable[Content]) -> None:
        self.layouts: defaultdict[str, set[str]] = defaultdict(set)
        self.workspaces: defaultdict[str, list[_ShownFolders]] = defaultdict(list)
        for content in contents:
            for scope in content.scopes:
                if isinstance(content, Layout):
                    self.layouts[scope].add(content.path)
                else:
                    self.workspaces[scope].append(_ShownFolders(content))
        self._near: dict[str, NameIndex] = {}

    def reach_findings(self, layout: Layout) -> Iterator[CheckFinding]:
        """Scopes whose workspaces do not show a layout."""
        lost = tuple(scope for scope in layout.scopes if self.workspaces[scope] and not self._is_shown(layout.path, scope))
        if lost:
            problem = f"No workspace of {', '.join(lost)} shows this layout: add its folder, or the layout, to one"
            yield CheckFinding(UNREACHABLE, layout.path, lost, "", "", problem)

    def entries_without_layout(self, workspace: Workspace) -> Iterator[tuple[str, str, tuple[str, ...]]]:
        """Place and path of entries of the quick collection that are no layouts, with the scopes that lack them."""
        for number, path in enumerate(workspace.quick):
            scopes = tuple(scope for scope in workspace.scopes if path not in self.layouts[scope])
            if scopes:
                yield f"quick[{number}]", path, scopes

    def entry_findings(self, workspace: Workspace, names: UnknownNames) -> Iterator[CheckFinding]:
        """Entries of the quick collection that are neither layouts nor plots."""
        for place, path, scopes in self.entries_without_layout(workspace):
            if path.encode() in names.near:
                near = [each.decode(errors="replace") for each in (*self._near_layouts(path, scopes[0]), *names.near[path.encode()])][:3]
                subject = f"No layout of {', '.join(scopes)} and no monitor element of {names.where} is at {path}"
                yield CheckFinding(UNKNOWN_ENTRY, workspace.name, scopes, place, path, unknown(subject, near), tuple(near))

    def _is_shown(self, path: str, scope: str) -> bool:
        return any(shown.has(path) for shown in self.workspaces[scope])

    def _near_layouts(self, path: str, scope: str) -> list[bytes]:
        if scope not in self._near:
            self._near[scope] = NameIndex(MENames(sorted(each.encode() for each in self.layouts[scope])))
        return self._near[scope].near(path.encode())


class _ShownFolders:
    """The folders and the quick collection of a workspace, prepared for many paths."""

    def __init__(self, workspace: Workspace) -> None:
        self.quick = frozenset(workspace.quick)
        is_filtered = workspace.folders != () or bool(workspace.match)
        self.all = workspace.kind == "content" and not is_filtered
        folders = [SHIFT] if workspace.kind == "shift" else [*(workspace.folders or ())]
        if workspace.layouts is not None:
            folders.append(workspace.layouts or f"{workspace.name}/Layouts")
        self.folders = tuple(f"{folder}/" for folder in folders)
        self.pattern = compile_pattern(workspace.match.encode()) if workspace.match else None

    def has(self, path: str) -> bool:
        """Whether a layout at this path is in its quick collection or its folders."""
        if self.all or path in self.quick or path.startswith(self.folders):
            return True
        return self.pattern is not None and self.pattern.search(path.encode()) is not None
