"""Responses that a browser saves as a file."""

from __future__ import annotations

from urllib.parse import quote

from werkzeug.http import dump_options_header


def content_disposition(kind: str, name: str) -> str:
    """The header Content-Disposition; a name beyond ASCII is added in the form that browsers prefer."""
    ascii_name = "".join(letter if letter.isascii() else "_" for letter in name)
    extended = {} if ascii_name == name else {"filename*": f"UTF-8''{quote(name)}"}
    return dump_options_header(kind, {"filename": ascii_name} | extended)
