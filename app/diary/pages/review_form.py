"""The form of a review: what its fields have, what they had when the user opened it, and what others stored meanwhile."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from app.diary.review.errors import BadReview
from app.diary.review.fields import clean_text
from app.diary.review.review import FIELDS, Review, ReviewChange
from app.diary.review.reviews import text_of
from app.diary.review.tags import split_tags
from app.web.arguments import parse_int

FIELD_TITLES = {"review": "Review", "verdict": "Verdict", "summary": "Summary", "tags": "Tags", "notes": "Notes"}
"""Labels of the fields."""


@dataclass(frozen=True)
class ReviewForm:
    """A form before it is stored.

    Attributes:
        texts: The fields as the user sees them.
        seen: The fields of the review that the user has changed.
        version: Of that review.
        problems: Field and problem of each that cannot be stored.
        others: Fields that `by` changed since the user opened the form, and what they are now.
    """

    texts: Mapping[str, str]
    seen: Mapping[str, str]
    version: int
    problems: list[tuple[str, str]] = field(default_factory=list)
    others: Mapping[str, str] = field(default_factory=dict)
    by: str = ""

    @property
    def changed(self) -> list[str]:
        """Names of the fields that the user has changed."""
        return [name for name in FIELDS if self.texts[name] != self.seen[name]]

    def change(self) -> ReviewChange:
        """What is to be stored. Raises BadReview."""
        texts = {name: self.texts[name] for name in self.changed}
        tags = {"tags": split_tags(texts.pop("tags"))} if "tags" in texts else {}
        return ReviewChange(**texts, **tags)  # type: ignore[arg-type]  # of mypy for two mappings


def form_of(review: Review) -> ReviewForm:
    """The form of an unchanged review."""
    texts = {name: text_of(review, name) for name in FIELDS}
    return ReviewForm(texts, texts, review.version)


def sent_form(sent: Mapping[str, str], review: Review) -> ReviewForm:
    """The form that a browser sent; a field that it does not have is as in the review. Raises BadReview."""
    version = parse_int(sent.get("version", ""))
    if version is None:
        raise BadReview([("version", "Expected the version of the review that you have seen")])
    now = form_of(review).texts
    texts = {name: clean_text(sent.get(name, now[name])) for name in FIELDS}
    return ReviewForm(texts, {name: clean_text(sent.get(f"seen_{name}", now[name])) for name in FIELDS}, version)


def form_after_conflict(form: ReviewForm, current: Review) -> ReviewForm:
    """The form with what the user has changed, and all else as it is now."""
    now = form_of(current).texts
    texts = {name: form.texts[name] if name in form.changed else now[name] for name in FIELDS}
    others = {name: now[name] for name in FIELDS if now[name] != form.seen[name]}
    return ReviewForm(texts, now, current.version, others=others, by=current.by)


def form_with_change(change: ReviewChange, name: str, current: Review) -> ReviewForm:
    """The form of a review with the refused value in one field, which was changed since."""
    now = form_of(current).texts
    value = " ".join(change.tags or ()) if name == "tags" else str(getattr(change, name))
    return ReviewForm(dict(now) | {name: value}, now, current.version, others={name: now[name]}, by=current.by)
