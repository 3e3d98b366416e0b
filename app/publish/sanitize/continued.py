"""Secrets that continue on the next lines: folded headers of HTTP, and values below their label."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import re2

from app.publish.sanitize.line_joining import CUT_WIDTHS
from app.publish.sanitize.parts import Parts, is_pseudonym
from app.publish.sanitize.pseudonyms import Secret
from app.publish.sanitize.secret_words import COPULAS, PASSWORDS, SECRET_WORDS, STATES

_HEADER = re2.compile(
    r"""(?i)(?P<quote>["']?)\b(?:(?:proxy-)?authorization|(?:set-)?cookie|x-[a-z-]*(?:token|key|auth|secret)[a-z-]*)["']?\s*[:=](?P<value>.*)"""
)
_TOKEN_ALONE = re2.compile(r"[A-Za-z0-9+/=._~-]*[0-9A-Z+/=~][A-Za-z0-9+/=._~-]{8,}|[A-Za-z0-9+/=._~-]{8,}[0-9A-Z+/=~]|[a-z._-]{16,}")
"""A line that only a token would fill."""

_NAME = re2.compile(rf"""(?i).*\b(?:name|key)["']?\s*[:=]\s*["']?[\w.-]*(?:{SECRET_WORDS})[\w-]*["']?[,;]?\s*""")
_VALUE = re2.compile(r"""(?i)(?P<label>[\s{-]*["']?value["']?\s*[:=]\s*["']?)(?P<value>[^"',}]+)(?P<rest>.*)""")
_BLOCK = re2.compile(rf"(?i)(?P<indent>[\s-]*)[\"']?[\w.-]*(?:{SECRET_WORDS})[\w-]*[\"']?\s*:\s*[|>][+-]?\d?\s*")
_SENTENCE = re2.compile(rf"(?i).*\b(?:{PASSWORDS})\s+{COPULAS}\s*:?\s*")
_FORM_FIELD = re2.compile(rf"(?i)\s*content-disposition:.*\bname=[\"']?[\w.-]*(?:{PASSWORDS}|token)[\w-]*[\"']?\s*")

_LABEL = re2.compile(rf"(?i)(?:authorization|cookie|x-|{SECRET_WORDS})")
"""What all these labels contain, and few lines of a log."""

Blocks = dict[int, Parts]
"""The output for a line, by its number."""


def redact_continuations(lines: Sequence[str]) -> Blocks:
    """The output for the lines that continue a secret of a line before them."""
    blocks: Blocks = {}
    for number, line in enumerate(lines[:-1]):
        if number in blocks or not _LABEL.search(line):
            continue
        if header := _HEADER.search(line):
            blocks |= _folded(lines, number, header)
        elif _NAME.fullmatch(line) and (value := _VALUE.fullmatch(lines[number + 1])):
            blocks[number + 1] = (value["label"], *_token(value["value"]), value["rest"])
        elif block := _BLOCK.fullmatch(line):
            blocks |= _indented(lines, number + 1, len(block["indent"]))
        elif _SENTENCE.fullmatch(line) and len(lines[number + 1].split()) == 1 and lines[number + 1].strip(" .").lower() not in STATES:
            blocks[number + 1] = _token(lines[number + 1])
        elif _FORM_FIELD.fullmatch(line):
            value_at = next((at for at in range(number + 1, min(number + 4, len(lines))) if lines[at].strip()), None)
            blocks |= {value_at: _token(lines[value_at])} if value_at else {}
    return blocks


def _folded(lines: Sequence[str], number: int, header: Any) -> Blocks:
    """The lines after a header that belong to it: indented, after a comma or a semicolon, cut by a width, or a token alone."""
    blocks: Blocks = {}
    quote = header["quote"] or _open_quote(lines[number][: header.start()])
    is_open = bool(quote) and quote not in header["value"]
    for at in range(number + 1, len(lines)):
        last, line = lines[at - 1], lines[at]
        end = line.find(quote) if is_open else -1
        if not line.strip() or not (
            is_open or line[0] == " " or last.rstrip().endswith((",", ";")) or len(last) in CUT_WIDTHS or _TOKEN_ALONE.fullmatch(line)
        ):
            break
        value, rest = (line[:end], line[end:]) if end >= 0 else (line, "")
        blocks[at] = (*_token(value), rest)
        if end >= 0:
            break
    return blocks


def _open_quote(text: str) -> str:
    """The quote that a text opens at its end."""
    return text[-1:] if text.endswith(("'", '"')) else ""


def _indented(lines: Sequence[str], first: int, indent: int) -> Blocks:
    """The lines from `first` on that are indented deeper."""
    blocks: Blocks = {}
    for at in range(first, len(lines)):
        if len(lines[at]) - len(lines[at].lstrip()) <= indent:
            break
        blocks[at] = _token(lines[at])
    return blocks


def _token(text: str) -> Parts:
    """A text as one secret, without the blanks around it; unchanged if it is a pseudonym."""
    plain = text.strip()
    before, after = text.partition(plain)[::2] if plain else (text, "")
    return (before, plain if not plain or is_pseudonym(plain) else Secret("token", plain), after)
