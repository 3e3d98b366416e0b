"""Secrets of channels in the answers of receivers and in errors: masked before they are stored.

Servers often repeat what they were sent, such as "Cannot POST /hooks/<secret>".
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from html import escape
from urllib.parse import parse_qsl, quote, unquote, urlsplit

MASK = "\N{HORIZONTAL ELLIPSIS}"

MIN_PART = 4
"""Shortest part of an address, or beginning of a secret at the end of a text that was cut, that is masked."""


def without_secrets(text: str, secrets: Collection[str]) -> str:
    """The text with MASK for each secret, for the parts of secret addresses behind the host, and for those in other spellings."""
    forms = sorted(set(_forms(secrets)), key=len, reverse=True)
    if not forms:
        return text
    text = re.sub("|".join(map(re.escape, forms)), MASK, text, flags=re.IGNORECASE)
    return text[: len(text) - max(_cut_off(text, form) for form in forms)]


def _forms(secrets: Iterable[str]) -> Iterator[str]:
    for secret in filter(None, secrets):
        for part in (secret, *_parts(secret)):
            yield from {part, unquote(part), quote(part), quote(part, safe=""), escape(part)}


def _parts(secret: str) -> list[str]:
    """What may be secret of an address: path and query, the names in its path, the values of its query; none of another text."""
    if "://" not in secret:
        return []
    address = urlsplit(secret)
    values = (value for pair in parse_qsl(address.query) for value in pair)
    found = [address.path, address.query, address.fragment, *address.path.split("/"), *values]
    return [part for part in found if len(part) >= MIN_PART]


def _cut_off(text: str, form: str) -> int:
    """Length of the beginning of a secret with which a text ends; 0 for none."""
    longest = min(len(form) - 1, len(text))
    return next((size for size in range(longest, MIN_PART - 1, -1) if text[-size:].lower() == form[:size].lower()), 0)
