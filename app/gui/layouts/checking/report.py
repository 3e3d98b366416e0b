"""The result of a check as lines and as JSON; docs/operators/layouts.md describes the JSON."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

from app.core.text import counted, one_line
from app.gui.layouts.checking.check import CheckReport
from app.gui.layouts.checking.findings import KINDS

SCHEMA = "dqm-layout-check/1"


def lines(report: CheckReport) -> Iterator[str]:
    """A line for each finding, and one with the counts."""
    yield from (one_line(str(finding)) for finding in report.findings)
    checked = ", ".join((counted(report.layouts, "layout"), counted(report.workspaces, "workspace"), counted(report.plots, "plot")))
    compared = f"compared with {counted(report.compared, 'name')} of monitor elements" if report.compared else "names were not compared"
    counts = ", ".join(f"{count:,} {kind}" for kind, count in _counts(report).items())
    yield f"{checked}, {compared}: {counted(len(report.findings), 'problem')}{f' ({counts})' if counts else ''}"


def document(report: CheckReport) -> dict[str, Any]:
    """The result for programs."""
    checked = {"layouts": report.layouts, "workspaces": report.workspaces, "plots": report.plots, "names": report.compared}
    findings = [finding._asdict() | {"scopes": list(finding.scopes), "near": list(finding.near)} for finding in report.findings]
    return {"schema": SCHEMA, "checked": checked, "counts": _counts(report), "findings": findings}


def _counts(report: CheckReport) -> dict[str, int]:
    counts = Counter(finding.kind for finding in report.findings)
    return {kind: counts[kind] for kind in KINDS if counts[kind]}
