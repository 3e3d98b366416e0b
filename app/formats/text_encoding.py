"""Texts in files: UTF-8, or Latin-1 from older software."""

from __future__ import annotations


def decode_text(data: bytes) -> str:
    """Decode a text as UTF-8 or, if it is not valid UTF-8, as Latin-1."""
    try:
        return data.decode()
    except UnicodeDecodeError:
        return data.decode("latin-1")


def to_utf8(name: bytes) -> bytes:
    """A name in UTF-8: unchanged, or converted from Latin-1."""
    return name if name.isascii() else decode_text(name).encode()
