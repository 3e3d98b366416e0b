"""The rules of searches in the diary read as plainly as they are written, without an index: the right values of the tests."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Iterable
from functools import cache
from typing import Any, NamedTuple

from app.diary.models import DiaryJob
from app.diary.review.review import Review


class PlainJob(NamedTuple):
    """A job with its review."""

    row: DiaryJob
    review: Review

    @property
    def labels(self) -> dict[str, str]:
        """The labels by name."""
        found: dict[str, str] = json.loads(self.row.labels)
        return found

    @property
    def texts(self) -> list[str]:
        """All that words are searched in."""
        own = [self.row.name, self.row.native_id, self.row.user, self.row.project, self.row.reason, self.row.workdir]
        return [*own, *self.labels.values(), *self.review.tags, self.review.summary, self.review.notes]

    def field(self, name: str) -> list[str]:
        """The texts of a field of a search."""
        columns = {"id": "native_id", **{each: each for each in ("name", "user", "project", "source", "kind")}}
        found = [getattr(self.row, columns[name])] if name in columns else []
        return found + [text for label, text in self.labels.items() if label == name] + (list(self.review.tags) if name == "tag" else [])

    def choice(self, name: str) -> str:
        """The state, review or verdict."""
        return self.row.state if name == "state" else str(getattr(self.review, name))


@cache
def words(text: str) -> list[str]:
    """Runs of letters and digits; the first 64 characters of each count."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    return [word[:64] for word in "".join(letter if letter.isalnum() else " " for letter in folded).split()]


def has(texts: Iterable[str], value: str, is_whole: bool) -> bool:
    """Whether the words of a value follow each other in one of the texts, the last by its beginning unless it is whole."""
    wanted = words(value)
    for text in texts:
        found = words(text)
        for start in range(len(found) - len(wanted) + 1):
            part = found[start : start + len(wanted)]
            if part[:-1] == wanted[:-1] and (part[-1] == wanted[-1] if is_whole else part[-1].startswith(wanted[-1])):
                return True
    return False


def is_value(texts: Iterable[str], value: str) -> bool:
    """Whether one of the texts has the words of a value and no others."""
    return any(words(text) == words(value) for text in texts)


def matches(job: PlainJob, piece: tuple[bool, str, str, bool]) -> bool:
    """Whether a job matches a term: excluded, field or "", value, whether in quotation marks."""
    is_excluded, field, value, is_quoted = piece
    parts = value.split(",") if field and not is_quoted else [value]
    if field in ("state", "review", "verdict"):
        found = job.choice(field) in parts
    else:
        texts = job.field(field) if field else job.texts
        by_words = field in ("", "name")
        found = any(
            has(texts, part, is_quoted) if by_words or (part.endswith("*") and not is_quoted) else is_value(texts, part) for part in parts
        )
    return found != is_excluded


def typed(piece: tuple[bool, str, str, bool]) -> str:
    """A term as people type it."""
    is_excluded, field, value, is_quoted = piece
    return f"{'-' if is_excluded else ''}{field}{':' if field else ''}" + (f'"{value}"' if is_quoted else value)


def facts_of(job: PlainJob) -> dict[str, list[str]]:
    """Whole values of a job by which lists are narrowed."""
    choices = {name: [job.choice(name)] for name in ("state", "review", "verdict")}
    labels = {"run": [job.labels.get("run", "")], "tag": [*job.review.tags, job.labels.get("tag", "")]}
    return {**choices, **labels, "source": [job.row.source], "user": [job.row.user]}


def expected(
    jobs: Iterable[PlainJob], pieces: list[tuple[bool, str, str, bool]], since: float | None, facets: dict[str, Any], obsolete: bool
) -> list[int]:
    """The numbers of the jobs of a selection, the newest first."""
    is_asked_for = "obsolete" in facets.get("verdict", ()) or any(
        not piece[0] and piece[1] == "verdict" and "obsolete" in piece[2].split(",") for piece in pieces
    )
    found = []
    for job in jobs:
        facts = facts_of(job)
        if (
            all(matches(job, piece) for piece in pieces)
            and all(set(values) & set(facts[name]) for name, values in facets.items())
            and (since is None or job.row.placed >= since)
            and (obsolete or is_asked_for or job.review.verdict != "obsolete")
        ):
            found.append((int(job.row.placed), job.row.id))
    return [number for _, number in sorted(found, reverse=True)]
