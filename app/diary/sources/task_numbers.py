"""The numbers of the tasks of an array of jobs."""

from __future__ import annotations

import re

MOST_TASKS = 10_000
"""Most tasks of an array that become jobs."""

_RANGE = re.compile(r"(\d{1,9})(?:-(\d{1,9})(?::(\d{1,9}))?)?", re.ASCII)


def task_numbers(text: str, most: int = MOST_TASKS) -> list[int]:
    """The numbers that ranges such as `1-5,8,10-20:5` name. Raises ValueError for another text, or more numbers."""
    numbers: list[int] = []
    for part in text.split(","):
        match = _RANGE.fullmatch(part.strip())
        if not match:
            raise ValueError("Its tasks are not numbers and ranges")
        first, last, step = (int(each) if each else None for each in match.groups())
        assert first is not None
        found = range(first, (first if last is None else last) + 1, step or 1)
        if len(numbers) + len(found) > most:
            raise ValueError(f"It has more than {most:,} tasks")
        numbers.extend(found)
    return numbers
