from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.formats import Kind
from app.formats.me_tags import METag, parse_tag, read_tags

NAMES = st.text(min_size=1, max_size=12).filter(lambda name: "<" not in name).map(str.encode)


@given(NAMES, st.sampled_from([b"i", b"f", b"s", b"e", b"qr"]), st.binary(max_size=30))
def test_name_type_and_value_of_any_tag_are_parsed(name: bytes, mark: bytes, value: bytes) -> None:
    assert parse_tag(b"<%b>%b=%b</%b>" % (name, mark, value, name)) == METag(name, mark, value)


@given(st.binary(max_size=60))
def test_any_text_is_read_without_an_error(text: bytes) -> None:
    marks = read_tags([text, b"<" + text], {b"a"})
    assert marks.unreadable + len(marks.scalars) + len(marks.efficiencies) <= 2


@pytest.mark.parametrize(
    "text", [b"", b"<>i=1</>", b"<a>i=1", b"<a>i=1</b>", b"a>i=1</a>", b"<a>x=1</a>", b"<a>1</a>", b"<a>i=</a", b"<a>i=/a>", b"<a>i=1</a> "]
)
def test_incomplete_tags_are_none(text: bytes) -> None:
    assert parse_tag(text) is None


def test_long_text_of_opening_tags_is_no_tag() -> None:
    assert parse_tag(b"<" + b">i=" * 10_000) is None


def test_older_files_have_latin_1_text() -> None:
    assert read_tags([b"<a>s=caf\xe9</a>"], ()).scalars == {b"a": (Kind.STRING, "café")}


@pytest.mark.parametrize("outcome", [b"st", b"st:", b"st:abc:1:A:m", b"st:-1:1:A:m", b"st:99999:1:A:m", b"xx:100:1:A:m", b""])
def test_outcome_without_a_status_is_counted(outcome: bytes) -> None:
    marks = read_tags([b"<me.test>qr=%b</me.test>" % outcome], {b"me"})
    assert (marks.qtests, marks.unreadable) == ({}, 1)


def test_outcome_may_end_after_the_status() -> None:
    assert read_tags([b"<me.test>qr=st:300</me.test>"], {b"me"}).qtests == {b"me": [("test", 300, "", "", "")]}


@pytest.mark.parametrize("name", [b"", b".", b".test", b"me", b"mes.test", b"m.e.test"])
def test_quality_test_without_its_me_is_counted(name: bytes) -> None:
    assert read_tags([b"<%b>qr=st:100:1:A:</%b>" % (name, name)], {b"me"}).unreadable == 1
