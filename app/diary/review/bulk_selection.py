"""The jobs of a list that are reviewed at once, and how a confirmation knows that they are the same ones."""

from __future__ import annotations

from array import array
from dataclasses import dataclass
from hashlib import blake2b

from app.core.database import proxy
from app.diary.index_models import DiaryIndex
from app.diary.search.find import numbers
from app.diary.search.selection import JobSelection


@dataclass(frozen=True)
class SelectedJobs:
    """The jobs of a selection.

    Attributes:
        numbers: Ascending, of 8 bytes each.
    """

    numbers: array[int]

    @property
    def count(self) -> int:
        """How many they are."""
        return len(self.numbers)

    @property
    def digest(self) -> str:
        """The same for the same jobs only: one may leave the list while another one joins it."""
        return blake2b(self.numbers.tobytes(), digest_size=12).hexdigest()


def selected_jobs(selection: JobSelection, users: tuple[str, ...]) -> SelectedJobs:
    """All jobs of a selection, beyond one page. users: names of the user in the batch systems. Raises BadSearch."""
    found = proxy.execute(numbers(selection, users).order_by(DiaryIndex.job))
    return SelectedJobs(array("q", (number for (number,) in found)))
