"""The published page of redaction counts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from app.core.settings import Settings
from app.publish.areas import PreviewGroup, PublishedArea
from app.publish.fragments import render_fragment
from app.publish.pieces import AreaPlan, PieceKey
from app.publish.redaction_counts import days_ago, totals
from app.publish.rendering import HTML, RenderContext, RenderResult
from protocol.snapshot import ItemKey

PERIOD_S = 60.0
"""The page is rendered again after this time."""

DAYS = 30


def plan(_: Settings, now: float) -> AreaPlan:
    """One small, urgent piece."""
    return AreaPlan({PieceKey("redactions", "all"): str(int(now // PERIOD_S))}, {})


def state() -> tuple[Any, ...]:
    """Nothing: only time changes the plan."""
    return ()


def redactions(context: RenderContext) -> RenderResult:
    """The redactions of the last days by kind."""
    counts = dict(sorted(totals(days_ago(DAYS)).items()))
    page = context.item("redactions", "page", HTML, render_fragment("publish/mirror/redactions.html", totals=counts, days=DAYS))
    return RenderResult([page, context.json("redactions", "data", counts)])


def item_at(path: str, _: Mapping[str, str]) -> ItemKey | None:
    """The page at `redactions`."""
    return ItemKey("redactions", "all", 0, "page") if path == "redactions" else None


def previews() -> list[PreviewGroup]:
    """A link to the page."""
    return [PreviewGroup("", [("Redactions", "redactions")])]


REDACTIONS = PublishedArea(
    name="publish",
    plan=plan,
    state=state,
    renderers={"redactions": redactions},
    sources=("app/publish", "templates/publish/mirror"),
    item_at=item_at,
    previews=previews,
)
