"""Blocks of several lines that are replaced as a whole: keys in PEM, and environments of processes."""

from __future__ import annotations

import re
from collections.abc import Sequence

from app.publish.sanitize.continued import redact_continuations
from app.publish.sanitize.parts import DROPPED, Parts
from app.publish.sanitize.patterns import PEM_LABEL
from app.publish.sanitize.pseudonyms import Secret

_BEGIN, _END = re.compile(rf"(?i)-----\s?BEGIN {PEM_LABEL}"), re.compile(rf"(?i)-----\s?END {PEM_LABEL}[^-]*-*")
_BODY = re.compile(r"""[\s"'>|,]*(?:[A-Za-z0-9+/=]{4,}|[A-Za-z-]+: .*)?[\s"',+]*""")
"""A line of base64, or of a header before it."""

_ASSIGNMENT = re.compile(r"\s*(?:export\s+|declare\s+-\w+\s+)?(?P<name>[A-Za-z_][\w.]*)(?:\(\)|%%)?=(?!=)")
_VARIABLE = re.compile(r"[A-Z_][A-Z0-9_]{2,}")

Blocks = dict[int, Parts]
"""The output for a line, by its number."""


def redact_blocks(lines: Sequence[str]) -> Blocks:
    """The output for all lines that belong to a block."""
    return redact_continuations(lines) | _environments(lines) | _keys(lines)


def _keys(lines: Sequence[str]) -> Blocks:
    blocks: Blocks = {}
    for number, line in enumerate(lines):
        if number in blocks:
            continue
        begin, end = _BEGIN.search(line), _END.search(line)
        if begin:
            last = _last_line(lines, number, begin.end())
            blocks |= _key(lines, number, last, line[: begin.start()])
        elif end:  # the start was cut off
            first = number
            while first and _is_body(lines[first - 1]) and first - 1 not in blocks:
                first -= 1
            blocks |= _key(lines, first, number, "" if first < number else line[: end.start()])
    return blocks


def _last_line(lines: Sequence[str], first: int, after: int) -> int:
    """The number of the last line of a key: the one with its END, or the last one of its body."""
    if _END.search(lines[first], after):
        return first
    last = first
    while last + 1 < len(lines) and not _END.search(lines[last + 1]) and _is_body(lines[last + 1]):
        last += 1
    return last + 1 if last + 1 < len(lines) and _END.search(lines[last + 1]) else last


def _is_body(line: str) -> bool:
    return bool(line.strip()) and bool(_BODY.fullmatch(line))


def _key(lines: Sequence[str], first: int, last: int, before: str) -> Blocks:
    """A key from line `first` to line `last` becomes one secret on the first line; before: text before it on that line."""
    value = "".join("".join(lines[first : last + 1]).split())
    end = _END.search(lines[last])
    after = lines[last][end.end() :] if end else ""
    blocks: Blocks = dict.fromkeys(range(first, last + 1), ())
    blocks[last] = (after,) if last > first else ()
    blocks[first] = (before, Secret("key", value[len(before) :]), after if last == first else "")
    return blocks


def _environments(lines: Sequence[str]) -> Blocks:
    """Consecutive lines with assignments, if most of them assign to names in capitals."""
    blocks: Blocks = {}
    block: list[int] = []
    for number in range(len(lines) + 1):
        if number < len(lines) and _ASSIGNMENT.match(lines[number]):
            block.append(number)
        else:
            blocks |= _environment(lines, block)
            block = []
    return blocks


def _environment(lines: Sequence[str], block: list[int]) -> Blocks:
    """The lines of an environment without their values; block: the numbers of consecutive lines with assignments."""
    matches = {number: match for number in block if (match := _ASSIGNMENT.match(lines[number]))}
    variables = sum(_VARIABLE.fullmatch(match["name"]) is not None for match in matches.values())
    if len(matches) < 2 or variables * 2 <= len(matches):
        return {}
    value = Secret("environment", "")
    dropped = {number for number, match in matches.items() if lines[number][match.end() :].strip("\"'") == DROPPED}
    blocks: Blocks = {number: (match[0], value) for number, match in matches.items() if number not in dropped}
    after = block[-1] + 1
    if after < len(lines) and lines[after - 1].rstrip().endswith("="):
        blocks[after] = (value,)
    return blocks
