"""How bad the state of a subsystem is: one judgement for the summary of a run and for walls, so that both have the same on top."""

from __future__ import annotations

from app.gui.event_info import Update
from app.gui.pages.workspaces.subsystem_summary import SummaryValue
from app.gui.quality import FailingCounts
from app.web.badges import Badge

KINDS = ("error", "warning", "ok", "idle")
"""Kinds of badges, worst first."""


def state_badge(counts: FailingCounts, summary: SummaryValue | None, update: Update | None) -> Badge:
    """The worst of failing quality tests, the report summary, and how current the plots are, in one word or two."""
    if counts.errors:
        return Badge("error", "error", f"{counts.errors:,} error{'s' if counts.errors > 1 else ''}")
    if summary and summary.badge.kind == "error":
        return Badge("error", "error", "bad")
    if update and update.is_late:
        return Badge("warning", "warning", late_word(update))
    if counts.warnings:
        return Badge("warning", "warning", f"{counts.warnings:,} warning{'s' if counts.warnings > 1 else ''}")
    if summary and summary.badge.kind != "ok":
        return summary.badge._replace(text="doubtful") if summary.badge.kind == "warning" else summary.badge
    if update and update.is_ahead:
        return Badge("warning", "warning", "clock ahead")
    return Badge("ok", "ok", "OK")


def late_word(update: Update) -> str:
    """Why the plots of a late subsystem miss what others have."""
    return "stalled" if update.is_stalled else "behind" if update.old_run is None else f"run {update.old_run}"


def place(counts: FailingCounts, summary: SummaryValue | None, update: Update | None) -> tuple[int, bool, float, tuple[int, ...]]:
    """The place of a subsystem in an order with the worst first."""
    share = summary.share if summary else None
    kind = state_badge(counts, summary, update).kind
    is_running = not (update and update.is_stalled)
    return KINDS.index(kind), is_running, 2.0 if share is None else share, tuple(-count for count in counts)
