"""Titles of trends as plain text: those of configurations may hold HTML."""

from __future__ import annotations

import re
from functools import lru_cache
from html import unescape

_TAG = re.compile(r"</?[a-zA-Z][^<>]*>|<!--.*?-->", re.DOTALL)
_BLANKS = re.compile(r"\s+")


@lru_cache(10_000)
def plain_title(title: str) -> str:
    """A title without tags and entities: `p<sub>T</sub> &lt; 5` becomes `pT < 5`."""
    return _BLANKS.sub(" ", unescape(_TAG.sub("", title))).strip()
