"""Fields of addresses: a wrong one is left out and named, and the others stay."""

from __future__ import annotations

import pytest

from app.web.fields import LONGEST_SHOWN, MAX_SUGGESTIONS, FieldProblem, Fields


def test_values_are_those_of_the_query_without_blanks_at_their_ends() -> None:
    fields = Fields("name=+p_T%20&series=a&series=b&series=&empty=", lists=("series",))
    assert fields.text("name") == "p_T"
    assert fields.values("series") == ["a", "b"]
    assert (fields.text("empty"), fields.text("absent")) == ("", "")
    assert fields.problems == []


def test_a_repeated_field_with_one_value_is_that_value_and_with_several_is_left_out() -> None:
    fields = Fields("a=1&a=1&b=1&b=2&c=0&c=1", switches=("c",))
    assert (fields.whole("a", 9, 0, 9), fields.whole("b", 9, 0, 9)) == (1, 9)
    assert fields.switch("c"), "a form sends 0 before the 1 of a checked box"
    assert fields.problems == [FieldProblem("b", "2", "it is there more than once, with different values")]


@pytest.mark.parametrize("value", ["x", "-1", "10", "1.5", "٣", "1e3", "9" * 5000])
def test_a_wrong_number_is_the_usual_one_and_named(value: str) -> None:
    fields = Fields(f"n={value}")
    assert fields.whole("n", 5, 1, 9) == 5
    assert fields.problems == [FieldProblem("n", value[:LONGEST_SHOWN], "expected a whole number from 1 to 9")]


@pytest.mark.parametrize("value", ["a" * (LONGEST_SHOWN + 1), "a%0Ab", "a%E2%80%AEb", "%FF%00"])
def test_a_text_that_is_too_long_or_cannot_be_printed_is_left_out(value: str) -> None:
    fields = Fields(f"t={value}")
    assert fields.text("t") == ""
    assert [problem.name for problem in fields.problems] == ["t"]


def test_an_unknown_field_is_named_with_the_nearest_known_one() -> None:
    fields = Fields("serch=a&zzz=1&nothing=")
    fields.refuse_unknown(("search", "page"), "pages of trends")
    assert fields.problems == [
        FieldProblem("serch", "a", "pages of trends have no such field; did you mean search?"),
        FieldProblem("zzz", "1", "pages of trends have no such field"),
    ]


def test_many_unknown_fields_are_all_named_but_few_are_compared_with_known_ones() -> None:
    fields = Fields("&".join(f"serch{number}=1" for number in range(2000)))
    fields.refuse_unknown(("search",), "pages of trends")
    assert len(fields.problems) == 2000
    assert sum("did you mean" in each.problem for each in fields.problems) == MAX_SUGGESTIONS


def test_what_a_parser_refuses_is_named_in_its_words() -> None:
    fields = Fields("number=x")
    assert fields.parsed("number", int, 3) == 3
    assert "invalid literal" in fields.problems[0].problem
