"""What must not leave in a text of plain ASCII, and what is shown in its place.

A text is read once, from left to right. What a rule of `patterns` takes is no more looked at, but for what stays of it.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import Any, NamedTuple

import re2

from app.publish.sanitize.patterns import INNER, TABLE
from app.publish.sanitize.pseudonyms import Secret
from app.publish.sanitize.replacements import SHOWN, Part
from app.publish.sanitize.words import COMMON

LATEST = 2000
"""Texts of which it is kept what was found in them."""


class Found(NamedTuple):
    """The text from start to end is shown as these parts. since, until: with what tells of it and stays, as the name before a value."""

    since: int
    start: int
    end: int
    until: int
    parts: tuple[Part, ...]


class Rules:
    """The rules of a site; machines: names of hosts that are known, each at least 4 characters long."""

    def __init__(self, machines: Iterable[str] = ()) -> None:
        names = sorted({name.lower() for name in machines if len(name) >= 4 and not name.isdigit()}, key=lambda name: (-len(name), name))
        plain = [rf"\b{name}\b" for name in names if name.isalpha() and name not in COMMON]
        patterns = [re2.escape(name) for name in names if not name.isalpha()] + plain
        known = {"machine": rf"(?i:(?:{'|'.join(patterns)})(?:\.cms\b|\.cern\.ch\b)?)"} if patterns else {}
        self._latest: dict[str, list[Found]] = {}
        self._all = _compile(tuple((known | TABLE).items()))
        self._inner = _compile(tuple((known | {name: TABLE[name] for name in INNER}).items()))
        self._names = _compile(tuple((known | {name: TABLE[name] for name in INNER if name != "word"}).items()))

    def find(self, text: str) -> list[Found]:
        """What must not leave in a text, in its order; lines often come twice."""
        if text not in self._latest:
            if len(self._latest) >= LATEST:
                self._latest.clear()
            self._latest[text] = self._look(text)
        return self._latest[text]

    def _look(self, text: str) -> list[Found]:
        return [_trimmed(found, text) for found in self._find(self._all, text) if any(isinstance(part, Secret) for part in found.parts)]

    def inner(self, text: str) -> tuple[Part, ...]:
        """A text that stays, but for hosts and keys in it."""
        return self._within(self._inner, text)

    def _within(self, pattern: Any, text: str) -> tuple[Part, ...]:
        parts: list[Part] = []
        at = 0
        for found in self._find(pattern, text):
            parts += [text[at : found.start], *found.parts]
            at = found.end
        return _joined([*parts, text[at:]])

    def _find(self, pattern: Any, text: str) -> Iterable[Found]:
        for match in pattern.finditer(text.encode("ascii")):
            taken, rule = text[match.start() : match.end()], match.lastgroup.decode()
            parts = SHOWN[rule](taken, self.inner)
            if parts is None and rule == "word":
                parts = self._within(self._names, taken)
            elif parts is None and rule not in INNER:
                parts = self.inner(taken)
            if parts is not None:
                yield Found(match.start(), match.start(), match.end(), match.end(), _joined(parts))


def _joined(parts: Iterable[Part]) -> tuple[Part, ...]:
    """Parts with neighbouring texts as one."""
    joined: list[Part] = []
    for part in parts:
        if isinstance(part, str) and joined and isinstance(joined[-1], str):
            joined[-1] += part
        elif part:
            joined.append(part)
    return tuple(joined)


def _trimmed(found: Found, text: str) -> Found:
    """Without the text at both its ends that stays as it is."""
    first, last = found.parts[0], found.parts[-1]
    before = len(first) if isinstance(first, str) and text.startswith(first, found.start) else 0
    after = len(last) if isinstance(last, str) and text.endswith(last, found.start + before, found.end) else 0
    return Found(
        found.since, found.start + before, found.end - after, found.until, found.parts[before > 0 : len(found.parts) - (after > 0)]
    )


@lru_cache(maxsize=8)
def _compile(table: tuple[tuple[str, str], ...]) -> Any:
    options = re2.Options()
    options.max_mem = 16 << 20
    return re2.compile("|".join(f"(?P<{name}>{pattern})" for name, pattern in table).encode(), options)
