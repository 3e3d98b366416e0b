"""The language of the search box of the job diary: a text is read as terms, and a job must match all of them.

    word              a word of the job begins so (case-insensitive, as all of these)
    a_b.c             words that follow each other, the last by its beginning
    "two words"       whole words that follow each other
    field:value       the whole value of a field: id, user, project, source, kind, run, tag, or any label; signs in it are blanks
    field:value*      words of the field follow each other so, the last by its beginning
    field:one,two     either of them
    name:word         words as above, in the name alone; so for summary: and reason:
    exit:137          the exit code; signal:9 or signal:sigkill the signal
    state:failed      the state; so for review: and verdict:
    since:2d          submitted in the last 2 days (or 90m, 12h, 1w), or since a day, 2026-11-01, or 2026-11-01T12:30, in a time zone;
                      2026-11-01T12:30Z is UTC
    until:2026-11-01  submitted before the end of this day, or before a time as above
    -term             the job does not match the term

What is searched of a job: id, name, user, project, labels, tags, summary, notes, reason, folder.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from math import ceil

from app.diary.errors import BadSearch
from app.diary.states import REVIEWS, STATES, VERDICTS
from app.diary.words import BY_WORDS, all_words_token, exact_token, field_name, field_words, words_of

MAX_CHARS = 500
"""Characters of a search."""
MAX_TERMS = 50
LAST_SECOND = (1 << 34) - 1
"""Of the year 2514, Unix s UTC: later ones have no place in the index, which has 34 bits for seconds. No job is submitted then."""

CHOICES = {"state": STATES, "review": REVIEWS, "verdict": VERDICTS}
"""Fields with few values."""

_PIECE = re.compile(r'\s*(?P<excluded>-(?=\S))?(?P<value>(?:[^\W\d_][\w.-]*:)?"[^"]*"(?=\s|\Z)|\S+)')
_FIELD = re.compile(r"([^\W\d_][\w.-]*):(?!//)(.*)", re.DOTALL)
_AGE = re.compile(r"(\d{1,9})([mhdw])")
_SECONDS = {"m": 60, "h": 3600, "d": 86_400, "w": 604_800}
_DAY, _MINUTE = "%Y-%m-%d", "%Y-%m-%dT%H:%M"


@dataclass(frozen=True)
class Words:
    """Tokens of a job that follow each other, the last by its beginning or whole."""

    tokens: tuple[str, ...]
    is_prefix: bool = False

    @property
    def text(self) -> str:
        """What the document of a matching job contains."""
        return f" {' '.join(self.tokens)}{'' if self.is_prefix else ' '}"


@dataclass(frozen=True)
class JobTerm:
    """A job must match one of these, or none if they are excluded."""

    either: tuple[Words, ...]
    is_excluded: bool = False


@dataclass(frozen=True)
class JobQuery:
    """A search that was read."""

    terms: tuple[JobTerm, ...] = ()
    since: int | None = None  # first second of the submission, Unix s UTC
    until: int | None = None  # second after the last one


def parse(text: str, now: float, zone: tzinfo = UTC) -> JobQuery:
    """The search that a text means. now: Unix s UTC; zone: of its days and times. Raises BadSearch."""
    if len(text) > MAX_CHARS:
        raise BadSearch(f"A search has at most {MAX_CHARS} characters, not {len(text)}")
    pieces = list(_PIECE.finditer(text.strip()))
    if len(pieces) > MAX_TERMS:
        raise BadSearch(f"A search has at most {MAX_TERMS} words, not {len(pieces)}")
    terms, since, until = [], None, None
    for piece in pieces:
        shown, is_excluded = piece[0].strip(), piece["excluded"] is not None
        named = _FIELD.fullmatch(piece["value"])
        field, value = (named[1].lower(), named[2]) if named else ("", piece["value"])
        if field in ("since", "until"):
            if is_excluded:
                raise BadSearch(f"{shown} cannot be excluded; {'until' if field == 'since' else 'since'}: is its opposite")
            at = _time(value, now, shown, zone, is_end=field == "until")
            since, until = (
                (at if since is None else max(since, at), until) if field == "since" else (since, at if until is None else min(until, at))
            )
        else:
            terms.append(JobTerm(_either(field, value, shown), is_excluded))
    return JobQuery(tuple(terms), since, until)


def pieces_of(text: str) -> list[str]:
    """The parts of a search, which can be removed one by one; none if the search is too long."""
    if len(text) > MAX_CHARS:
        return []
    return [piece[0].strip() for piece in _PIECE.finditer(text.strip())]


def fields_of(text: str) -> list[str]:
    """The fields that a search names besides those that each job has."""
    named = [_FIELD.fullmatch(piece["value"]) for piece in _PIECE.finditer(text.strip())]
    return list(dict.fromkeys(found[1].lower() for found in named if found and found[1].lower() not in (*CHOICES, "since", "until")))


def with_field(field: str) -> JobQuery:
    """The search for jobs that have anything in a field."""
    return JobQuery((JobTerm((Words((f"={field_name(field)}=",), is_prefix=True),)),))


def one_of(field: str, values: Sequence[str]) -> JobTerm:
    """The term for a field with one of these whole values."""
    return JobTerm(tuple(Words((exact_token(field, value),)) for value in values))


def _either(field: str, value: str, shown: str) -> tuple[Words, ...]:
    if value.startswith('"') and not (len(value) > 1 and value.endswith('"')):
        raise BadSearch(f'{shown} has no quotation mark " at its end')
    if value.startswith('"'):
        return (_words(field, value[1:-1], shown, is_whole=True),)
    parts = [part for part in value.split(",") if part] if field else [value]
    if not parts:
        raise BadSearch(f"A value is missing after {field}:")
    return tuple(_words(field, part, shown, is_whole=False) for part in parts)


def _words(field: str, value: str, shown: str, is_whole: bool) -> Words:
    if field in CHOICES:
        if value.lower() not in CHOICES[field]:
            raise BadSearch(f"{shown}: {field} is one of {', '.join(CHOICES[field])}")
        return Words((exact_token(field, value.lower()),))
    words = words_of(value)
    if not words:
        raise BadSearch(f"{shown} has no letter or digit, so no job can be found by it")
    if field and field_name(field) not in BY_WORDS and (is_whole or not value.endswith("*")):
        return Words((all_words_token(field, words),))
    return Words(tuple(field_words(field, value) if field else words), not is_whole)


def _time(value: str, now: float, shown: str, zone: tzinfo, is_end: bool) -> int:
    """The first second that a time means or, of a whole day at the end, the second after it."""
    if age := _AGE.fullmatch(value):
        return max(ceil(now - int(age[1]) * _SECONDS[age[2]]), 0)
    is_utc = value.endswith(("Z", "z"))
    for form, days in ((_DAY, int(is_end)), (_MINUTE, 0)):
        try:
            start = datetime.strptime(value[:-1] if is_utc else value, form).replace(tzinfo=UTC if is_utc else zone)
        except ValueError:
            continue
        try:
            at = int((start + timedelta(days)).timestamp())  # days of 23 and 25 hours, too
        except OverflowError:  # after the last day of the calendar
            at = LAST_SECOND
        return min(max(at, 0), LAST_SECOND)
    raise BadSearch(
        f"{shown} is no time: right are 2d (or 90m, 12h, 1w), 2026-11-01 and 2026-11-01T12:30 in the time zone of the page, 2026-11-01T12:30Z in UTC"
    )
