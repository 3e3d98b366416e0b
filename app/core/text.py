"""Texts from other machines, and for people."""

from __future__ import annotations

from json import JSONDecodeError


def one_line(text: str) -> str:
    """A text on one line, without control characters and characters that hide or reverse others."""
    return " ".join("".join(letter if letter.isprintable() or letter.isspace() else "\ufffd" for letter in text).split())


def counted(number: int, noun: str) -> str:
    """A number with its noun: 1 sample, 2,000 samples."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def json_problem(error: ValueError | RecursionError) -> str:
    """What is wrong with a text that is no JSON; Python's own words are about codecs and its limits."""
    match error:
        case RecursionError():
            return "too many lists or objects within each other"
        case UnicodeDecodeError():
            return f"byte {error.start + 1} is no UTF-8"
        case JSONDecodeError():
            return str(error)
    return "a number has too many digits"
