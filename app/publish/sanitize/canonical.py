"""The canonical form of a text, plain printable ASCII, so that a secret cannot be spelled in another way.

Escapes (JSON, C, percent, HTML, also nested), terminal sequences, other forms of letters and invisible characters are
decoded or removed. The output has no backslash and no control character, so that no part of it can be decoded again.
"""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Iterable
from typing import NamedTuple

from app.publish.sanitize.secret_words import LABELS_OF_OTHER_SCRIPTS

MAX_DEPTH = 12
"""Deepest nesting of escapes; a text with deeper ones is dropped."""

MAX_LINE_CHARS = 4096
"""Longest line, in characters; longer ones are cut, because the time of some rules grows with the square of the length."""

CUT = " ..."
"""End of a line that was cut."""

_PLAIN = re.compile(r"[\t\x20-\x5b\x5d-\x7e]*+")
_ESCAPED = re.compile(r"%[0-9A-Fa-f]{2}|&[#A-Za-z]")
_LINE_BREAK = "\n"
_EQUIVALENTS = str.maketrans(
    dict.fromkeys("‘’‚", "'")
    | dict.fromkeys("“”„«»", '"')
    | dict.fromkeys("–—−‐‑", "-")
    | dict.fromkeys("µμ", "u")
    | dict.fromkeys("⁄∕", "/")
    | dict.fromkeys("։∶", ":")
    | dict.fromkeys("\r\v\f\x85\u2028\u2029", _LINE_BREAK)
    | {"ł": "l", "Ł": "L", "ø": "o", "Ø": "O", "ß": "ss", "æ": "ae", "œ": "oe", "đ": "d", "ð": "d", "þ": "th", "ı": "i"}
    | {"×": "x", "±": "+-", "°": " deg", "·": ".", "•": "*", "\t": " ", "\x9b": "\x1b[", "␛": "\x1b"}
)
"""Characters that look like others, or that separate lines."""

_LABEL_OF_OTHER_SCRIPT = re.compile(LABELS_OF_OTHER_SCRIPTS, re.IGNORECASE)
_WORD = re.compile(r"\w++")
_LATIN = re.compile(r"[A-Za-z]")
_LOOK_ALIKES = str.maketrans("аеорсухіјѕԁһӏкмАВЕКМНОРСТХІЈЅαογικνρυχΑΒΕΖΗΙΚΜΝΟΡΤΥΧ", "aeopcyxijsdhlkmABEKMHOPCTXIJSaoyiknpuxABEZHIKMNOPTYX")
"""Cyrillic and Greek letters in a word with Latin ones."""

_TERMINAL = re.compile(
    r"(?:\x1b|\^\[)(?:\[[0-?]{0,64}+[ -/]{0,8}+[@-~]|\][^\x07\x1b\n]{0,512}+(?:\x07|\x1b\\)?|[ -/]{1,2}+[0-~]|[@-Z\\-_])"
)
_INVISIBLE = re.compile(r"[^\n\x20-\x7e]++")
_BACKSLASH = re.compile(
    r"""\\(?:(?P<code_point>u\{0{0,8}+[0-9A-Fa-f]{1,6}\}|u+[0-9A-Fa-f]{4}|U[0-9A-Fa-f]{8}|x\{?[0-9A-Fa-f]{2}\}?)"""
    r"""|(?P<octal>[0-3]?[0-7]{2}|0)|(?P<character>["'/])|(?P<backslashes>\\+)|(?P<line_break>[nr])|(?P<tab>t)|(?P<escape>e(?=\[)))"""
)
_WINDOWS_PATH = re.compile(
    r"(?<![A-Za-z0-9])(?P<drive>[A-Za-z]):(?=\\+(?:(?i:users|documents|home|temp|tmp|windows|program|nfs|root|work|data)\b|[^nrtuUx0-9\W]))"
    r"(?P<path>\\{1,8}[\w.$~-]+(?:(?: [\w.$~-]+)*\\{1,8}[\w.$~-]+)+)"
)
"""A drive and folders. A name that begins as an escape, as in `X:\\new`, is only one if folders of that name are usual."""

_WINDOWS_SHARE = re.compile(r"(?<![\w:\\])\\{2,4}(?=[a-mo-qsvwyzA-Z])(?P<path>[\w.-]+\\{1,2}[\w.$-]+(?:\\{1,2}[\w.$-]+)*)")
_WINDOWS_ACCOUNT = re.compile(
    r"(?<![\w\\/.:-])(?P<domain>(?i:cern|fnal|desy|infn|corp|workgroup)|[A-Z][A-Z0-9-]{1,14}(?=\\{1,2}[^nrtuUxe0-9\\]))"
    r"\\{1,2}(?P<user>[A-Za-z][\w.$-]{1,30})(?![\w\\])"
)
"""DOMAIN\\user."""

_PERCENT = re.compile(r"%([0-9A-Fa-f]{2})")

_ESCAPE_CHARACTER = r"(?:\x1b|\\(?:u001[bB]|x1[bB]|033))"
_CUT_ESCAPE = re.compile(
    rf"(?:{_ESCAPE_CHARACTER}(?:\[[0-9;]{{0,10}})?|%[0-9A-Fa-f]?|\\(?:u[0-9A-Fa-f]{{0,3}}|x[0-9A-Fa-f]?|[0-3][0-7]?)?"
    r"|&(?:#[xX]?[0-9A-Fa-f]{0,6}|[A-Za-z]{0,7}))\Z"
)
"""The start of an escape at the end of a line."""

_ESCAPE = re.compile(
    rf"{_ESCAPE_CHARACTER}\[[0-9;]*[A-Za-z]|%[2-7][0-9A-Fa-f]|\\(?:u[0-9A-Fa-f]{{4}}|x[0-9A-Fa-f]{{2}}|[0-3][0-7]{{2}})|&(?:#[xX]?[0-9A-Fa-f]{{1,6}}|[A-Za-z]{{2,8}});"
)
_MAX_ESCAPE_LENGTH = 20


class Segment(NamedTuple):
    """A part of a line between line breaks, including escaped ones."""

    text: str
    continued: bool  # it ended with a backslash: the next segment continues it


def cut(line: str) -> str:
    """A line that is too long without its last words; no word and no quoted text is cut, since half a secret might not be found."""
    if len(line) <= MAX_LINE_CHARS:
        return line
    kept = line[: MAX_LINE_CHARS - len(CUT)]
    kept = kept[: kept.rfind(" ") + 1]
    for quote in "\"'":
        kept = kept[: kept.rfind(quote)] if kept.count(quote) % 2 else kept
    return f"{kept.rstrip()}{CUT}"


def rejoin_escapes(lines: Iterable[str]) -> list[str]:
    """Lines without their ends. An escape cut by a line end moves to the second line, if either line contains another escape."""
    whole: list[str] = []
    for line in lines:
        line = line.rstrip("\r\n")
        cut = _CUT_ESCAPE.search(whole[-1], max(0, len(whole[-1]) - _MAX_ESCAPE_LENGTH)) if whole else None
        if cut:
            escape = _ESCAPE.match(cut[0] + line)
            if escape and escape.end() > len(cut[0]) and (_ESCAPE.search(whole[-1]) or _ESCAPE.search(line)):
                whole[-1], line = whole[-1][: cut.start()], cut[0] + line
        whole.append(line)
    return whole


def segments(text: str) -> list[Segment] | None:
    """The segments of a text in canonical form; None: escapes are nested too deep."""
    if not (_PLAIN.fullmatch(text) and not _ESCAPED.search(text)):
        decoded = _decode(text)
        if decoded is None:
            return None
        text = decoded
    pieces = map(cut, text.replace("\t", " ").split(_LINE_BREAK))  # what is decoded may be longer
    return [Segment(piece.rstrip("\\").replace("\\", "/"), piece.endswith("\\")) for piece in pieces]


def _decode(text: str) -> str | None:
    for _ in range(MAX_DEPTH):
        before = text
        text = _visible(text)
        text = _without_windows(text) if "\\" in text else text
        text = _BACKSLASH.sub(_unescape, text)
        text = _PERCENT.sub(lambda found: chr(int(found[1], 16)) if int(found[1], 16) < 128 else found[0], text)
        text = html.unescape(text) if "&" in text else text
        if text == before:
            return text
    return None


def _visible(text: str) -> str:
    """A text without colours, accents and invisible characters."""
    text = _TERMINAL.sub("", text.translate(_EQUIVALENTS))
    if not text.isascii():
        text = _LABEL_OF_OTHER_SCRIPT.sub("password", unicodedata.normalize("NFC", text))
        text = _WORD.sub(lambda word: word[0].translate(_LOOK_ALIKES) if _LATIN.search(word[0]) else word[0], text)
        text = unicodedata.normalize("NFKD", text).translate(_EQUIVALENTS)
    return _INVISIBLE.sub("", text)


def _without_windows(text: str) -> str:
    """A text with slashes in paths of Windows, which would otherwise be read as escapes; `DOMAIN user=name` for accounts."""
    text = _WINDOWS_PATH.sub(lambda found: f"{found['drive']}:{_slashes(found['path'])}", text)
    text = _WINDOWS_SHARE.sub(lambda found: f"//{_slashes(found['path'])}", text)
    return _WINDOWS_ACCOUNT.sub(r"\g<domain> user=\g<user>", text)


def _slashes(path: str) -> str:
    return re.sub(r"\\+", "/", path).replace(" ", "_")


def _unescape(escape: re.Match[str]) -> str:
    """The character of an escape with a backslash; "" for an invalid code point."""
    if code := escape["code_point"]:
        point = int(code.lstrip("uUx").strip("{}"), 16)
        return chr(point) if point < 0x110000 and not 0xD800 <= point < 0xE000 else ""
    if escape["octal"]:
        return chr(int(escape["octal"], 8))
    if escape["backslashes"]:
        return "\\"
    if escape["line_break"]:
        return _LINE_BREAK
    return escape["character"] or (" " if escape["tab"] else "\x1b")
