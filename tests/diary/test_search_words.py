"""How a search is read, and what is wrong with one that cannot be."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

import pytest
from werkzeug.datastructures import MultiDict

from app.diary.errors import BadSearch
from app.diary.search.query import MAX_CHARS, parse
from app.diary.search.selection import JobSelection, arguments, selection_of
from tests.diary.observations import NOW


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("state:fialed", "state:fialed: state is one of unknown, pending, held, running, done, failed, cancelled, lost"),
        ("-review:x", "-review:x: review is one of open, ongoing, done"),
        ("verdict:", "A value is missing after verdict:"),
        ("user:,", "A value is missing after user:"),
        ('pixel "two words', '"two has no quotation mark'),
        ('name:"two words', 'name:"two'),
        ("pixel ---", "--- has no letter or digit"),
        ('""', "has no letter or digit"),
        ("since:yesterday", "since:yesterday is no time: right are 2d (or 90m, 12h, 1w), 2026-11-01 and 2026-11-01T12:30 in the"),
        ("until:2026-02-30", "until:2026-02-30 is no time"),
        ("since:99999999999d", "is no time"),
        ("-since:2d", "-since:2d cannot be excluded; until: is its opposite"),
        ("x" * (MAX_CHARS + 1), f"at most {MAX_CHARS} characters"),
        ("a " * 51, "at most 50 words, not 51"),
    ],
)
def test_a_search_that_cannot_be_read_names_the_word_and_what_would_be_right(text: str, words: str) -> None:
    with pytest.raises(BadSearch) as caught:
        parse(text, NOW)
    assert words in str(caught.value)


def test_times_are_counted_back_from_now_or_are_days_and_times_of_utc() -> None:
    day = datetime(2026, 11, 1, tzinfo=UTC).timestamp()
    assert parse("since:2d", NOW).since == NOW - 2 * 86_400
    assert (parse("since:90m until:1h", NOW).since, parse("since:90m until:1h", NOW).until) == (NOW - 5400, NOW - 3600)
    assert (parse("until:1w", NOW).since, parse("until:1w", NOW).until) == (None, NOW - 604_800)
    assert (parse("since:2026-11-01", NOW).since, parse("until:2026-11-01", NOW).until) == (day, day + 86_400)
    assert parse("since:2026-11-01T12:30", NOW).since == parse("until:2026-11-01T12:30", NOW).until == day + 45_000
    assert parse("since:1d since:2d until:3h until:2h", NOW) == parse("since:1d until:3h", NOW)


def test_times_that_are_extreme_are_read_without_an_error() -> None:
    for text in ("since:999999999w", "until:0001-01-01", "since:9999-12-31", "until:9999-12-31T23:59", "since:0m"):
        found = parse(text, NOW)
        assert (found.since or found.until or 0) >= 0


@pytest.mark.parametrize("args", [{}, {"q": " pixel ", "state": ["failed", "lost"], "tag": "a b", "obsolete": "1", "order": "name"}])
def test_the_address_of_a_selection_leads_to_the_same_selection(args: Mapping[str, object]) -> None:
    found = selection_of(args)
    assert selection_of(MultiDict(arguments(found))) == found
    assert arguments(selection_of(MultiDict(arguments(found)))) == arguments(found)


def test_what_is_so_by_default_is_not_in_the_address() -> None:
    assert arguments(selection_of({"q": "", "order": "newest", "obsolete": "0", "mine": "", "user": [" ", "anna", "anna"]})) == [
        ("user", "anna")
    ]
    assert selection_of({}) == JobSelection()


@pytest.mark.parametrize("name", ["mine", "obsolete"])
def test_mine_and_obsolete_are_0_or_1_and_false_is_not_taken_for_1(name: str) -> None:
    for value in ("false", "true", "no", "2"):
        with pytest.raises(BadSearch, match=f"{name}={value}: {name} is 0 or 1"):
            selection_of({name: value})
    assert selection_of({name: "0"}) == selection_of({name: ""}) == JobSelection()


@pytest.mark.parametrize(("name", "value"), [("state", "fialed"), ("verdict", "bad"), ("order", "size")])
def test_a_field_with_an_unknown_choice_is_wrong(name: str, value: str) -> None:
    with pytest.raises(BadSearch, match=f"{name}={value}: {name} is one of "):
        selection_of({name: value})
