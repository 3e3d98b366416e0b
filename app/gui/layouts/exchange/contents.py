"""The content of a file of layouts and workspaces."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from app.core.input_problems import InputProblems
from app.gui.layouts.errors import InvalidArrangement
from app.gui.layouts.exchange.fields import label
from app.gui.layouts.exchange.parsing import layout_from_document, workspace_from_document
from app.gui.layouts.layout import Layout
from app.gui.layouts.workspace import Workspace

Content = Layout | Workspace


class PlacedContent(NamedTuple):
    """A layout or workspace of a file.

    Attributes:
        place: Where it is in the file, as `layout[3]`.
    """

    place: str
    content: Content


class FileContents(NamedTuple):
    """The usable layouts and workspaces of a file in its order, and the problems of the others with their places."""

    contents: list[Content]
    problems: InputProblems


def note_invalid(error: InvalidArrangement, place: str, kind: str, path: Any, problems: InputProblems) -> None:
    """Note the problems of the document of a layout or workspace at a place of a file."""
    called = f" ({kind} {label(path)})" if isinstance(path, str) and path else ""
    if isinstance(error.fields, InputProblems):
        problems.include(error.fields, f"{place}.", called)


def storable(found: Iterable[PlacedContent], problems: InputProblems) -> Iterator[PlacedContent]:
    """The contents whose documents can be stored and read again; the others, such as too large ones, become problems."""
    for each in found:
        kind, read = ("layout", layout_from_document) if isinstance(each.content, Layout) else ("workspace", workspace_from_document)
        try:
            read(each.content.document)
        except InvalidArrangement as error:
            note_invalid(error, each.place, kind, each.content.path, problems)
        else:
            yield each


def usable(found: Iterable[PlacedContent], scopes: tuple[str, ...], problems: InputProblems) -> Iterator[Content]:
    """The contents with a scope, the first of each identity; the others become problems.

    Args:
        scopes: Scopes for contents that have none.
    """
    places: dict[tuple[str, ...], str] = {}
    for place, content in found:
        scoped = content if content.scopes else content.with_scopes(scopes)
        kind = "workspace" if isinstance(scoped, Workspace) else "layout"
        # the sets of dqm-workspaces/1 have workspaces of the same names
        identities = [(kind, scoped.file if kind == "workspace" else "", scope, scoped.path) for scope in scoped.scopes]
        twice = next((identity for identity in identities if identity in places), None)
        if not scoped.scopes:
            problems.add(f"{place}.scope", f"The scope of {label(scoped.path)} is missing; expected some of online, offline, relval")
        elif twice:
            problems.add(place, f"The {kind} {label(scoped.path)} of {twice[2]} is also {places[twice]}; expected it once")
        else:
            places |= dict.fromkeys(identities, place)
            yield scoped
