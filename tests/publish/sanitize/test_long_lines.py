"""Hostile lines: the time grows with the size of a text, not with its square, and no half of a secret is published."""

from __future__ import annotations

import time

import pytest

from app.publish.sanitize.canonical import CUT, MAX_LINE_CHARS
from app.publish.sanitize.sanitizer import Sanitizer

SHORT, LONG = 8 << 10, 1 << 20
MAX_GROWTH = 40
"""Times the CPU time of a line of `SHORT` characters that one of `LONG` characters, 128 times as long, may take."""


def cpu_time(lines: list[str], sanitizer: Sanitizer) -> float:
    begin = time.process_time()
    sanitizer.lines(lines)
    return time.process_time() - begin


@pytest.mark.parametrize(
    "unit",
    ["é", "Ошибка", "日本", "a.ch.", "ssh -a ", "kinit ", "eyJ.", "a:b@", "git@a:b/", "connect('a',", "1.2.3.", "\ufdfa", "\\n", "%2541"],
)
def test_the_time_of_a_line_does_not_grow_with_the_square_of_its_length(sanitizer: Sanitizer, unit: str) -> None:
    short, long = (cpu_time([unit * (size // len(unit))], Sanitizer(b"key of this test")) for size in (SHORT, LONG))
    assert long < MAX_GROWTH * max(short, 0.001)


def test_many_short_lines_take_time_in_proportion_to_their_number(sanitizer: Sanitizer) -> None:
    few, many = (cpu_time(["a"] * count, Sanitizer(b"key of this test")) for count in (4_000, 32_000))
    assert many < 24 * few  # 8 in proportion, 64 by the square


def test_a_line_is_cut_before_a_word_or_a_quoted_text(sanitizer: Sanitizer) -> None:
    filling = "event 12 " * 450
    for end in ("mysecret" * 2000, "password='four words " + "and some more " * 500 + "'"):
        (line,) = sanitizer.lines([filling + end])
        assert line.endswith(CUT)
        assert len(line) <= MAX_LINE_CHARS
        assert "mysecret" not in line
        assert "four" not in line
    assert sanitizer.lines([filling.strip()]) == [filling.strip()]
