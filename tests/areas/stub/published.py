"""Published data of the stub area: one page with the number of visits."""

from __future__ import annotations

from collections.abc import Mapping

from app.core.settings import Settings
from app.publish.areas import PreviewGroup, PublishedArea
from app.publish.pieces import AreaPlan, PieceKey
from app.publish.rendering import HTML, RenderContext, RenderResult
from protocol.snapshot import ItemKey
from tests.areas.stub.models import Visit


def _plan(settings: Settings, now: float) -> AreaPlan:
    return AreaPlan({}, {PieceKey("stub", "all"): str(Visit.select().count())})


def _render(context: RenderContext) -> RenderResult:
    return RenderResult([context.item("stub", "page", HTML, f"<p>{Visit.select().count()} visits</p>")])


def _item_at(path: str, query: Mapping[str, str]) -> ItemKey | None:
    return ItemKey("stub", "all", 0, "page") if path == "stub" else None


PUBLISHED = PublishedArea(
    name="stub",
    plan=_plan,
    state=lambda: (Visit.select().count(),),
    renderers={"stub": _render},
    sources=("tests/areas/stub",),
    item_at=_item_at,
    previews=lambda: [PreviewGroup("Stub", [("Stub visits", "stub")])],
)
"""The published data of the stub area."""
