"""Subjects of commits are imperatives of at most 72 characters."""

from __future__ import annotations

import pytest

from tests.quality.commit_subject import problem


@pytest.mark.parametrize(
    "message",
    [
        "Escape label values in /metrics",
        "Move the queue\n\nIt knows no area.",
        "Embed the fonts",
        "Merge branch 'main'",
        "X" * 72,
        "\n\nEscape label values",
        "Bypass the cache of plots",
        "fixup! Escape label values",
        'Revert "Escape label values in /metrics, and whatever else stands in a subject of 72 characters"',
        "Merge the lists of formats",
    ],
)
def test_a_good_subject_is_accepted(message: str) -> None:
    assert problem(message) == ""


@pytest.mark.parametrize(
    ("message", "words"),
    [
        ("", "is empty"),
        ("X" * 73, "has 73 characters"),
        ("escape label values", "upper case"),
        ("Escaped label values", "imperative"),
        ("Escaping label values", "imperative"),
        ("The labels are escaped", "imperative"),
        ("Escape label values.", "full stop"),
        ("Escape label values\nin metrics", "blank line"),
        ("Escapes label values", "imperative"),
        ("Escape label values. ", "full stop"),
        ("Merge " + "X" * 67, "has 73 characters"),
        ("Merge both lists of formats.", "full stop"),
        ("Revert to the old order of the menu.", "full stop"),
        (" \n", "is empty"),
    ],
)
def test_a_wrong_subject_is_refused_with_the_reason(message: str, words: str) -> None:
    assert words in problem(message)
