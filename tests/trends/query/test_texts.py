"""Series, quantities and choices of runs have texts for addresses, which are read back as they were."""

from __future__ import annotations

import numpy as np
import pytest

from app.trends.errors import InvalidQuery
from app.trends.query.conditions import RunConditions
from app.trends.query.packed import PackedArray, drawn_errors, drawn_numbers, pack, unpack
from app.trends.query.run_choice import RunChoice
from app.trends.query.series_key import RunQuantity, SeriesKey, parse_key


@pytest.mark.parametrize("text", ["Pixel/Ntracks_Pixel/StreamExpress/Express", "oms/duration"])
def test_a_key_is_read_back(text: str) -> None:
    assert str(parse_key(text)) == text


def test_a_key_names_its_parts() -> None:
    assert parse_key("DT/plot:a+b/ZeroBias/09Aug2019_UL2017") == SeriesKey("DT", "a+b", "ZeroBias", "09Aug2019_UL2017")
    assert parse_key("oms/energy") == RunQuantity("energy")
    assert parse_key("oms/energy/ZeroBias/Express") == SeriesKey("oms", "energy", "ZeroBias", "Express")


@pytest.mark.parametrize("text", ["", "a/b/c", "a/b/c/d/e", "a//c/d", "oms/", "oms/colour", "/a/b/c"])
def test_a_wrong_key_is_refused(text: str) -> None:
    with pytest.raises(InvalidQuery, match=r"expected .*\w"):
        parse_key(text)


@pytest.mark.parametrize("text", ["latest:50", "355000-356000", "355001,355004", "golden:0123456789abcdef"])
def test_a_choice_is_read_back(text: str) -> None:
    assert str(RunChoice.parse(text)) == text


def test_a_choice_is_written_in_one_way() -> None:
    assert str(RunChoice.parse("")) == "latest:50"
    assert str(RunChoice.parse(" 5, 3,5 ")) == "3,5"
    assert RunChoice.parse("7") == RunChoice(runs=(7,))
    assert RunChoice.parse("1-9999999999").first_last == (1, 2**31 - 1)


@pytest.mark.parametrize(
    "text", ["latest", "latest:0", "latest:-5", "latest:999999999", "9-1", "a,b", "1,,2", "٣", "9999999999", "golden:x"]
)
def test_a_wrong_choice_is_refused(text: str) -> None:
    with pytest.raises(InvalidQuery):
        RunChoice.parse(text)


def test_wrong_conditions_are_refused() -> None:
    with pytest.raises(InvalidQuery, match="expected yes, all, known"):
        RunConditions("no")


def test_a_packed_answer_begins_with_the_length_of_its_header_and_aligns_arrays_to_8_bytes() -> None:
    values = {"text": "μ", "series": [{"values": PackedArray("f4", np.array([1.5, np.nan])), "few": PackedArray("u1", [1, 2, 255])}]}
    data = pack(values | {"run": PackedArray("i4", [355001])})
    length = int.from_bytes(data[:4], "little")
    assert (4 + length) % 8 == 0
    header = unpack(data)
    assert header["text"] == "μ"
    assert header["run"].tolist() == [355001]
    series = header["series"][0]
    assert series["few"].tolist() == [1, 2, 255]
    assert series["values"][0] == 1.5
    assert np.isnan(series["values"][1])
    begin = 4 + length  # the first array in the order of the header: little-endian float32 1.5 is 00 00 c0 3f
    assert data[begin : begin + 4] == b"\x00\x00\xc0\x3f"


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        ([1.5, 2.5, np.nan], "f4"),
        ([], "f4"),
        ([np.nan], "f4"),
        ([0.0, 0.0], "f4"),
        ([3e8, 3e8], "f4"),
        ([3e8, 3e8 + 1.0, np.nan], "f8"),
        ([-1e9, -1e9 + 3.0], "f8"),
        ([1e300, 1.0], "f8"),
        ([-1.7e308, 1.7e308], "f8"),
        ([1e-300, 2e-300], "f8"),
    ],
)
def test_numbers_whose_differences_float32_would_lose_keep_their_precision(values: list[float], kind: str) -> None:
    packed = drawn_numbers(np.array(values))
    assert packed.type == kind
    np.testing.assert_allclose(unpack(pack({"values": packed}))["values"], values, rtol=2**-24 if kind == "f4" else 0.0)


@pytest.mark.parametrize(("errors", "kind"), [([0.1, 0.1 + 1e-12], "f4"), ([np.nan, 0.0], "f4"), ([1e300], "f8")])
def test_errors_are_float32_unless_they_are_beyond_its_range(errors: list[float], kind: str) -> None:
    assert drawn_errors(np.array(errors)).type == kind
