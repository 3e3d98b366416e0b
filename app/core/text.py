"""Texts that come from other machines."""

from __future__ import annotations


def one_line(text: str) -> str:
    """A text on one line, without characters that reverse, hide or control others."""
    return " ".join("".join(letter if letter.isprintable() or letter.isspace() else "\ufffd" for letter in text).split())
