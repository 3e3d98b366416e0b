"""Regular expressions that users type: compiled by re2, whose time is linear in the text, and bounded in memory."""

from __future__ import annotations

import re
from typing import Any

import re2

MAX_PATTERN_CHARS = 200
"""Characters of a regular expression."""

PATTERN_BYTES = 1 << 20
"""Memory of a compiled regular expression; a larger one is refused."""

_ANCHORS = {r"\A": "^", r"\z": "$"}


class InvalidPattern(ValueError):
    """A text that is no usable regular expression; the argument says why."""


def compile_pattern(source: bytes, *, within_lines: bool = False) -> Any:
    """A case-insensitive regular expression for bytes.

    Args:
        within_lines: Whether ^ and $ are the ends of a line, and a match is within one line.

    Raises:
        InvalidPattern: It is wrong, or its program takes more than PATTERN_BYTES.
    """
    options = re2.Options()
    options.case_sensitive = False
    options.log_errors = False
    options.never_nl = within_lines
    options.max_mem = PATTERN_BYTES
    beginning = b"(?m)" if within_lines else b""
    try:
        return re2.compile(beginning + source, options)
    except re2.error as error:
        raise InvalidPattern(error.args[0].decode(errors="replace").replace("(?m)", "")) from None
    finally:
        re2.purge()  # re2 would keep the programs of 128 expressions, with what they took to search, after the request


def compile_for_lines(source: str) -> Any:
    """A regular expression for a text of lines, which matches each line as `compile_pattern` matches a text. Raises InvalidPattern."""
    of_lines = re.sub(r"\\.", lambda escape: _ANCHORS.get(escape[0], escape[0]), source, flags=re.DOTALL)
    return compile_pattern(of_lines.encode("utf-8", "replace"), within_lines=True)
