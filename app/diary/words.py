"""The words by which jobs are found: a text of blank-separated tokens for each job, the same on every database.

A token is a word of the job (`pixel`), a word of one of its fields (`=name=pixel`), all words of a field (`=user=anna=`; of several
`=user==` and their hash), or a whole value with its signs (`#user#` and its hash). Sections, which phrases do not cross, are separated by `/`. Nothing but letters, digits, `_`, `=` and `#` is in a token.
"""

from __future__ import annotations

import re
import signal
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from hashlib import blake2b
from typing import NamedTuple

from app.core.exit_codes import exit_signal

FIELDS = ("id", "name", "user", "project", "source", "kind", "run", "tag")
"""Fields of a search besides the labels of jobs."""
BY_WORDS = ("name", "summary", "reason")
"""Fields that are searched by words; all others are by their whole value, or its beginning."""

ANY = "#"
"""A token of every job."""

WORD_CHARS, FIELD_CHARS = 64, 40
"""Longer words and names of fields are cut here, in jobs and in searches."""
KEY_CHARS = 100
MAX_SOURCE_CHARS, MAX_PEOPLE_CHARS = 40_000, 60_000
"""Most characters of the tokens of a job, from its source and from people; PostgreSQL takes 1 MB of them."""

_WORD = re.compile(r"[^\W_]+")


class JobTexts(NamedTuple):
    """What is searched of a job."""

    native_id: str
    source: str
    kind: str
    name: str
    user: str
    project: str
    state: str
    reason: str
    workdir: str
    exit_code: int | None
    signal: int | None
    labels: Mapping[str, str]
    review: str
    verdict: str
    summary: str
    notes: str
    tags: Sequence[str]


def words_of(text: str) -> list[str]:
    """The words of a text in its order: runs of letters and digits, without difference of case."""
    return [word[:WORD_CHARS] for word in _WORD.findall(_folded(text))]


@lru_cache(maxsize=1000)
def field_name(text: str) -> str:
    """The name of a field in tokens."""
    return re.sub(r"[\W_]+", "_", _folded(text))[:FIELD_CHARS]


def field_words(field: str, text: str) -> list[str]:
    """Tokens of the words of a field."""
    name = field_name(field)
    return [f"={name}={word}" for word in words_of(text)]


def all_words_token(field: str, words: Sequence[str]) -> str:
    """The token for a field with exactly these words. The token of a single word is also found by its beginning."""
    if len(words) == 1:
        return f"={field_name(field)}={words[0]}="
    return f"={field_name(field)}=={_hash(' '.join(words))}"


def field_tokens(field: str, text: str) -> list[str]:
    """All tokens of a field of a job."""
    words = words_of(text)
    if not words or field_name(field) in BY_WORDS:
        return field_words(field, text)
    return [all_words_token(field, words), *(field_words(field, text) if len(words) > 1 else [])]


@lru_cache(maxsize=10_000)
def exact_token(field: str, value: str) -> str:
    """The token of a whole value, with its case and blanks."""
    return f"#{field}#{_hash(value)}"


def _hash(text: str) -> str:
    return blake2b(text.encode(errors="replace"), digest_size=8).hexdigest()


def digest_of(text: str) -> int:
    """A hash of 64 bits, which every database can store."""
    return int.from_bytes(blake2b(text.encode(), digest_size=8).digest(), signed=True)


def sort_key(text: str) -> str:
    """By what texts are ordered by alphabet: their beginning without difference of case."""
    return _folded(text)[:KEY_CHARS]


def tags_of(job: JobTexts) -> list[str]:
    """The tags of people and that of the source, by alphabet."""
    return sorted({*job.tags, *filter(None, [" ".join(job.labels.get("tag", "").split())])})


def document(job: JobTexts) -> str:
    """All tokens of a job. It begins and ends with a blank, as do all tokens in it."""
    sections = _joined(_source_words(job), MAX_SOURCE_CHARS), _joined(_review_words(job), MAX_PEOPLE_CHARS)
    return f" {' / '.join(filter(None, sections))} "


def _joined(sections: Iterator[list[str]], most: int) -> str:
    """The sections; of too many characters the first ones, as whole tokens."""
    text = " / ".join(" ".join(section) for section in sections if section)
    return text if len(text) <= most else text[:most].rpartition(" ")[0]


def _source_words(job: JobTexts) -> Iterator[list[str]]:
    yield [exact_token(field, value) for field, value in exact_values(job)] + [ANY]
    fields = {"id": job.native_id, "name": job.name, "user": job.user, "project": job.project, "source": job.source, "kind": job.kind}
    labels = sorted(job.labels.items(), key=lambda item: item[0] not in FIELDS)
    for name, text in (*fields.items(), *labels):
        if name not in ("source", "kind"):
            yield words_of(text)
        yield field_tokens(name, text)
    yield from _end_words(job)
    yield words_of(job.reason)
    yield field_words("reason", job.reason)
    yield words_of(job.workdir)


def _end_words(job: JobTexts) -> Iterator[list[str]]:
    """How the job ended: exit:137, signal:9 and signal:sigkill; the name of the signal is a word of the job, too."""
    if job.exit_code is not None:
        yield field_tokens("exit", str(job.exit_code))
    if number := job.signal or exit_signal(job.exit_code):
        yield field_tokens("signal", str(number))
        if number in {each.value for each in signal.Signals}:
            name = signal.Signals(number).name
            yield words_of(name)
            yield field_tokens("signal", name)


def _review_words(job: JobTexts) -> Iterator[list[str]]:
    for tag in job.tags:
        yield words_of(tag)
        yield field_tokens("tag", tag)
    yield words_of(job.summary)
    yield field_words("summary", job.summary)
    yield words_of(job.notes)


def exact_values(job: JobTexts) -> Iterator[tuple[str, str]]:
    """Fields and whole values by which lists are narrowed."""
    for field in ("state", "review", "verdict", "source"):
        yield field, getattr(job, field)
    for field, value in (("user", job.user), ("project", job.project), ("run", job.labels.get("run", ""))):
        if value:
            yield field, value
    for tag in tags_of(job):
        yield "tag", tag


def _folded(text: str) -> str:
    return text.lower() if text.isascii() else unicodedata.normalize("NFKC", text).casefold()
