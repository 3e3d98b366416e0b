"""Texts from other machines."""

from __future__ import annotations


def one_line(text: str) -> str:
    """A text on one line, without control characters and characters that hide or reverse others."""
    return " ".join("".join(letter if letter.isprintable() or letter.isspace() else "\ufffd" for letter in text).split())
