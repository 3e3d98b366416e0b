"""Private layouts: plots that a user has pinned. Nobody else sees them unless the owner makes a link.

Each change is a new version that is shown at once. A disabled account keeps its private layouts, but their links are invalid.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from secrets import token_urlsafe
from typing import Any, NamedTuple

from app.core.database import proxy, rows
from app.gui.layouts.editing import store
from app.gui.layouts.editing.conflict import ArrangementConflict
from app.gui.layouts.editing.grid import Rows, with_plots
from app.gui.layouts.editing.private_limits import checked_name
from app.gui.layouts.editing.versions import conflict
from app.gui.layouts.errors import InvalidArrangement, UnknownArrangement
from app.gui.layouts.exchange.parsing import layout_from_document
from app.gui.layouts.layout import Layout, PlotCell
from app.gui.layouts.models import LAYOUT, Arrangement
from app.gui.layouts.scopes import SCOPES
from app.security import accounts
from app.security.audit_log import audit

DEFAULT_NAME = "My plots"

LINK_BYTES = 18
"""Random bytes in a link: nobody guesses one."""

_ATTEMPTS = 20
"""Attempts to pin: each one fails only because another pin to the same layout was stored."""
_LARGEST = 2**31 - 1


class PrivateLayout(NamedTuple):
    """A private layout.

    Attributes:
        number: Of the arrangement; its owner sees it at `shared=<number>` of a sample.
        version: Number of its version, the newest one.
        link: Random text in the address for others; "" if it is not shared.
    """

    number: int
    version: int
    owner: str
    link: str
    layout: Layout


class PinChoice(NamedTuple):
    """A private layout to which a plot can be pinned."""

    number: int
    name: str
    has_plot: bool  # it has the plot already


def layouts_of(user: str) -> list[PrivateLayout]:
    """The private layouts of a user, the latest used first."""
    found = list(_active(user))
    contents = store.active_contents(row.id for row in found)
    return [_private(row, contents[row.id]) for row in found if row.id in contents]


def pin_choices(user: str, plot: str) -> list[PinChoice]:
    """The private layouts of a user for a choice, the latest used first; none without a user."""
    if not user:
        return []
    query = _active(user, Arrangement.id, Arrangement.path, Arrangement.plots)
    return [PinChoice(number, path, _has(plots, plot)) for number, path, plots in rows(query)]


def own_layout(user: str, number: int) -> PrivateLayout:
    """A private layout of this user. Raises UnknownArrangement."""
    row = Arrangement.get_or_none(Arrangement.id == min(number, _LARGEST), Arrangement.owner == user, Arrangement.active > 0)
    if not user or row is None or row.kind != LAYOUT:
        raise _not_yours(number)
    return _private(row, store.content_at(row, row.active))


def linked_layout(link: str) -> PrivateLayout:
    """The private layout that a link shows to everybody who may see plots. Raises UnknownArrangement."""
    row: Arrangement | None = Arrangement.get_or_none(Arrangement.link == link, Arrangement.active > 0) if link else None
    owner = accounts.user_by_name(row.owner) if row else None
    if row is None or owner is None or owner.disabled:
        raise UnknownArrangement("There is no shared layout at this link: it was removed, or a part of the link is missing. Ask its owner")
    return _private(row, store.content_at(row, row.active))


def shown_layout(user: str, shared: str) -> PrivateLayout:
    """The layout of the field `shared` of a view: the number of one of the user, or a link. Raises UnknownArrangement."""
    return own_layout(user, int(shared)) if shared.isdecimal() else linked_layout(shared)


def pin(user: str, pinned: Rows, number: int | None = None, name: str = "") -> PrivateLayout:
    """Add plots at the end of a private layout; plots that it already has stay as they are.

    Args:
        pinned: The plots, in the rows of a new layout.
        number: None for a new layout with this name.

    Raises InvalidArrangement, PathTaken, UnknownArrangement.
    """
    if number is None:
        return _add_layout(user, Layout(checked_name(name or DEFAULT_NAME), (), pinned))
    cells = [cell for row in pinned for cell in row if cell]
    for _ in range(_ATTEMPTS - 1):
        try:
            return _pin_cells(own_layout(user, number), cells)
        except ArrangementConflict:  # pinned in another window at the same time: both stay
            continue
    return _pin_cells(own_layout(user, number), cells)


def _pin_cells(found: PrivateLayout, cells: Sequence[PlotCell]) -> PrivateLayout:
    return changed(found, found.version, lambda grid: with_plots(grid, cells))


def changed(found: PrivateLayout, version: int, change: Callable[[Rows], Rows], name: str = "") -> PrivateLayout:
    """Change the rows of a private layout, and its name if there is one.

    Args:
        version: The version that its owner saw. Raises ArrangementConflict if there is a newer one, InvalidArrangement, PathTaken.
    """
    if version != found.version:
        raise conflict(found.number)
    layout = replace(found.layout, path=checked_name(name) if name else found.layout.path, rows=change(found.layout.rows))
    layout_from_document(layout.document)
    saved = store.save(layout, arrangement=found.number, based_on=version)
    return found._replace(version=saved.number, layout=layout)


def copy(user: str, layout: Layout, name: str) -> PrivateLayout:
    """A private layout of a user with the plots of another one. Raises InvalidArrangement, PathTaken."""
    return _add_layout(user, replace(layout, path=checked_name(name), scopes=(), file="", by_record=False))


def draft(layout: Layout, path: str, scopes: tuple[str, ...], reason: str) -> int:
    """Save a layout as a draft of a layout for all; returns its number. Raises InvalidArrangement, PathTaken, and Problem 403."""
    if not scopes:
        raise InvalidArrangement("A layout for all needs a scope", [("scope", f"Expected {', '.join(SCOPES)}, or some of them")])
    made = layout_from_document(replace(layout, path=path, scopes=scopes).document)
    return store.save(made, reason=reason).arrangement


def remove(found: PrivateLayout) -> None:
    """Remove a private layout and its link. Raises ArrangementConflict."""
    store.remove(found.number, found.version)


def restore(user: str, number: int) -> PrivateLayout:
    """Restore a private layout that its owner has removed. Raises InvalidArrangement, PathTaken, UnknownArrangement."""
    row = Arrangement.get_or_none(Arrangement.id == min(number, _LARGEST), Arrangement.owner == user)
    if not user or row is None:
        raise _not_yours(number)
    if not row.active:
        store.roll_back(row.id, row.newest, row.newest)
    return own_layout(user, number)


def share(found: PrivateLayout) -> str:
    """The link to a private layout, a new one if there is none. Raises UnknownArrangement if it was removed meanwhile."""
    if found.link:
        return found.link
    link = token_urlsafe(LINK_BYTES)
    without_link = Arrangement.id == found.number, Arrangement.active > 0, Arrangement.link.is_null()
    with proxy.atomic():
        if Arrangement.update(link=link).where(*without_link).execute():
            audit("share private layout", found.layout.path)
            return link
    return own_layout(found.owner, found.number).link


def withdraw(found: PrivateLayout) -> None:
    """Remove the link to a private layout; if it is shared again, the link is a new one."""
    with proxy.atomic():
        if Arrangement.update(link=None).where(Arrangement.id == found.number, Arrangement.link.is_null(False)).execute():
            audit("withdraw private layout", found.layout.path)


def _add_layout(user: str, layout: Layout) -> PrivateLayout:
    layout_from_document(layout.document)
    return own_layout(user, store.save(layout, owner=user).arrangement)


def _not_yours(number: int) -> UnknownArrangement:
    return UnknownArrangement(f"You have no private layout number {number}: /my/plots lists yours, and others open by their shared link")


def _active(user: str, *columns: Any) -> Any:
    where = (Arrangement.kind == LAYOUT, Arrangement.owner == user, Arrangement.active > 0)
    return Arrangement.select(*columns).where(*where).order_by(Arrangement.changed.desc())


def _has(plots: str, plot: str) -> bool:
    """Whether a layout has a plot; `plots` as Arrangement has them."""
    return any(line.partition("\t")[0] == plot for line in plots.split("\n"))


def _private(row: Arrangement, content: object) -> PrivateLayout:
    if not isinstance(content, Layout):
        raise TypeError(f"{row.path} is no layout")
    return PrivateLayout(row.id, row.active, row.owner, row.link or "", content)
