"""Tags of jobs: words of letters, digits, `-`, `_` and `.`, in lower case; a `#` before them is left out."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

from app.core.database import proxy
from app.diary.review.errors import BadReview

MAX_TAG = 50
"""Letters of a tag."""

_TAG = re.compile(r"[\w.-]+")

_DISTINCT = """
WITH RECURSIVE one(tag) AS (
  SELECT MIN(tag) FROM diary_tag
  UNION ALL SELECT (SELECT MIN(tag) FROM diary_tag WHERE diary_tag.tag > one.tag) FROM one WHERE one.tag IS NOT NULL
) SELECT tag FROM one WHERE tag IS NOT NULL
"""
"""Each tag once, by one step in the index for each: many jobs may have the same tag."""


def clean_tag(text: str) -> str:
    """A tag as it is stored. Raises BadReview."""
    tag = unicodedata.normalize("NFKC", text.strip()).removeprefix("#").lower()
    if not _TAG.fullmatch(tag):
        raise BadReview([("tags", f"Expected letters, digits, - _ and . in a tag, not {text[:MAX_TAG]!r}")])
    if len(tag) > MAX_TAG:
        raise BadReview([("tags", f"Expected at most {MAX_TAG} characters in a tag, not {len(tag)}")])
    return tag


def split_tags(text: str) -> tuple[str, ...]:
    """The tags of a text with blanks or commas between them. Raises BadReview."""
    return tuple(sorted({clean_tag(word) for word in text.replace(",", " ").split()}))


def joined(tags: Iterable[str]) -> str:
    """The text that `split_tags` reads."""
    return " ".join(tags)


def completions(begin: str, limit: int = 20) -> list[str]:
    """Tags of jobs: first those that begin with a text, then those that contain it."""
    word = unicodedata.normalize("NFKC", begin.strip()).removeprefix("#").lower()
    known = sorted(tag for (tag,) in proxy.execute_sql(_DISTINCT).fetchall() if word in tag)
    return sorted(known, key=lambda tag: not tag.startswith(word))[:limit]
