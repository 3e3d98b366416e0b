"""Tags: scalars, efficiency flags and quality tests in the *names* of TObjString keys, as DQM software writes them.

    <name>i=42</name>     <name>f=3.14</name>     <name>s=text</name>       a scalar ME and its value
    <name>e=1</name>                                                        the ME `name` is an efficiency
    <mename.qtname>qr=st:STATUS:RESULT:ALGORITHM:MESSAGE</mename.qtname>    one quality test on the ME `mename`

A value ends at the closing tag at the end of the text, not at the first `<`.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from app.formats.elements import Kind, QTest
from app.formats.text_encoding import decode_text

if TYPE_CHECKING:
    from collections.abc import Container, Iterable

_SCALARS = {b"i": Kind.INT, b"f": Kind.FLOAT, b"s": Kind.STRING}
_TYPE = re.compile(rb">(i|f|s|e|qr)=")
_STATUS = re.compile("[0-9]{1,4}")
# The closing tag is compared at each position where the opening one may end; the limit bounds the time for one key.
_LONGEST_NAME = 4096


class DirectoryTags(NamedTuple):
    """The content of the tags of one directory, by the name of the ME; the last of several tags for the same ME counts.

    Attributes:
        scalars: Type and value of each scalar.
        efficiencies: Names of MEs that are efficiencies.
        qtests: The quality tests of each ME.
        unreadable: Number of texts that are not tags, tests without their ME, and scalars with the name of a histogram.
    """

    scalars: dict[bytes, tuple[Kind, str]]
    efficiencies: set[bytes]
    qtests: dict[bytes, list[QTest]]
    unreadable: int


class METag(NamedTuple):
    """The parts of a tag.

    Attributes:
        name: Name of the ME, with that of the quality test if it is one.
        type: The characters before the `=`.
        value: The bytes after the `=`.
    """

    name: bytes
    type: bytes
    value: bytes


def read_tags(texts: Iterable[bytes], histograms: Container[bytes]) -> DirectoryTags:
    """The content of the tags of one directory; `histograms` are the names of its histograms."""
    return sort_tags(map(parse_tag, texts), histograms)


def sort_tags(tags: Iterable[METag | None], histograms: Container[bytes]) -> DirectoryTags:
    """As `read_tags`, from parsed tags; None counts as a text that is not a tag."""
    scalars: dict[bytes, tuple[Kind, str]] = {}
    efficiencies: set[bytes] = set()
    tests: list[METag] = []
    unreadable = 0
    for tag in tags:
        if tag is None or (tag.type in _SCALARS and tag.name in histograms):
            unreadable += 1
        elif tag.type in _SCALARS:
            scalars[tag.name] = _SCALARS[tag.type], decode_text(tag.value)
        elif tag.type == b"qr":
            tests.append(tag)
        elif tag.value == b"1":
            efficiencies.add(tag.name)
    qtests, orphans = _qtests_by_me(tests, histograms, scalars)
    return DirectoryTags(scalars, efficiencies, qtests, unreadable + orphans)


def _qtests_by_me(tests: list[METag], *me_names: Container[bytes]) -> tuple[dict[bytes, list[QTest]], int]:
    """The quality tests of each ME, and the number of tests without an ME or with a wrong outcome."""
    outcomes: dict[bytes, dict[str, QTest]] = {}
    unreadable = 0
    for tag in tests:
        me = _tested_me(tag.name, *me_names)
        test = _parse_outcome(tag, me)
        if test is None:
            unreadable += 1
        else:
            outcomes.setdefault(me, {})[test.name] = test
    return {name: list(by_name.values()) for name, by_name in outcomes.items()}, unreadable


def parse_tag(text: bytes) -> METag | None:
    """The tag, or None for another text. The name may contain `<`, `>` and `=`."""
    if not text.startswith(b"<"):
        return None
    for match in _TYPE.finditer(text, 2, _LONGEST_NAME):
        name = text[1 : match.start()]
        if text.endswith(b"</%b>" % name) and match.end() <= len(text) - len(name) - 3:
            return METag(name, match[1], text[match.end() : len(text) - len(name) - 3])
    return None


def _tested_me(name: bytes, *me_names: Container[bytes]) -> bytes:
    """The ME in `mename.qtname`, where both names may contain dots: the longest existing name, or empty."""
    end = name.rfind(b".")
    while end > 0 and not any(name[:end] in names for names in me_names):
        end = name.rfind(b".", 0, end)
    return name[: max(end, 0)]


def _parse_outcome(tag: METag, me: bytes) -> QTest | None:
    what, _, outcome = decode_text(tag.value).partition(":")
    status, result, algorithm, message = [*outcome.split(":", 3), "", "", ""][:4]
    if not me or what != "st" or not _STATUS.fullmatch(status):
        return None
    return QTest(decode_text(tag.name[len(me) + 1 :]), int(status), result, algorithm, message)
