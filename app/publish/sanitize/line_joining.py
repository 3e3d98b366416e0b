"""Which lines of a log belong together, because a line was cut in the middle of something that must not leave.

Terminals and mail cut lines at a width, scripts with a backslash. Two lines are read as one where what the second
begins with would complete what the first ends with; what is whole on its own line is left there, so that a path at
the end of a line does not take the first word of the next one with it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import NamedTuple

from app.publish.sanitize.canonical import Segment
from app.publish.sanitize.replacements import Part
from app.publish.sanitize.rules import Found

WINDOW = 300
"""Characters before the end of a line in which something may begin that goes on in the next."""

_NEAR = 100
WIDTHS = {64, 72, 76, 78, 79, 80, 100, 120, 127, 128, 132, 160, 200, 256}
"""Lengths of lines that were probably cut."""

NARROW, NARROWEST = 16, 4
"""Lines of one word that are shorter may be a column; alone, when it is shorter still."""

_RECORD = re.compile(
    r"\d{1,2}-[A-Z][a-z]{2}-\d{4}|\d{4}-\d\d-\d\d[ T]|\d\d/\d\d/\d\d|%MSG|--|Begin |(?:Time|Trig)Report|#\d+ |[A-Z][a-z]{2} +\d+ \d\d:|\["
)
"""How messages begin."""

_NATURAL = re.compile(r"""["'(\[<{]*(?:[A-Z][A-Za-z_]*:|[A-Za-z][A-Za-z_]*(?:(?:::|: |[(<,;\[]).*|[)"'\]}.!?]*)|\d+[.,:;)]?|\W+)""")
"""How the first word of a line is written, in English or in C++, unless it is the end of something else."""

_RULER = re.compile(r"[^A-Za-z0-9]{4,}")
_OPTION = re.compile(r"(?:\A|\W)--?\w[\w-]*\Z")
_REPLACED = re.compile(r"""(?:(?:host|path|user|e-mail|address|token|key)-\d+|\(dropped\))["'\])},;]*\Z""")
_OPEN = tuple("/=:@-_.+,%&~")
"""Signs after which something goes on."""

Find = Callable[[str], list[Found]]


class Place(NamedTuple):
    """Where a segment stands in the text of its group; indent: blanks before it, which are left out."""

    start: int
    end: int
    indent: int


class Group(NamedTuple):
    """Segments that are read as one text. first: number of the first; places: one for each."""

    text: str
    first: int
    places: list[Place]


def groups(segments: Sequence[Segment], own: Sequence[list[Found]], find: Find) -> list[Group]:
    """All segments in their order, in groups; own: what was found in each alone."""
    made: list[Group] = []
    covered = False
    for number, segment in enumerate(segments):
        joint = _joint(segments[number - 1], made[-1].text, covered, segment.text, own[number], find) if made else None
        if joint is None:
            made.append(Group(segment.text, number, [Place(0, len(segment.text), 0)]))
            covered = _reaches_end(own[number], segment.text)
        else:
            before, after = made[-1], segment.text.lstrip()
            text = before.text + joint + after
            made[-1] = Group(text, before.first, [*before.places, Place(len(text) - len(after), len(text), len(segment.text) - len(after))])
            covered = _reaches_end(find(text[-_NEAR:]), text[-_NEAR:])
    return made


def _reaches_end(found: Sequence[Found], text: str) -> bool:
    return bool(found) and found[-1].until == len(text)


def _joint(last: Segment, before: str, covered: bool, segment: str, own: Sequence[Found], find: Find) -> str | None:
    """What stands between a text and the segment after it when they are read as one, nothing or a blank; None when they are read alone.

    covered: the text ends with something that was found already.
    """
    before, after = before[-WINDOW:], segment.lstrip()
    if last.continued:
        return next((joint for joint in ("", " ") if _crosses(before, joint, after, find)), "")
    if segment and not after:
        return " "
    body, head = before.rstrip(), after.split(" ", 1)[0]
    if _stands_apart(body, segment):
        return None
    natural = _NATURAL.fullmatch(body.rpartition(" ")[2]), _NATURAL.fullmatch(head)
    indent = len(segment) - len(after)
    whole = bool(own) and own[0].since <= indent and own[0].until >= indent + len(head)
    if whole and (covered or natural[0]):
        return None
    cut = _is_cut(last.text, segment)
    if covered and natural[1] and not cut and not body.endswith(_OPEN):
        return None
    if head == segment.rstrip() and body == before and not whole:
        return ""  # it has no blank, so it may be the middle of something
    joints = ("",) if covered or body != before else (" ",) if all(natural) and not cut else ("", " ")
    return next((joint for joint in joints if _crosses(before, joint, after, find)), None)


def _stands_apart(body: str, segment: str) -> bool:
    """Whether the look of a seam says that nothing goes over it."""
    after, tail = segment.lstrip(), body.rpartition(" ")[2]
    if not after or not tail or _RULER.fullmatch(tail) or _REPLACED.search(tail):
        return True
    if _RECORD.match(after) and not body.endswith(("=", ":")):
        return True
    return segment != after and not body.endswith(_OPEN) and not _OPTION.search(tail)


def _is_cut(last: str, segment: str) -> bool:
    """Whether a line was probably cut: at a usual width, or in a column of short pieces."""
    column = len(segment) < NARROWEST or (len(last) < NARROW and " " not in last)
    return len(last) in WIDTHS or (column and " " not in segment)


def _crosses(before: str, joint: str, after: str, find: Find) -> bool:
    """Whether something is found that begins in the one and ends in the other."""
    end = len(before)
    return any(found.since < end and found.until > end + len(joint) for found in find(before + joint + after[:WINDOW]))


def findings_of(group: Group, own: Sequence[list[Found]], find: Find) -> list[Found]:
    """What is found in a group, and in its segments alone: neither hides the other."""
    if len(group.places) == 1:
        return own[group.first]
    found = list(find(group.text))
    for number, place in enumerate(group.places, group.first):
        shift = place.start - place.indent
        found += [one._replace(start=shift + one.start, end=shift + one.end) for one in own[number]]
    merged: list[Found] = []
    for one in sorted(found, key=lambda one: (one.start, -one.end)):
        if merged and one.start < merged[-1].end:
            merged[-1] = merged[-1]._replace(end=max(one.end, merged[-1].end))
        else:
            merged.append(one)
    return merged


def distribute(group: Group, found: Sequence[Found]) -> list[list[Part]]:
    """What is shown of each segment of a group: what goes over several is shown in the first."""
    return [_placed(group.text, place, [one for one in found if one.start < place.end and one.end > place.start]) for place in group.places]


def _placed(text: str, place: Place, found: Sequence[Found]) -> list[Part]:
    parts: list[Part] = []
    at = place.start
    for one in found:
        if one.start >= place.start:
            parts += [text[at : one.start], *one.parts]
        at = min(one.end, place.end)
    return [*parts, text[at : place.end]]
