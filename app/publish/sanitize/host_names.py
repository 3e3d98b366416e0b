"""Public forms of the names of machines at P5."""

from __future__ import annotations

import re

_SHORTENED = re.compile(r"dqm[a-z]*-[a-z0-9]+-\.\.|[a-z]{1,12}\.\.\d{1,3}")
_OF_P5 = re.compile(r"dqm[a-z]*-[a-z0-9]+(?:-[a-z0-9]+)+|[a-z]{1,12}-[a-z0-9]+(?:-[a-z0-9]+)*-\d{1,3}")


def shorten(host: str) -> str:
    """The name of a host as on the original mirror: dqmfu-c2b03-.. or fu..04."""
    parts = host.split("-")
    return "-".join(parts[:2]) + "-.." if host.startswith("dqm") else f"{parts[0]}..{parts[-1]}" if len(parts) > 1 else host


def is_shortened(name: str) -> bool:
    """Whether a name is such a public form."""
    return bool(_SHORTENED.fullmatch(name))


def can_be_shortened(host: str) -> bool:
    """Whether a name has the form used at P5, so that shortening it hides enough."""
    return bool(_OF_P5.fullmatch(host))
