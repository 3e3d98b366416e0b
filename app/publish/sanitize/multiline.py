"""What takes several lines of a log as a whole: keys in PEM, and the environment of a process."""

from __future__ import annotations

import re
from collections.abc import Sequence

from app.publish.sanitize.patterns import PEM
from app.publish.sanitize.pseudonyms import Secret
from app.publish.sanitize.replacements import DROPPED, Part

_BEGIN, _END = re.compile(rf"(?i)-----\s?BEGIN {PEM}"), re.compile(rf"(?i)-----\s?END {PEM}[^-]*-*")
_BODY = re.compile(r"""[\s"'>|,]*(?:[A-Za-z0-9+/=]{4,}|[A-Za-z-]+: .*)?[\s"',+]*""")
"""A line of base64, or of a header before it."""

_ASSIGNMENT = re.compile(r"\s*(?:export\s+|declare\s+-\w+\s+)?(?P<name>[A-Za-z_][\w.]*)(?:\(\)|%%)?=(?!=)")
_VARIABLE = re.compile(r"[A-Z_][A-Z0-9_]{2,}")

Hidden = dict[int, tuple[Part, ...]]
"""What is shown in the place of a line, by its number."""


def redact_blocks(lines: Sequence[str]) -> Hidden:
    """The lines that belong to such a block."""
    return _environments(lines) | _keys(lines)


def _keys(lines: Sequence[str]) -> Hidden:
    found: Hidden = {}
    for number, line in enumerate(lines):
        if number in found:
            continue
        begin, end = _BEGIN.search(line), _END.search(line)
        if begin:
            last = _last(lines, number, begin.end())
            found |= _key(lines, number, last, line[: begin.start()])
        elif end:  # its beginning was cut off
            first = number
            while first and _is_body(lines[first - 1]) and first - 1 not in found:
                first -= 1
            found |= _key(lines, first, number, "" if first < number else line[: end.start()])
    return found


def _last(lines: Sequence[str], first: int, after: int) -> int:
    """The number of the last line of a key: where it ends, or where its lines do."""
    if _END.search(lines[first], after):
        return first
    last = first
    while last + 1 < len(lines) and not _END.search(lines[last + 1]) and _is_body(lines[last + 1]):
        last += 1
    return last + 1 if last + 1 < len(lines) and _END.search(lines[last + 1]) else last


def _is_body(line: str) -> bool:
    return bool(line.strip()) and bool(_BODY.fullmatch(line))


def _key(lines: Sequence[str], first: int, last: int, before: str) -> Hidden:
    value = "".join("".join(lines[first : last + 1]).split())
    end = _END.search(lines[last])
    after = lines[last][end.end() :] if end else ""
    shown: Hidden = dict.fromkeys(range(first, last + 1), ())
    shown[last] = (after,) if last > first else ()
    shown[first] = (before, Secret("key", value[len(before) :]), after if last == first else "")
    return shown


def _environments(lines: Sequence[str]) -> Hidden:
    """Assignments in lines one after the other, when one of them is to a name in capitals."""
    found: Hidden = {}
    block: list[int] = []
    for number in range(len(lines) + 1):
        if number < len(lines) and _ASSIGNMENT.match(lines[number]):
            block.append(number)
            continue
        matches = {one: _ASSIGNMENT.match(lines[one]) for one in block}
        if len(block) > 1 and any(match and _VARIABLE.fullmatch(match["name"]) for match in matches.values()):
            found |= {
                one: (match[0], Secret("environment", ""))
                for one, match in matches.items()
                if match and lines[one][match.end() :].strip("\"'") != DROPPED
            }
            if number < len(lines) and lines[number - 1].rstrip().endswith("="):
                found[number] = (Secret("environment", ""),)
        block = []
    return found
