"""The jobs of the real runs, and the pages about them."""

from __future__ import annotations

from app.square.models import Job


def key_of(tag: str, run: int = 358792) -> str:
    return str(Job.get(Job.run == run, Job.tag.startswith(f"{tag}_dqm")).key)


def pages() -> list[str]:
    key = key_of("beam", 358791)
    return [
        "/square",
        "/square/runs/358788",
        "/square?tz=utc",
        f"/square/job?key={key}",
        f"/square/log?key={key}",
        "/square/timeline",
        "/square/timeline?bad=1",
        "/square?system=playback",
        "/help/square",
    ]
