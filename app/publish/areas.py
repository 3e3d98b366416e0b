"""The interface of areas that publish: one `PublishedArea` each, the field `published` of their `Area`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple
from urllib.parse import parse_qs, urlsplit

from app.core.area import Area
from app.core.settings import TREE, Settings
from app.publish.errors import AreaConflict
from app.publish.pieces import AreaPlan
from app.publish.rendering import Renderer
from protocol.snapshot import ItemKey


class PreviewGroup(NamedTuple):
    """Links to published pages under one heading."""

    heading: str  # "": none
    links: list[tuple[str, str]]  # label, and address relative to the root of a mirror


def _no_hosts(settings: Settings) -> Iterable[str]:
    return ()


def _no_names(settings: Settings) -> str:
    return ""


def _no_item(path: str, query: Mapping[str, str]) -> ItemKey | None:
    return None


def _no_previews() -> list[PreviewGroup]:
    return []


@dataclass(frozen=True)
class PublishedArea:
    """The published data of an area.

    Attributes:
        name: Name of the area.
        plan: The pieces that should be published now; called with the settings and the time, Unix s UTC.
        state: A value that changes whenever the plan may change, except with time; must be fast.
        renderers: The renderer of each kind of piece; a kind belongs to one area.
        sources: Folders with the code and templates of the renderers, relative to the tree; after a change everything is rendered again.
        throttled: Kinds that change often and are expensive to render; they are rendered less often.
        hosts: Names of hosts that must not be published.
        names: Form of names that are published though the area does not know them, a regular expression; "" for none.
        item_at: The item that a mirror shows at an address relative to its root; None for addresses of other areas.
        previews: Published pages that the operators' page links to.
        styles: Style sheets of the fragments, below static/.
    """

    name: str
    plan: Callable[[Settings, float], AreaPlan]
    state: Callable[[], tuple[Any, ...]]
    renderers: Mapping[str, Renderer]
    sources: tuple[str, ...]
    throttled: frozenset[str] = frozenset()
    hosts: Callable[[Settings], Iterable[str]] = _no_hosts
    names: Callable[[Settings], str] = _no_names
    item_at: Callable[[str, Mapping[str, str]], ItemKey | None] = _no_item
    previews: Callable[[], list[PreviewGroup]] = _no_previews
    styles: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Raise ValueError when a folder or style sheet is not there: pages would stay as they are after a change, or lose their style."""
        for path in (*(TREE / source for source in self.sources), *(TREE / "static" / style for style in self.styles)):
            if not path.exists():
                raise ValueError(f"The area {self.name} publishes with {path.relative_to(TREE)}, which does not exist")


def published_areas(areas: Iterable[Area]) -> list[PublishedArea]:
    """The `PublishedArea` of each area that has one."""
    return [area.published() for area in areas if area.published]


def renderers_of(areas: Iterable[PublishedArea]) -> dict[str, Renderer]:
    """The renderers of all areas by kind; raises AreaConflict when two areas have the same kind."""
    found: dict[str, Renderer] = {}
    for area in areas:
        if common := found.keys() & area.renderers.keys():
            raise AreaConflict(f"Area {area.name} renders pieces of kind {', '.join(sorted(common))}, but another area does, too")
        found |= area.renderers
    return found


def item_key_at(areas: Iterable[PublishedArea], address: str) -> ItemKey | None:
    """The item that a mirror shows at an address relative to its root; None if no area has a page there."""
    parts = urlsplit(address)
    query = {name: values[0] for name, values in parse_qs(parts.query).items()}
    return next((key for area in areas if (key := area.item_at(parts.path, query))), None)
