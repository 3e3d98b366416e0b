"""Which lines of a log belong together, because a line was cut in the middle of something that must not leave.

Terminals and mail cut lines at a width, scripts with a backslash. Two lines are read as one where what the second
begins with would complete what the first ends with; what is whole on its own line is left there, so that a path at
the end of a line does not take the first word of the next one with it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import NamedTuple

from app.square.outside.canonical import Segment
from app.square.outside.rules import Found, Part

WINDOW = 300
"""Characters before the end of a line in which something may begin that goes on in the next."""

WIDTHS = {64, 72, 76, 78, 79, 80, 100, 120, 127, 128, 132, 160, 200, 256}
"""Lengths of lines that were probably cut."""

_RECORD = re.compile(
    r"\d{1,2}-[A-Z][a-z]{2}-\d{4}|\d{4}-\d\d-\d\d[ T]|\d\d/\d\d/\d\d|%MSG|--|Begin |(?:Time|Trig)Report|#\d+ |[A-Z][a-z]{2} +\d+ \d\d:|\["
)
"""How messages begin."""

_NATURAL = re.compile(r"""["'(\[<{]*(?:[A-Za-z][A-Za-z_]*(?:(?:::|[(<:,;=\[]).*|[)"'\]}.!?]*)|\d+[.,:;)]?|\W+)""")
"""How the first word of a line is written, in English or in C++, unless it is the end of something else."""

_OPEN = tuple("/=:@-_.+,%&~")
"""Signs after which something goes on."""

Find = Callable[[str], list[Found]]


class Group(NamedTuple):
    """Segments that are read as one text. places: start and end of each in it; first: number of the first."""

    text: str
    first: int
    places: list[tuple[int, int]]


def groups(segments: Sequence[Segment], own: Sequence[list[Found]], find: Find) -> list[Group]:
    """All segments in their order, in groups; own: what was found in each alone."""
    made: list[Group] = []
    covered = False
    for number, segment in enumerate(segments):
        joint = _joint(segments[number - 1], made[-1].text, covered, segment, own[number], find) if made else None
        if joint is None:
            made.append(Group(segment.text, number, [(0, len(segment.text))]))
            covered = _reaches_end(own[number], segment.text)
        else:
            before = made[-1]
            text = before.text + joint + segment.text
            made[-1] = Group(text, before.first, [*before.places, (len(text) - len(segment.text), len(text))])
            covered = _reaches_end(find(text[-WINDOW:]), text[-WINDOW:])
    return made


def placed(group: Group, found: Sequence[Found]) -> list[list[Part]]:
    """What is shown of each segment of a group: what goes over several is shown in the first."""
    return [_placed(group.text, start, end, [one for one in found if one.start < end and one.end > start]) for start, end in group.places]


def _placed(text: str, start: int, end: int, found: Sequence[Found]) -> list[Part]:
    parts: list[Part] = []
    at = start
    for one in found:
        if one.start >= start:
            parts += [text[at : one.start], *one.parts]
        at = min(one.end, end)
    return [*parts, text[at:end]]


def _reaches_end(found: Sequence[Found], text: str) -> bool:
    return bool(found) and found[-1].end == len(text)


def _joint(last: Segment, before: str, covered: bool, segment: Segment, own: Sequence[Found], find: Find) -> str | None:
    """What stands between two segments that are read as one, nothing or a blank; None when they are read alone."""
    after = segment.text
    if last.continued:
        return ""
    head = after.split(" ", 1)[0]
    if not head or not before or before[-1] == " " or (_RECORD.match(after) and not before.endswith(("=", ":"))):
        return None
    tail = before.rpartition(" ")[2]
    whole = bool(own) and own[0].start == 0 and own[0].end >= len(head)
    if whole and (covered or _NATURAL.fullmatch(tail)):
        return None
    if covered and not before.endswith(_OPEN) and _NATURAL.fullmatch(head) and len(last.text) not in WIDTHS:
        return None
    if head == after and not whole:
        return ""
    return next((joint for joint in ("", " ") if not (joint and covered) and _crosses(before[-WINDOW:], joint, head, find)), None)


def _crosses(before: str, joint: str, head: str, find: Find) -> bool:
    end = len(before)
    return any(found.start < end and found.end > end + len(joint) for found in find(before + joint + head[:WINDOW]))
