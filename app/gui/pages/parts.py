"""The part of a long list that a request shows: its beginning, or more of it on demand."""

from __future__ import annotations

from flask import request

from app.web.arguments import parse_int

MAX_SHOWN = 2000
"""Most items of a list that is shown again as long as it was."""

LARGEST_START = 10**8 - 1
"""Greatest number of the first item in an address."""


def requested_part(size: int) -> tuple[int, int]:
    """The first item of the list and the end of the part: `from=` asks for the `size` items after that number, `upto=` for all up to one.

    static/gui/long_lists.js sends the latter when a page with more than `size` items is loaded again.
    """
    start = parse_int(request.args.get("from", "0"), LARGEST_START) or 0
    shown = parse_int(request.args.get("upto", "0"), LARGEST_START) or 0
    return start, max(start + size, min(shown, MAX_SHOWN))
