"""The states of the sources above a list of jobs: one line, which unfolds to a table."""

from __future__ import annotations

from typing import NamedTuple

from app.core.area import StatusLine
from app.core.settings import Settings
from app.core.text import counted
from app.diary.sources.registry import configured_sources
from app.diary.status import source_line


class ShownSource(NamedTuple):
    """A source of jobs."""

    name: str
    line: StatusLine

    @property
    def is_good(self) -> bool:
        """Whether no action is needed."""
        return self.line.state in ("ok", "idle")


def shown_sources(settings: Settings) -> list[ShownSource]:
    """All sources, also those with an unusable configuration; those that need attention first."""
    configured = configured_sources(settings)
    found = [ShownSource(source.name, source_line(source)) for source in configured.sources]
    for problem in configured.problems:
        found.append(
            ShownSource(problem.name, StatusLine(problem.name, "down", "cannot be used as it is configured", detail=problem.reason))
        )
    return sorted(found, key=lambda source: source.is_good)


def summary_of(sources: list[ShownSource]) -> str:
    """How the sources are, in a few words: `3 sources are scanned`, `slurm is down`."""
    bad = [f"{source.name} {'is down' if source.line.state == 'down' else 'needs a look'}" for source in sources if not source.is_good]
    if not bad:
        return f"{counted(len(sources), 'source')} of jobs, all working"
    more = f" and {len(bad) - 3} more" if len(bad) > 3 else ""
    return f"{counted(len(sources), 'source')} of jobs: {', '.join(bad[:3])}{more}"
