"""Labels of jobs that are in their names, such as the run."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace

from app.diary.errors import BadSourceConfig
from app.diary.observations.observation import Observation

SEARCHED_CHARS = 500


class NameLabels:
    """The labels that regular expressions find in names of jobs."""

    def __init__(self, texts: Sequence[str]) -> None:
        """texts: `label=pattern`; its first group, or all of it, is the label. Raises BadSourceConfig."""
        self._patterns = [_pattern(text) for text in texts]

    def added(self, found: Iterable[Observation]) -> list[Observation]:
        """The observations with these labels; labels set by the source itself take precedence."""
        return [self._added(each) for each in found] if self._patterns else list(found)

    def _added(self, job: Observation) -> Observation:
        labels = {}
        for label, pattern in self._patterns:
            if match := pattern.search((job.name or "")[:SEARCHED_CHARS]):
                labels[label] = match[1] if pattern.groups else match[0]
        named = {label: text for label, text in labels.items() if text}
        return replace(job, labels=named | dict(job.labels or {})) if named else job


def _pattern(text: str) -> tuple[str, re.Pattern[str]]:
    label, separator, pattern = text.partition("=")
    if not separator or not re.fullmatch(r"[\w.-]+", label):
        raise BadSourceConfig(f"The option labels must have texts label=pattern, not {text}")
    try:
        return label, re.compile(pattern)
    except re.error as error:
        raise BadSourceConfig(f"The option labels has no regular expression in {text}: {error}") from error
