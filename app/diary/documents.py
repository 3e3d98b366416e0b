"""Jobs of the diary as JSON documents."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from app.diary.models import DiaryJob

PLAIN = (
    *("id", "source", "native_id", "submitted", "kind", "name", "user", "project", "state", "machine_state", "pinned_by", "pinned"),
    *("exit_code", "signal", "reason", "attempts", "started", "ended", "seen", "found", "changed", "workdir"),
)
"""Columns that are as they are; times are Unix s UTC."""


def job_json(job: DiaryJob, address: Callable[[str], str] = str) -> dict[str, Any]:
    """A job with all that its source reports. address: makes an address of a path of this hub."""
    plain = {name: getattr(job, name) for name in PLAIN}
    packed = {name: job.value_of(name) for name in ("labels", "metrics", "outputs", "facts")}
    logs = [(address(path) if kind == "page" and path.startswith("/") else path, kind) for path, kind in job.value_of("logs")]
    return plain | packed | {"logs": [{"path": path, "kind": kind} for path, kind in logs]}
