"""Badges: a state on a page as colour, shape and word."""

from __future__ import annotations

from typing import NamedTuple


class Badge(NamedTuple):
    """A state as the macro `badge` of templates/web/icons.html draws it."""

    kind: str  # colour: ok, idle, warning, error, invalid or unsure
    icon: str  # shape: a name in templates/web/icons.html
    text: str  # the word
    meaning: str = ""  # a sentence for the legend
