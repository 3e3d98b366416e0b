"""Checks of what people write into a review."""

from __future__ import annotations

from dataclasses import replace

from app.core.text import one_line
from app.diary.review.errors import BadReview
from app.diary.review.review import ReviewChange
from app.diary.review.tags import clean_tag
from app.diary.states import REVIEWS, VERDICTS

MAX_SUMMARY = 500
MAX_NOTES = 20_000
MAX_TAGS = 30


def checked_change(change: ReviewChange) -> ReviewChange:
    """The change as it is stored. Raises BadReview with all that is wrong."""
    wrong: list[tuple[str, str]] = []
    for field, value, allowed in (("review", change.review, REVIEWS), ("verdict", change.verdict, VERDICTS)):
        if value is not None and value not in allowed:
            wrong.append((field, f"Expected one of {', '.join(allowed)}, not {value[:50]!r}"))
    summary = None if change.summary is None else one_line(change.summary)
    notes = None if change.notes is None else clean_text(change.notes)
    for field, value, most in (("summary", summary, MAX_SUMMARY), ("notes", notes, MAX_NOTES)):
        if value is not None and len(value) > most:
            wrong.append((field, f"Expected at most {most:,} characters, not {len(value):,}"))
    tags = {}
    for field, words in (("tags", change.tags), ("add_tags", change.add_tags), ("remove_tags", change.remove_tags)):
        try:
            tags[field] = None if words is None else tuple(sorted({clean_tag(tag) for tag in words}))
        except BadReview as error:
            wrong += [(field, problem) for _, problem in error.fields]
    wrong += [(field, f"Expected at most {MAX_TAGS} tags") for field, words in tags.items() if len(words or ()) > MAX_TAGS]
    if wrong:
        raise BadReview(wrong)
    return replace(
        change, summary=summary, notes=notes, tags=tags["tags"], add_tags=tags["add_tags"] or (), remove_tags=tags["remove_tags"] or ()
    )


def clean_text(text: str) -> str:
    """A text of several lines as it is stored: forms send other ends of lines, databases refuse some characters."""
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "\ufffd")
    return text.encode("utf-8", "replace").decode("utf-8").rstrip()
