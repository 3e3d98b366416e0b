"""What DQM software writes into the *names* of TObjString keys: scalars, efficiency flags and quality tests.

    <name>i=42</name>     <name>f=3.14</name>     <name>s=text</name>       a scalar ME and its value
    <name>e=1</name>                                                        the ME `name` is an efficiency
    <mename.qtname>qr=st:STATUS:RESULT:ALGORITHM:MESSAGE</mename.qtname>    one quality test on the ME `mename`

A value ends at the closing tag, the very end, and not at the first `<` in it.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from app.formats.model import Kind, QTest

if TYPE_CHECKING:
    from collections.abc import Container, Iterable

_SCALARS = {b"i": Kind.INT, b"f": Kind.FLOAT, b"s": Kind.STRING}
_MARK = re.compile(rb">(i|f|s|e|qr)=")
_STATUS = re.compile("[0-9]{1,4}")
# The closing tag is compared for each place where the opening one may end; more would let one key take long.
_LONGEST_NAME = 4096


class Marks(NamedTuple):
    """What the tags of one directory say, by the name of the ME; of several for the same, the one written last."""

    scalars: dict[bytes, tuple[Kind, str]]
    efficiencies: set[bytes]
    qtests: dict[bytes, list[QTest]]
    unreadable: int


def read_tags(texts: Iterable[bytes], histograms: Container[bytes]) -> Marks:
    """Sorts the tags of one directory, whose histograms have these names.

    A text that is no tag, a test whose ME is not there, and a scalar with the name of a histogram are counted.
    """
    return sort_tags(map(parse_tag, texts), histograms)


def sort_tags(tags: Iterable[Tag | None], histograms: Container[bytes]) -> Marks:
    """As `read_tags`, for tags that were taken apart; None for a text that is no tag."""
    scalars: dict[bytes, tuple[Kind, str]] = {}
    efficiencies: set[bytes] = set()
    tests: list[Tag] = []
    unreadable = 0
    for tag in tags:
        if tag is None or (tag.mark in _SCALARS and tag.name in histograms):
            unreadable += 1
        elif tag.mark in _SCALARS:
            scalars[tag.name] = _SCALARS[tag.mark], as_text(tag.value)
        elif tag.mark == b"qr":
            tests.append(tag)
        elif tag.value == b"1":
            efficiencies.add(tag.name)
    outcomes: dict[bytes, dict[str, QTest]] = {}
    for tag in tests:
        owner = _owner(tag.name, histograms, scalars)
        test = _parse_outcome(tag, owner)
        if test is None:
            unreadable += 1
        else:
            outcomes.setdefault(owner, {})[test.name] = test
    qtests = {name: list(by_name.values()) for name, by_name in outcomes.items()}
    return Marks(scalars, efficiencies, qtests, unreadable)


class Tag(NamedTuple):
    """A key's name taken apart: the ME (or ME and quality test), the letters before the `=`, and the value."""

    name: bytes
    mark: bytes
    value: bytes


def parse_tag(text: bytes) -> Tag | None:
    """The tag, or None when the text is none. A name may itself hold `<`, `>` and `=`."""
    if not text.startswith(b"<"):
        return None
    for match in _MARK.finditer(text, 2, _LONGEST_NAME):
        name = text[1 : match.start()]
        if text.endswith(b"</%b>" % name) and match.end() <= len(text) - len(name) - 3:
            return Tag(name, match[1], text[match.end() : len(text) - len(name) - 3])
    return None


def _owner(name: bytes, *me_names: Container[bytes]) -> bytes:
    """The ME in `mename.qtname`, either of which may hold dots: the longest that is there; empty for none."""
    end = name.rfind(b".")
    while end > 0 and not any(name[:end] in names for names in me_names):
        end = name.rfind(b".", 0, end)
    return name[: max(end, 0)]


def _parse_outcome(tag: Tag, owner: bytes) -> QTest | None:
    what, _, outcome = as_text(tag.value).partition(":")
    status, result, algorithm, message = [*outcome.split(":", 3), "", "", ""][:4]
    if not owner or what != "st" or not _STATUS.fullmatch(status):
        return None
    return QTest(as_text(tag.name[len(owner) + 1 :]), int(status), result, algorithm, message)


def as_text(data: bytes) -> str:
    """UTF-8, or else Latin-1, which older software wrote."""
    try:
        return data.decode()
    except UnicodeDecodeError:
        return data.decode("latin-1")


def as_utf8(name: bytes) -> bytes:
    """The name itself when it is UTF-8, else made so."""
    return name if name.isascii() else as_text(name).encode()
