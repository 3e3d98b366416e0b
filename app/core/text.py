"""Texts from other machines, and for people."""

from __future__ import annotations


def one_line(text: str) -> str:
    """A text on one line, without control characters and characters that hide or reverse others."""
    return " ".join("".join(letter if letter.isprintable() or letter.isspace() else "\ufffd" for letter in text).split())


def counted(number: int, noun: str) -> str:
    """A number with its noun: 1 sample, 2,000 samples."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"
