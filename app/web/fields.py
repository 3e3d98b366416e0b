"""Fields of the query of a page whose address holds its state: a wrong one is left out and named, and the rest stays."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from difflib import get_close_matches
from typing import NamedTuple, TypeVar
from urllib.parse import parse_qsl

from app.web.arguments import parse_int

Parsed = TypeVar("Parsed")

MAX_SUGGESTIONS = 5
"""Unknown fields of one address for which similar names are looked up."""

REPEATED = "it is there more than once, with different values"
"""What is wrong with a field whose value is not known for this reason."""

LONGEST_SHOWN = 200
"""Letters of a wrong value that its problem holds."""


class FieldProblem(NamedTuple):
    """A field of an address that was left out of the view, and why."""

    name: str
    value: str
    problem: str


class Fields:
    """The fields of a query by name, without blanks at their ends. `problems` grows with each wrong one that is read.

    Args:
        query: Percent-encoded.
        lists: Names of fields that can have several values.
        switches: Names of fields whose last value counts: a form sends 0 before the 1 of a checked box.
    """

    def __init__(self, query: str, lists: Collection[str] = (), switches: Collection[str] = ()) -> None:
        self.problems: list[FieldProblem] = []
        self._values: dict[str, str] = {}
        self._lists: dict[str, list[str]] = {name: [] for name in lists}
        repeated: dict[str, str] = {}
        for name, text in parse_qsl(query, keep_blank_values=True, errors="replace"):
            value = text.strip()
            if name in self._lists:
                self._lists[name] += [value] if value else []
            elif name in switches:
                self._values[name] = value
            elif self._values.setdefault(name, value) != value:
                repeated[name] = value
        for name, value in repeated.items():
            del self._values[name]
            self.refuse(name, REPEATED, value)

    def refuse(self, name: str, problem: str, value: str | None = None) -> None:
        """Note that a field is left out."""
        self.problems.append(FieldProblem(name, (self.value(name) if value is None else value)[:LONGEST_SHOWN], problem))

    def value(self, name: str) -> str:
        """The value of a field, "" without one."""
        return self._values.get(name, "")

    def values(self, name: str) -> list[str]:
        """The values of a field that can have several, without empty ones."""
        return self._lists[name]

    def text(self, name: str, longest: int = LONGEST_SHOWN) -> str:
        """A text of printable characters."""
        value = self.value(name)
        if len(value) <= longest and value.isprintable():
            return value
        self.refuse(name, f"it has at most {longest} printable characters")
        return ""

    def choice(self, name: str, choices: Sequence[str], default: str) -> str:
        """One of the choices."""
        value = self.value(name) or default
        if value in choices:
            return value
        self.refuse(name, f"{value[:LONGEST_SHOWN]!r} is none of {', '.join(each for each in choices if each)}")
        return default

    def switch(self, name: str, *, default: bool = False) -> bool:
        """Whether it is 1, with "0" for no."""
        return self.choice(name, ("0", "1"), "1" if default else "0") == "1"

    def whole(self, name: str, default: int, lowest: int, highest: int) -> int:
        """A whole number."""
        value = self.value(name)
        if not value:
            return default
        number = parse_int(value, highest)
        if number is not None and number >= lowest:
            return number
        self.refuse(name, f"expected a whole number from {lowest} to {highest}")
        return default

    def parsed(self, name: str, parse: Callable[[str], Parsed], default: Parsed) -> Parsed:
        """What `parse` makes of a value; its ValueError says what is wrong with one."""
        value = self.value(name)
        if not value:
            return default
        try:
            return parse(value)
        except ValueError as error:
            self.refuse(name, str(error))
            return default

    def refuse_unknown(self, known: Collection[str], pages: str) -> None:
        """Name the fields that have no meaning. pages: whose fields these are, such as "pages of trends"."""
        unknown = [name for name, value in self._values.items() if value and name not in known]
        for number, name in enumerate(unknown):
            near = get_close_matches(name[:LONGEST_SHOWN], known, 1) if number < MAX_SUGGESTIONS else []
            self.refuse(name, f"{pages} have no such field" + (f"; did you mean {near[0]}?" if near else ""))
