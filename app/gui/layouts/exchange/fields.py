"""Reads fields of documents of layouts and workspaces; notes for each wrong field what would be right."""

from __future__ import annotations

import re
import reprlib
import unicodedata
from collections.abc import Callable, Collection, Iterator
from difflib import get_close_matches
from typing import Any

from app.core.input_problems import MAX_LISTED, InputProblems, shortened

MAX_PATH_BYTES = 500
MAX_NAME_CHARS = 200
MAX_TEXT_CHARS = 20_000
MAX_LABEL_CHARS = 80
MAX_LIST = 1_000
"""Entries of a list of texts, such as a quick collection."""

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
_CONTROL_OF_TEXT = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")


class NumberText(str):
    """A number as it is written in a file: drawing options keep `0.10` and `1e3`."""


class _Labels(reprlib.Repr):
    """Writes a value shortened: a whole value may be nested deeper, or have more digits, than Python can write."""

    def repr_str(self, x: str, level: int) -> str:
        return repr(shortened(x, MAX_LABEL_CHARS))

    repr_NumberText = repr_str

    def repr_int(self, x: int, level: int) -> str:
        try:
            return repr(x)
        except ValueError:
            return "a number with too many digits"


_labels = _Labels()


def label(value: Any) -> str:
    """A value in a message about it."""
    return shortened(_labels.repr(value), MAX_LABEL_CHARS)


def named_values(value: Any, place: str, most: int, problems: InputProblems) -> dict[str, Any]:
    """An object with at most `most` arbitrary names; {} if it is wrong."""
    if not isinstance(value, dict):
        problems.add(place, f"Expected an object with names and values, not {label(value)}")
    elif len(value) > most:
        problems.add(place, f"Expected at most {most} entries, not {len(value):,}")
    else:
        return value
    return {}


class DocumentFields:
    """Reads the fields of one object of a document, and checks their names.

    If a value is wrong, the method returns the default of the field. Readers discard documents with problems.
    """

    def __init__(self, value: Any, place: str, names: Collection[str], problems: InputProblems) -> None:
        """
        Args:
            value: The object; anything else is a problem.
            place: Where it is in the document, as `rows[2][0].draw`; "" for the document itself.
            names: Names of all fields.
            problems: Gets the problems.
        """
        self.place, self.problems = place, problems
        self.values: dict[str, Any] = value if isinstance(value, dict) else {}
        if not isinstance(value, dict):
            problems.add(place or "document", f"Expected an object with fields such as {', '.join(list(names)[:3])}, not {label(value)}")
        unknown = [name for name in self.values if name not in names]
        for name in unknown[:MAX_LISTED]:
            near = get_close_matches(name, names, 1)
            expected = f"the nearest is {near[0]}" if near else f"expected {', '.join(names)}"
            problems.add(self.field(name), f"There is no such field; {expected}")
        problems.count += len(unknown[MAX_LISTED:])

    def field(self, name: str) -> str:
        """The place of a field in the document."""
        return f"{self.place}.{name}" if self.place else name

    def add(self, name: str, problem: str) -> None:
        """Note the problem of a field."""
        self.problems.add(self.field(name), problem)

    def text(self, name: str, longest: int = MAX_TEXT_CHARS, *, lines: bool = False) -> str:
        """A text; `lines`: line breaks and tabs may be in it. "" if it is absent."""
        value = self.values.get(name, "")
        if problem := text_problem(value, longest, lines=lines):
            self.add(name, problem)
            return ""
        return str(value)

    def choice(self, name: str, choices: Collection[str], default: str = "") -> str:
        """One of some words."""
        value = self.values.get(name, default)
        if value not in choices or not isinstance(value, str):
            self.add(name, f"Expected {' or '.join(filter(None, choices))}, not {label(value)}")
            return default
        return value

    def number(self, name: str, largest: int, default: int = 0) -> int:
        """A whole number, -largest to largest."""
        value = self.values.get(name, default)
        if not isinstance(value, int) or isinstance(value, bool) or abs(value) > largest:
            self.add(name, f"Expected a whole number up to {largest:,}, not {label(value)}")
            return default
        return value

    def flag(self, name: str) -> bool:
        """True or false."""
        value = self.values.get(name, False)
        if not isinstance(value, bool):
            self.add(name, f"Expected true or false, not {label(value)}")
        return value is True

    def path(self, name: str, *, tab: bool = False) -> str:
        """A path; see `path_problem`. A wrong path is returned too, so that messages and pages can show it."""
        value = self.values.get(name, "")
        if problem := path_problem(value, tab=tab):
            self.add(name, problem)
        return value if isinstance(value, str) else ""

    def paths(self, name: str, most: int = MAX_LIST, *, tab: bool = False) -> tuple[str, ...]:
        """A list of paths."""
        return tuple(self._valid_texts(name, most, lambda value: path_problem(value, tab=tab)))

    def words(self, name: str, most: int) -> tuple[str, ...]:
        """A list of short texts."""
        return tuple(self._valid_texts(name, most, lambda value: text_problem(value, MAX_NAME_CHARS) or ("" if value else "It is empty")))

    def list(self, name: str, most: int) -> list[Any]:
        """A list of anything, with at most `most` entries; [] if it is absent."""
        value = self.values.get(name, [])
        if not isinstance(value, list):
            self.add(name, f"Expected a list, not {label(value)}")
            return []
        if len(value) > most:
            self.add(name, f"Expected at most {most:,} entries, not {len(value):,}")
        return value[:most]

    def _valid_texts(self, name: str, most: int, problem_of: Callable[[Any], str]) -> Iterator[str]:
        for index, value in enumerate(self.list(name, most)):
            if problem := problem_of(value):
                self.add(f"{name}[{index}]", problem)
            else:
                yield value


def path_problem(value: Any, *, tab: bool = False) -> str:
    """The problem of a path: it has names with slashes between them, at most MAX_PATH_BYTES in UTF-8; "" for none.

    Blanks at its ends are part of it, because it is an identity. `tab`: it can end with a tab, as in two layouts of the classic DQM GUI.
    """
    if not isinstance(value, str) or isinstance(value, NumberText):
        return f"Expected a path such as Folder/Name, not {label(value)}"
    if not value:
        return "The path is missing; expected one such as Folder/Name"
    if _CONTROL.search(value.removesuffix("\t") if tab else value) or (not value.isascii() and any(map(_is_invisible, value))):
        return f"Expected a path without control or invisible characters, not {label(value)}"
    if not {"", ".", ".."}.isdisjoint(value.split("/")):
        return f"Expected names with one slash between them, not {label(value)}"
    size = len(value.encode())
    return f"Expected at most {MAX_PATH_BYTES} bytes, not {size:,}" if size > MAX_PATH_BYTES else ""


def _is_invisible(character: str) -> bool:
    """Whether two paths that differ by this character can look the same, or be read in another order."""
    return unicodedata.category(character) == "Cf"


def text_problem(value: Any, longest: int, *, lines: bool = False) -> str:
    """The problem of a text; "" for none. `lines`: it can have line breaks and tabs."""
    if not isinstance(value, str) or isinstance(value, NumberText):
        return f"Expected a text, not {label(value)}"
    if len(value) > longest:
        return f"Expected at most {longest:,} characters, not {len(value):,}"
    return (
        f"Expected a text without control characters, not {label(value)}" if (_CONTROL_OF_TEXT if lines else _CONTROL).search(value) else ""
    )
