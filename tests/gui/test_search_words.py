"""The search language finds what a plain reading of the same terms finds, and says what is wrong with a search."""

from __future__ import annotations

import gc
import re
import tracemalloc
from collections import Counter
from itertools import product
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.formats import Columns, Kind, MENames
from app.gui import search_terms
from app.gui.errors import InvalidInput
from app.gui.quality import STATUS_CODES
from app.gui.search_terms import Lists, find_matches
from app.gui.search_words import CLASS_NAMES, parse_search, search_of_pattern

ALL = 10**6


class PlainME(NamedTuple):
    """A monitor element as the tests read it."""

    path: str
    kind: Kind
    status: int


def lists(mes: list[PlainME]) -> Lists:
    """The same monitor elements as the product keeps them."""
    zeros = [0] * len(mes)
    columns = [zeros, zeros, zeros, zeros, [me.kind for me in mes], [me.status for me in mes], zeros, zeros, zeros]
    return Lists(MENames(me.path.encode() for me in mes), Columns(columns))


def found(search: str, mes: list[PlainME], limit: int = ALL) -> list[PlainME]:
    return [mes[index] for index in find_matches(parse_search(search), lists(mes), limit)]


def paths(search: str, *names: str) -> list[str]:
    return [me.path for me in found(search, [PlainME(name, Kind.TH1F, 0) for name in sorted(names)])]


PART = st.text(alphabet='abAB 0-"/:._\né', min_size=1, max_size=6).map(lambda part: part.strip("/") or "x")
KINDS = [Kind.INT, Kind.STRING, Kind.TH1F, Kind.TH1D, Kind.TH2F, Kind.TPROFILE, Kind.TPROFILE2D]
MES = st.lists(
    st.builds(
        PlainME, st.lists(PART, min_size=1, max_size=3).map("/".join), st.sampled_from(KINDS), st.sampled_from([*STATUS_CODES.values()])
    ),
    max_size=25,
    unique_by=lambda me: me.path.encode(),
).map(lambda mes: sorted(mes, key=lambda me: me.path.encode()))

TEXTS = st.text(alphabet='abAB0-/:._"é ', min_size=1, max_size=3)
WORDS = TEXTS.filter(lambda text: not re.search(r'\s|^-|^["/]|^(status|class):', text))
PHRASES = TEXTS.filter(lambda text: not re.search(r'"(\s|$)', text))
PATTERNS = st.sampled_from(
    ["a", "^a", "b$", "a.*b", "[^a]b", "x*", "a|0$", r"\.", r"^[ab]+/", r"\Aa", r"b\z", "(a|b){2}", r"\ba", " ", "é"]
)


def lower(text: str) -> str:
    """As the product folds upper and lower case in words: ASCII alone."""
    return text.encode().lower().decode()


def matches_pattern(pattern: str, path: str) -> bool:
    of_python = pattern.replace(r"\z", r"\Z").replace("$", r"\Z")
    return re.search(of_python, path.replace("\n", " "), re.IGNORECASE | re.ASCII) is not None


class PlainTerm(NamedTuple):
    """A term as a user types it, and what it means."""

    typed: str
    matches: object  # a function of a PlainME


def plain_term(kind: str, value: str) -> PlainTerm:
    if kind == "status":
        return PlainTerm(f"status:{value}", lambda me: me.status == STATUS_CODES[value])
    if kind == "class":
        return PlainTerm(f"class:{value}", lambda me: me.kind.name.lower() == value.lower())
    if kind == "pattern":
        return PlainTerm(f"/{value}/", lambda me: matches_pattern(value, me.path))
    return PlainTerm(f'"{value}"' if kind == "phrase" else value, lambda me: lower(value) in lower(me.path))


TERMS = st.one_of(
    st.builds(plain_term, st.just("word"), WORDS),
    st.builds(plain_term, st.just("phrase"), PHRASES),
    st.builds(plain_term, st.just("pattern"), PATTERNS),
    st.builds(plain_term, st.just("status"), st.sampled_from([*STATUS_CODES])),
    st.builds(plain_term, st.just("class"), st.sampled_from([CLASS_NAMES[kind] for kind in KINDS])),
)


@given(MES, st.lists(st.tuples(TERMS, st.booleans()), min_size=1, max_size=4), st.sampled_from([" ", "  ", "\t"]), st.integers(1, 30))
def test_a_search_finds_the_mes_that_match_every_term(
    mes: list[PlainME], terms: list[tuple[PlainTerm, bool]], blank: str, limit: int
) -> None:
    search = blank.join(("-" if excluded else "") + term.typed for term, excluded in terms)
    expected = [me for me in mes if all(bool(term.matches(me)) != excluded for term, excluded in terms)]
    assert found(search, mes, limit) == expected[:limit]


@given(MES, st.lists(WORDS, max_size=3))
def test_words_alone_find_what_they_always_found(mes: list[PlainME], words: list[str]) -> None:
    assert found(" ".join(words), mes) == [me for me in mes if all(lower(word) in lower(me.path) for word in words)]


@given(st.text(max_size=600))
def test_every_text_is_a_search_or_gets_a_sentence(text: str) -> None:
    problem = problem_of(text)
    assert problem is None or re.fullmatch(r".+\.", problem, re.DOTALL)


def problem_of(search: str) -> str | None:
    try:
        parse_search(search)
    except InvalidInput as error:
        return dict(error.fields)["q"]
    return None


@pytest.mark.parametrize(
    ("search", "expected"),
    [
        ("eb02 TIMING", ["EB/timing EB02"]),
        ('"timing EB02"', ["EB/timing EB02"]),
        ('"EB02 timing"', []),
        ("eb -timing", ["EB/occupancy", "EB/status:error"]),
        ('-"timing EB"', ["EB/occupancy", "EB/status:error", "HB/x-y"]),
        ("/eb0[12]$/", ["EB/timing EB01", "EB/timing EB02"]),
        ("/timing EB/ -/2$/", ["EB/timing EB01"]),
        ("/^hb\\/x/", ["HB/x-y"]),
        ("-/^E/", ["HB/x-y"]),
        ("x-y", ["HB/x-y"]),
        ('"status:error"', ["EB/status:error"]),
        ("-", ["HB/x-y"]),
    ],
)
def test_examples_of_the_help(search: str, expected: list[str]) -> None:
    assert paths(search, "EB/timing EB01", "EB/timing EB02", "EB/occupancy", "EB/status:error", "HB/x-y") == expected


@pytest.mark.parametrize(
    ("search", "kinds"),
    [
        ("class:th2f", {Kind.TH2F}),
        ("CLASS:TH2", {Kind.TH2F, Kind.TH2S, Kind.TH2D, Kind.TH2I, Kind.TH2POLY}),
        ("class:TProfile", {Kind.TPROFILE}),
        ("class:tprof", {Kind.TPROFILE, Kind.TPROFILE2D}),
        ("class:int,string", {Kind.INT, Kind.STRING}),
        ("-class:TH -class:TProf", {Kind.INT, Kind.FLOAT, Kind.STRING}),
    ],
)
def test_a_class_is_found_by_its_name_or_the_beginning_of_it(search: str, kinds: set[Kind]) -> None:
    mes = [PlainME(f"a{kind:03}", kind, 0) for kind in Kind]
    assert {me.kind for me in found(search, mes)} == kinds


@pytest.mark.parametrize(
    ("search", "codes"),
    [
        ("status:error,WARNING", {300, 200}),
        ("status:did_not_run", {90}),
        ("status:other", {30, 45}),
        ("-status:ok -status:none", {300, 200, 60, 30, 45, 90, 70, 50}),
    ],
)
def test_a_status_is_found_by_its_name_and_an_unknown_one_is_other(search: str, codes: set[int]) -> None:
    mes = [PlainME(f"a{code:03}", Kind.TH1F, code) for code in sorted([*STATUS_CODES.values(), 45])]
    assert {me.status for me in found(search, mes)} == codes


@pytest.mark.parametrize(
    ("search", "problem"),
    [
        ('a "b c', '"b c has no quotation mark " at its end.'),
        ('-"b', '-"b has no quotation mark " at its end.'),
        ('""', "There is nothing between the quotation marks."),
        ("/a.*", "/a.* has no / at its end, as a regular expression has."),
        ("//", "There is no regular expression between the slashes."),
        ("/[/", "/[/ is not a usable regular expression: missing ]: [."),
        (r"/(a)\1/", r"/(a)\1/ is not a usable regular expression: invalid escape sequence: \1."),
        ("/((a{100}){100}){100}/", "is not a usable regular expression"),
        (f"/{'a' * 201}/", "A regular expression has at most 200 characters, not 201."),
        ("status:eror", "status:eror is unknown. Known are error, warning, invalid, other, did_not_run,"),
        ("status:", "A name is missing after status:. Known are error,"),
        ("class:TH9", "class:TH9 is unknown. Known are int, float, string, TH1F,"),
        (" ".join(f"/{letter}/" for letter in "abcdefghijk"), "A search has at most 10 regular expressions, not 11."),
        ("a" * 501, "A search has at most 500 characters, not 501."),
    ],
)
def test_a_wrong_search_says_what_is_wrong(search: str, problem: str) -> None:
    found = problem_of(search)
    assert found is not None
    assert problem in found


@given(st.one_of(PATTERNS, st.sampled_from(["timing", "a/b", r"a\/b", "-a", "a b", '"a', "status:ok", "/a"])), MES)
def test_a_pattern_of_the_legacy_gui_is_a_search_with_its_meaning(pattern: str, mes: list[PlainME]) -> None:
    assert found(search_of_pattern(pattern), mes) == [me for me in mes if matches_pattern(pattern, me.path)]


def test_a_regular_expression_matches_within_one_name() -> None:
    assert paths("/a.*z/", "a1", "a2", "z1") == []
    assert paths(r"/a\sz/", "a", "z") == []
    assert paths("/^z1$/", "a1", "z1", "z12") == ["z1"]


def test_a_name_that_is_not_utf_8_and_one_with_a_line_end_are_found() -> None:
    names = MENames([b"a\nb", b"a\xff\xfec", b"az"])
    columns = lists([PlainME(str(number), Kind.TH1F, 0) for number in range(3)]).columns
    assert find_matches(parse_search("/^a b$/"), Lists(names, columns), ALL) == [0]
    assert find_matches(parse_search("a -/z/ c"), Lists(names, columns), ALL) == [1]


def test_the_regular_expressions_of_a_search_share_one_copy_of_the_names() -> None:
    mes = [PlainME(f"EcalBarrel/EBTimingTask/a folder with a long name/{number:06}abcdefghij", Kind.TH1F, 0) for number in range(10_000)]
    searched, terms = lists(mes), parse_search(" ".join(f"/{letter}/" for letter in "abcdefghij"))
    size = sum(len(me.path) + 1 for me in mes)
    tracemalloc.start()
    try:
        assert len(find_matches(terms, searched, 10)) == 10
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert size <= peak < 2 * size


def compiled_patterns() -> int:
    """The number of compiled regular expressions of re2 in this process."""
    gc.collect()
    return Counter(type(each).__name__ for each in gc.get_objects())["_Regexp"]


def test_compiled_regular_expressions_are_not_kept_after_their_search() -> None:
    before = compiled_patterns()
    for number in range(20):
        assert paths(rf"/(\pL{{9}}){{6}}{number}/", "abc") == []
        assert problem_of(f"/a{number}/ /b(/") is not None
    assert compiled_patterns() == before


def test_equal_terms_are_one_term() -> None:
    assert len(parse_search("e e /e/ /e/ -/e/ -e -e status:ok status:ok " + "e " * 200)) == 5
    assert len(parse_search(" ".join(["/a/"] * 100))) == 1, "nor do equal regular expressions count"


WIDE = [PlainME("/".join(digits), Kind.TH1F, 0) for digits in product("0123456789", repeat=4)]


def test_a_search_among_some_mes_takes_steps_for_these_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search_terms, "MAX_CALLS", 30)
    among = [5, 77, 4321, 9999]
    assert find_matches(parse_search('0 "/" -x'), lists(WIDE), ALL, among) == [index for index in among if "0" in WIDE[index].path]
    with pytest.raises(InvalidInput, match="The search takes too long in this sample"):
        find_matches(parse_search('0 "/" -x'), lists(WIDE), ALL)


@pytest.mark.parametrize("count", [100, 2000])
def test_the_steps_of_terms_that_match_in_turn_are_bounded(count: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Words that no name has both, but every second name each, are the longest way through a sample."""
    monkeypatch.setattr(search_terms, "MAX_CALLS", 1000)
    mes = [PlainME(f"{number:06}{'ab'[number % 2]}", Kind.TH1F, 0) for number in range(count)]
    if count < 1000:
        assert found("a b", mes) == []
        return
    for search in ("a b", "-a -b", "a /b/"):
        with pytest.raises(InvalidInput, match="Fewer terms are faster"):
            found(search, mes)
