from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.formats import Columns, Facts, FormatError, Kind, MERow, QTest, worst_status

U64, U32, U16, U8 = (st.integers(0, 2**bits - 1) for bits in (64, 32, 16, 8))
MES = st.lists(st.tuples(U64, U32, U32, U16, U8, U16, U8, U32, U8), max_size=20)


def columns_of(mes: list[tuple[int, ...]]) -> Columns:
    return Columns(zip(*mes, strict=True)) if mes else Columns()


@given(MES)
def test_packed_columns_unpack_to_equal_columns(mes: list[tuple[int, ...]]) -> None:
    columns = Columns.unpack(columns_of(mes).pack())
    assert len(columns) == len(mes)
    for index, (seek, nbytes, objlen, keylen, kind, status, flags, entry, class_version) in enumerate(mes):
        assert columns.row(index) == MERow(seek, nbytes, objlen, keylen, kind, flags, entry, class_version)
        assert columns.status[index] == status


def test_stored_columns_are_little_endian_after_a_header() -> None:
    packed = columns_of([(0x0102030405060708, 1, 2, 3, 0x10, 300, 1, 9, 4)]).pack()
    assert packed == (b"DQMC\x02\0\0\0\x01\0\0\0\x08\x07\x06\x05\x04\x03\x02\x01\x01\0\0\0\x02\0\0\0\x03\0\x10\x2c\x01\x01\x09\0\0\0\x04")


@given(st.binary(max_size=40))
def test_other_bytes_are_refused_as_columns(data: bytes) -> None:
    with pytest.raises(FormatError, match="stored columns"):
        Columns.unpack(data)


def test_columns_of_another_version_or_length_are_refused() -> None:
    packed = columns_of([(1, 2, 3, 4, 5, 6, 7, 8, 9)]).pack()
    for wrong, problem in {packed[:-1]: "38 bytes for 1 MEs", packed + b"x": "40 bytes", b"DQMC\x01" + packed[5:]: "version 1"}.items():
        with pytest.raises(FormatError, match=problem):
            Columns.unpack(wrong)


def test_columns_of_different_lengths_are_refused() -> None:
    with pytest.raises(ValueError, match="differ in length"):
        Columns([[1], [1, 2], *[[1]] * 7])


TEXT = st.text(st.characters(codec="utf-8"), max_size=10)
TESTS = st.lists(st.builds(QTest, TEXT, st.integers(0, 9999), TEXT, TEXT, TEXT), max_size=3)


@given(st.dictionaries(U32, TEXT, max_size=5), st.dictionaries(U32, TESTS, max_size=5))
def test_packed_facts_unpack_to_equal_facts(scalars: dict[int, str], qtests: dict[int, list[QTest]]) -> None:
    facts = Facts(scalars, qtests)
    assert Facts.unpack(facts.pack()) == facts


@pytest.mark.parametrize(
    "data", [b"", b"[]", b"{}", b'{"scalars": {"x": ""}, "qtests": {}}', b'{"scalars": {}, "qtests": {"1": [[1]]}}', b"\xff"]
)
def test_other_bytes_are_refused_as_facts(data: bytes) -> None:
    with pytest.raises(FormatError, match="stored facts"):
        Facts.unpack(data)


def test_kinds_are_the_bytes_of_cms_software_and_name_their_class() -> None:
    assert (Kind.INT, Kind.TH1F, Kind.TH2I, Kind.TH3F, Kind.TPROFILE2D) == (1, 0x10, 0x23, 0x30, 0x41)
    assert [kind.class_name for kind in (Kind.TH1F, Kind.TPROFILE, Kind.TPROFILE2D, Kind.TH2POLY)] == [
        "TH1F",
        "TProfile",
        "TProfile2D",
        "TH2Poly",
    ]
    assert [kind for kind in Kind if kind.scalar] == [Kind.INT, Kind.FLOAT, Kind.STRING]


def test_worst_status_is_a_failure_then_a_missing_verdict_then_a_pass() -> None:
    order = [300, 200, 60, 30, 90, 70, 100, 50]
    for worse, better in itertools.combinations(order, 2):
        assert worst_status([better, worse]) == worst_status([worse, better]) == worse
    assert worst_status([]) == 0
    assert worst_status([100, 77]) == 77
    assert worst_status([77, 200]) == 200


def test_format_error_reads_as_a_sentence() -> None:
    error = FormatError("ends too early", "/data/file.root", "a whole file")
    assert str(error) == "/data/file.root: ends too early; expected a whole file"
