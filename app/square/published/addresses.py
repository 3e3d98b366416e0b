"""Addresses of DQM^2 on a mirror, relative to its root: the items they show, and links to their previews."""

from __future__ import annotations

from collections.abc import Mapping

from app.core.database import rows
from app.publish.areas import PreviewGroup
from app.publish.models import PublishedItem
from app.publish.revisions import EXISTS
from app.square.published.plan import BLOCK
from app.square.systems import SYSTEMS
from app.web.arguments import parse_int
from protocol.snapshot import ItemKey

PREVIEW_RUNS = 20
"""Maximum number of runs of a system that the operators' page links to."""


def item_at(path: str, query: Mapping[str, str]) -> ItemKey | None:
    """The item that a mirror shows at an address."""
    system = query.get("db", SYSTEMS[0])
    match path.split("/"):
        case [""]:
            return ItemKey("live", system, 0, "page")
        case ["timeline"]:
            return ItemKey("timeline", system, (parse_int(query.get("from", "")) or 0) // BLOCK * BLOCK, "page")
        case ["help"]:
            return ItemKey("help", "all", 0, "page")
        case ["runs", run]:
            return ItemKey("run", system, parse_int(run) or 0, "page")
        case ["charts", run, name]:
            return ItemKey("chart", system, parse_int(run) or 0, name)
        case ["logs", run, name]:
            return ItemKey("logtext" if name.endswith(".txt") else "log", system, parse_int(run) or 0, name.removesuffix(".txt"))
    return None


def previews() -> list[PreviewGroup]:
    """Links to the glossary, and to the newest runs of each system."""
    groups = [PreviewGroup("", [("Help", "help")])]
    for system in SYSTEMS:
        runs = [(str(run), f"runs/{run}?db={system}") for run in _newest_runs(system)]
        groups.append(PreviewGroup(system.capitalize(), [("Latest run", f"?db={system}"), *runs]))
    return groups


def _newest_runs(system: str) -> list[int]:
    chosen = PublishedItem.kind == "run", PublishedItem.name == "page", PublishedItem.system == system, EXISTS
    query = PublishedItem.select(PublishedItem.run).where(*chosen).order_by(PublishedItem.run.desc()).limit(PREVIEW_RUNS)
    return [run for (run,) in rows(query)]
