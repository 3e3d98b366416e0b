"""Links of pages whose addresses hold their whole state."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple
from urllib.parse import urlencode

from app.web.frame import href


class NavLink(NamedTuple):
    """A link in a choice of several; one of them is current."""

    label: str
    href: str
    is_current: bool


def link(path: str, query: Mapping[str, object]) -> str:
    """The URL of a path of the hub, which may have a query already, with further arguments; empty values are left out."""
    arguments = {name: value for name, value in query.items() if value not in ("", None)}
    return href(path) + (("&" if "?" in path else "?") + urlencode(arguments) if arguments else "")
