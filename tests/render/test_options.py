"""Conversion of plot options from and to queries and specifications."""

from __future__ import annotations

import math
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from werkzeug.datastructures import MultiDict

from render.client import Request
from render.errors import OptionError
from render.options import FORMATS, REFERENCES, Options
from tests.render.service import Service, scalar_request

ROOT_OPTIONS = [
    "e",
    "COLZ",
    "colztext",
    "TEXT",
    "HIST E1 X0",
    "HISTE1X0",
    "PE1",
    "LEGO2Z",
    "SURF1Z",
    "CONT4Z",
    "BOX2Z",
    "TEXT45E",
    "BAR2",
    "][",
    "*H",
    "COL0Z",
    "CANDLEX3",
    "E,SAME",
    "X+ Y+",
    "COLZ [cut]",
    "COLZ [-cut,other]",
    "GLLEGO",
    "scat",
    "P0",
    "LF2",
    "AXIS",
    "",
]
"""Draw options of the layouts of CMS and of ROOT's documentation of THistPainter, also joined as people write them."""

limits = st.none() | st.floats(allow_nan=False, allow_infinity=False)
scales = st.sampled_from(["", "lin", "log"])
switches = st.booleans()
labels = st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"]) | st.just(" "), max_size=30)


def is_ordered(pair: tuple[float | None, float | None]) -> bool:
    low, high = pair
    return low is None or high is None or low < high


ranges = st.tuples(limits, limits).filter(is_ordered)


@st.composite
def options(draw: st.DrawFn) -> Options:
    (xmin, xmax), (ymin, ymax), (zmin, zmax) = draw(ranges), draw(ranges), draw(ranges)
    return Options(
        width=draw(st.integers(20, 4096)),
        height=draw(st.integers(20, 4096)),
        stats=draw(switches),
        norm=draw(switches),
        errors=draw(switches),
        drawopts=" ".join(draw(st.lists(st.sampled_from(ROOT_OPTIONS), max_size=5))),
        xtype=draw(scales),
        ytype=draw(scales),
        ztype=draw(scales),
        xmin=xmin,
        xmax=xmax,
        ymin=ymin,
        ymax=ymax,
        zmin=zmin,
        zmax=zmax,
        ref=draw(st.sampled_from(REFERENCES)),
        ktest=draw(st.floats(0, 1)),
        reflabels=tuple(draw(st.lists(labels, max_size=9))),
        format=draw(st.sampled_from(FORMATS)),
    )


def from_query(**query: str | list[str]) -> Options:
    return Options.from_query(MultiDict(query))


@given(options())
def test_options_round_trip_through_a_query(original: Options) -> None:
    assert Options.from_query(MultiDict(original.query())) == original


@given(options())
def test_options_round_trip_through_a_specification(original: Options) -> None:
    while original.reflabels and not original.reflabels[-1]:  # empty labels are not part of the specification
        original = replace(original, reflabels=original.reflabels[:-1])
    assert Options.from_spec(original.spec()) == original


@given(st.text())
def test_any_text_is_a_valid_specification_or_refused(spec: str) -> None:
    with suppress(OptionError):
        assert Options.from_spec(Options.from_spec(spec).spec()) == Options.from_spec(spec)


def test_specification_of_another_client_is_parsed() -> None:
    parsed = Options.from_spec("h=200;w=266;showstats=0;norm=False;showerrbars=1;xtype=log;xmin=1.0;json=True;drawopts=COLZ;reflabel2=two")
    assert parsed == Options(
        stats=False, norm=False, errors=True, xtype="log", xmin=1.0, format="json", drawopts="COLZ", reflabels=("", "two")
    )


@pytest.mark.parametrize("spec", ["w=1;h=1;colour=2", "w=1;h=1;", "w=1;reflabel0=x", "w=1;stat=0"])
def test_unknown_key_in_specification_is_refused(spec: str) -> None:
    with pytest.raises(OptionError, match="is not known in a specification"):
        Options.from_spec(spec)


@given(options())
def test_query_contains_only_values_that_differ_from_the_default(original: Options) -> None:
    for name in original.query():
        shorter = {key: value for key, value in original.query().items() if key != name}
        try:
            assert Options.from_query(MultiDict(shorter)) != original
        except OptionError:
            pass  # a limit can be invalid without the other one


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(options())
def test_service_accepts_every_specification(service: Service, original: Options) -> None:
    small = Options(**{**vars(original), "width": 20, "height": 20})
    assert service.client.render(scalar_request("x", small.spec())).code == 0


@given(options(), options())
def test_different_options_have_different_specifications(one: Options, other: Options) -> None:
    canonical = [Options(**{**vars(each), "reflabels": tuple(filter(None, each.reflabels))}) for each in (one, other)]
    assert (one.spec() == other.spec()) <= (canonical[0] == canonical[1])


def test_default_options_give_a_short_specification() -> None:
    assert Options().spec() == "w=266;h=200"
    assert Options().query() == {}
    assert from_query() == Options()


def test_specification_contains_the_chosen_options() -> None:
    selected = from_query(
        w="600", stats="false", norm="0", errors="1", drawopts="COLZ,TEXT", ytype="log", xmin="0", reflabel=["A/b", "", "ü"]
    )
    assert selected.spec() == (
        "w=600;h=200;showstats=0;norm=False;showerrbars=1;drawopts=COLZ%2CTEXT;ytype=log;xmin=0.0;reflabel1=A%2Fb;reflabel3=%C3%BC"
    )


def test_label_cannot_inject_an_option(service: Service, request_for: Callable[..., Request]) -> None:
    selected = from_query(w="60", h="40", reflabel="x;json=True")
    assert service.client.render(request_for("TH1F", "reference", spec=selected.spec())).image.startswith(b"\x89PNG")


def test_empty_query_field_means_the_default() -> None:
    assert from_query(w="", h="", stats="", drawopts="", xtype="", xmin="") == Options()


INVALID_VALUES = {
    "w": ["0", "4097", "1_0", "٣", "99999999999999999999", "600px"],
    "h": ["-1", "12.5"],
    "stats": ["maybe"],
    "norm": ["none"],
    "errors": ["2"],
    "xtype": ["cubic"],
    "ytype": ["LOG"],
    "ztype": ["log;w=1"],
    "xmin": ["nan"],
    "xmax": ["inf"],
    "ymin": ["1e999"],
    "ymax": ["0x10"],
    "zmin": ["1_0"],
    "zmax": ["one"],
    "ref": ["none", "Overlay"],
    "format": ["gif", "svg;w=1"],
    "ktest": ["-0.1", "1.1", "nan"],
    "drawopts": ["COLZ;json=True", "$(x)", "é", "x" * 201, "a\nb"],
    "reflabel": ["two\nlines", "x" * 201, "\ud800", "\0"],
}


@pytest.mark.parametrize(("field", "value"), [(field, value) for field, values in INVALID_VALUES.items() for value in values])
def test_invalid_value_is_refused_with_the_name_of_its_field(field: str, value: str) -> None:
    with pytest.raises(OptionError) as refused:
        from_query(**{field: value})
    assert refused.value.field == field
    assert refused.value.problem


def test_empty_range_of_limits_is_refused() -> None:
    with pytest.raises(OptionError, match="xmax: 1 is not above xmin, 1"):
        from_query(xmin="1", xmax="1.0")


def test_too_many_labels_are_refused() -> None:
    with pytest.raises(OptionError, match="reflabel: 10 labels"):
        from_query(reflabel=["x"] * 10)


def test_largest_numbers_are_exact() -> None:
    assert from_query(xmax=repr(math.nextafter(math.inf, 0))).xmax == math.nextafter(math.inf, 0)


@pytest.mark.parametrize("options", ROOT_OPTIONS)
def test_draw_options_of_root_are_accepted(options: str) -> None:
    assert from_query(drawopts=options).drawopts == options


@pytest.mark.parametrize("options", ["nonsense", "heatmap", "LEGO9", "COLOUR", "DOTS", "E0" * 90 + "Q"])
def test_an_unknown_draw_option_is_refused_with_the_known_ones(options: str) -> None:
    with pytest.raises(OptionError, match=r"is not a draw option of ROOT; known are .*COLZ.*LEGO") as refused:
        from_query(drawopts=options)
    assert refused.value.field == "drawopts"
