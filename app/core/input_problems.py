"""The problems of an input, as many as a response can list."""

from __future__ import annotations

from collections.abc import Iterable

MAX_LISTED = 100
"""Problems that a response lists; the others are counted. A small wrong input must not make a large response."""

MAX_PROBLEM_CHARS = 500
"""Characters of the name of a field, and of its problem."""


class InputProblems:
    """The problems of an input: the first ones as field and problem, and the number of all."""

    def __init__(self) -> None:
        self.listed: list[tuple[str, str]] = []
        self.count = 0

    def add(self, field: str, problem: str) -> None:
        """Note the problem of a field."""
        self.count += 1
        if len(self.listed) < MAX_LISTED:
            self.listed.append((shortened(field), shortened(problem)))

    def extend(self, problems: Iterable[tuple[str, str]]) -> None:
        """Note problems as field and problem."""
        for field, problem in problems:
            self.add(field, problem)

    def include(self, part: InputProblems, place: str = "", of: str = "") -> None:
        """Note the problems of a part of the input; `place` is put before their fields, `of` after the problems."""
        for field, problem in part.listed:
            self.add(f"{place}{field}", f"{problem}{of}")
        self.count += part.count - len(part.listed)


def shortened(text: str, longest: int = MAX_PROBLEM_CHARS) -> str:
    """The text, without its middle if it is too long: the ends have the name of the value and what was expected."""
    half = longest // 2
    return text if len(text) <= longest else f"{text[:half]} ... {text[-half:]}"
