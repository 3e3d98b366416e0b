"""What is read of CAE Job Diary, whatever it is stored in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol

from app.diary.errors import DiaryError


class BadImport(DiaryError):
    """There is no CAE Job Diary at the address; the message says why."""


@dataclass(frozen=True)
class OldUser:
    """A user of the original."""

    login: str
    name: str = ""
    email: str = ""


@dataclass(frozen=True)
class OldJob:
    """A job of the original.

    Attributes:
        values: Its columns, as they are read.
        user: Who submitted it; None: nobody is known.
        tags: With the `#` before them.
        base_runs: Ids of jobs.
    """

    values: Mapping[str, Any]
    user: OldUser | None = None
    tags: Sequence[str] = ()
    base_runs: Sequence[int] = ()

    def text(self, column: str) -> str:
        """A column as a text; "" for none."""
        value = self.values.get(column)
        return "" if value is None else str(value)

    def time(self, column: str) -> float | None:
        """A column as a time, Unix s; None: there is none. Times without a zone are in UTC, as Django stores them."""
        value = self.values.get(column)
        if isinstance(value, str):
            try:
                value = datetime.fromisoformat(value.strip())
            except ValueError:
                return None
        if not isinstance(value, datetime):
            return None
        return (value if value.tzinfo else value.replace(tzinfo=UTC)).timestamp()


class OldDiary(Protocol):
    """A CAE Job Diary that can be read."""

    def jobs(self) -> Iterator[OldJob]:
        """All jobs, in the order of their ids. Raises BadImport."""
