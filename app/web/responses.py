"""The response class of the application: every text of it can be sent."""

from __future__ import annotations

import re

from flask import Response

_SURROGATE = re.compile("[\ud800-\udfff]")


def encode_text(text: str) -> bytes:
    """A text as UTF-8. Lone surrogates, which JSON from other machines can contain, become the replacement character."""
    try:
        return text.encode()
    except UnicodeEncodeError:
        return _SURROGATE.sub("\ufffd", text).encode()


class ContentResponse(Response):
    """A response whose text may contain lone surrogates; for all responses with content that are not made by Flask itself."""

    def set_data(self, value: bytes | str) -> None:
        """Set the content."""
        super().set_data(encode_text(value) if isinstance(value, str) else value)
