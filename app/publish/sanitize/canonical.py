"""A text as plain printable ASCII, so that what is looked for cannot be spelled in another way.

Undone are escapes (JSON, C, percent, HTML, each within another), sequences of terminals, other forms of letters, and
signs that nobody sees. What comes out has no backslash and no control character: nothing is left to be unfolded later.
"""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Iterable
from typing import NamedTuple

ROUNDS = 12
"""How deep escapes may be nested; who nests them deeper hides something."""

_PLAIN = re.compile(r"[\t\x20-\x5b\x5d-\x7e]*+")
_ESCAPED = re.compile(r"%[0-9A-Fa-f]{2}|&[#A-Za-z]")
_BREAK = "\n"
_SIGNS = str.maketrans({
    "‘": "'", "’": "'", "‚": "'", "“": '"', "”": '"', "„": '"', "«": '"', "»": '"', "–": "-", "—": "-", "−": "-", "‐": "-", "‑": "-",
    "µ": "u", "μ": "u", "×": "x", "±": "+-", "°": " deg", "·": ".", "•": "*", "⁄": "/", "∕": "/", "։": ":", "∶": ":",
    "\r": _BREAK, "\v": _BREAK, "\f": _BREAK, "\x85": _BREAK, "\u2028": _BREAK, "\u2029": _BREAK, "\t": " ", "\x9b": "\x1b[", "␛": "\x1b",
})  # fmt: skip
_TERMINAL = re.compile(
    r"(?:\x1b|\^\[)(?:\[[0-?]{0,64}+[ -/]{0,8}+[@-~]|\][^\x07\x1b\n]{0,512}+(?:\x07|\x1b\\)?|[ -/]{1,2}+[0-~]|[@-Z\\-_])"
)
_UNSEEN = re.compile(r"[^\n\x20-\x7e]++")
_BACKSLASH = re.compile(
    r"""\\(?:(?P<u>u\{0{0,8}+[0-9A-Fa-f]{1,6}\}|u+[0-9A-Fa-f]{4}|U[0-9A-Fa-f]{8}|x\{?[0-9A-Fa-f]{2}\}?)|(?P<o>[0-3]?[0-7]{2}|0)|(?P<c>["'/])|(?P<b>\\+)|(?P<n>[nr])|(?P<t>t)|(?P<e>e(?=\[)))"""
)
_PERCENT = re.compile(r"%([0-9A-Fa-f]{2})")


_ESC = r"(?:\x1b|\\(?:u001[bB]|x1[bB]|033))"
_BROKEN = re.compile(
    rf"(?:{_ESC}(?:\[[0-9;]{{0,10}})?|%[0-9A-Fa-f]?|\\(?:u[0-9A-Fa-f]{{0,3}}|x[0-9A-Fa-f]?|[0-3][0-7]?)?"
    r"|&(?:#[xX]?[0-9A-Fa-f]{0,6}|[A-Za-z]{0,7}))\Z"
)
"""The beginning of an escape, at the end of a line."""

_ESCAPE = re.compile(
    rf"{_ESC}\[[0-9;]*[A-Za-z]|%[2-7][0-9A-Fa-f]|\\(?:u[0-9A-Fa-f]{{4}}|x[0-9A-Fa-f]{{2}}|[0-3][0-7]{{2}})|&(?:#[xX]?[0-9A-Fa-f]{{1,6}}|[A-Za-z]{{2,8}});"
)
_LONGEST = 20
"""Characters of an escape."""


class Segment(NamedTuple):
    """A piece of a text without a break. continued: a backslash at its end says that the next one belongs to it."""

    text: str
    continued: bool


def rejoin_escapes(lines: Iterable[str]) -> list[str]:
    """Lines without their ends; an escape that is cut goes to the second of its lines, when either has another one."""
    whole: list[str] = []
    for line in lines:
        line = line.rstrip("\r\n")
        broken = _BROKEN.search(whole[-1], max(0, len(whole[-1]) - _LONGEST)) if whole else None
        if broken:
            escape = _ESCAPE.match(broken[0] + line)
            if escape and escape.end() > len(broken[0]) and (_ESCAPE.search(whole[-1]) or _ESCAPE.search(line)):
                whole[-1], line = whole[-1][: broken.start()], broken[0] + line
        whole.append(line)
    return whole


def segments(text: str) -> list[Segment] | None:
    """The pieces of a text between its line ends, written and escaped ones alike; None when its escapes are nested too deep."""
    if not (_PLAIN.fullmatch(text) and not _ESCAPED.search(text)):
        unfolded = _unfold(text)
        if unfolded is None:
            return None
        text = unfolded
    pieces = text.replace("\t", " ").split(_BREAK)
    return [Segment(piece.rstrip("\\").replace("\\", "/"), piece.endswith("\\")) for piece in pieces]


def _unfold(text: str) -> str | None:
    for _ in range(ROUNDS):
        before = text
        text = _seen(text)
        text = _BACKSLASH.sub(_letter, text)
        text = _PERCENT.sub(lambda found: chr(int(found[1], 16)) if int(found[1], 16) < 128 else found[0], text)
        text = html.unescape(text) if "&" in text else text
        if text == before:
            return text
    return None


def _seen(text: str) -> str:
    """What a reader sees of a text: no colours, no accents, nothing of no width."""
    text = _TERMINAL.sub("", text.translate(_SIGNS))
    if not text.isascii():
        text = unicodedata.normalize("NFKD", text).translate(_SIGNS)
    return _UNSEEN.sub("", text)


def _letter(found: re.Match[str]) -> str:
    if code := found["u"]:
        point = int(code.lstrip("uUx").strip("{}"), 16)
        return chr(point) if point < 0x110000 and not 0xD800 <= point < 0xE000 else ""
    if found["o"]:
        return chr(int(found["o"], 8))
    if found["b"]:
        return "\\"
    return found["c"] or {"n": _BREAK, "t": " ", "e": "\x1b"}[(found["n"] and "n") or (found["t"] or "e")]
