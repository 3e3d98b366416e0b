"""The form of a bulk review: empty fields stay as they are in each job."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from app.diary.review.errors import BadReview
from app.diary.review.fields import checked_change
from app.diary.review.review import ReviewChange
from app.diary.review.tags import split_tags
from app.web.arguments import parse_int

LABELS = {"review": "Review", "verdict": "Verdict", "summary": "Summary", "add_tags": "Add tags", "remove_tags": "Remove tags"}
"""Labels of the fields."""


@dataclass(frozen=True)
class BulkForm:
    """What is typed.

    Attributes:
        count: Number of jobs that was shown when it was confirmed; None: it was not.
        digest: Of these jobs.
        step: Which button was pressed: check, back or review.
    """

    review: str = ""
    verdict: str = ""
    summary: str = ""
    add_tags: str = ""
    remove_tags: str = ""
    count: int | None = None
    digest: str = ""
    step: str = ""

    @property
    def is_confirmed(self) -> bool:
        """Whether the jobs are to be changed now."""
        return self.step == "review" and not self.problems

    @property
    def is_changed_again(self) -> bool:
        """Whether the form is wanted again in place of its confirmation."""
        return self.step == "back"

    @property
    def change(self) -> ReviewChange:
        """What is set in each job. Raises BadReview."""
        change = ReviewChange(
            review=self.review or None,
            verdict=self.verdict or None,
            summary=self.summary.strip() or None,
            add_tags=self._tags("add_tags"),
            remove_tags=self._tags("remove_tags"),
        )
        if change == ReviewChange():
            raise BadReview([("", "Fill in at least one field")])
        return checked_change(change)

    def _tags(self, name: str) -> tuple[str, ...]:
        try:
            return split_tags(getattr(self, name))
        except BadReview as error:
            raise BadReview([(name, problem) for _, problem in error.fields]) from error

    @property
    def problems(self) -> list[tuple[str, str]]:
        """Field and problem of what cannot be set; none before a button was pressed."""
        if self.step in ("", "back"):
            return []
        try:
            _ = self.change
        except BadReview as error:
            return [(name if name in LABELS else "", problem) for name, problem in error.fields]
        return []

    @property
    def words(self) -> list[tuple[str, str]]:
        """Label and value of each field that is set."""
        return [(label, getattr(self, name)) for name, label in LABELS.items() if getattr(self, name).strip()]

    @property
    def hidden(self) -> list[tuple[str, str]]:
        """Names and values of the fields, for the confirmation."""
        return [(name, getattr(self, name)) for name in LABELS]


def form_from_request(sent: Mapping[str, str]) -> BulkForm:
    """The form as it was sent."""
    texts = {name: sent.get(name, "") for name in LABELS}
    return BulkForm(**texts, count=parse_int(sent.get("count", "")), digest=sent.get("digest", ""), step=sent.get("do", "check"))
