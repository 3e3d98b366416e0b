"""Options of a plot: query, specification and back."""

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
from render.options import FORMATS, REFERENCES, OptionError, Options
from tests.render.service import Service, text

limits = st.none() | st.floats(allow_nan=False, allow_infinity=False)
scales = st.sampled_from(["", "lin", "log"])
switches = st.booleans()
labels = st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"]) | st.just(" "), max_size=30)


def ordered(pair: tuple[float | None, float | None]) -> bool:
    low, high = pair
    return low is None or high is None or low < high


ranges = st.tuples(limits, limits).filter(ordered)


@st.composite
def options(draw: st.DrawFn) -> Options:
    (xmin, xmax), (ymin, ymax), (zmin, zmax) = draw(ranges), draw(ranges), draw(ranges)
    return Options(
        width=draw(st.integers(1, 4096)),
        height=draw(st.integers(1, 4096)),
        stats=draw(switches),
        norm=draw(switches),
        errors=draw(switches),
        drawopts=draw(st.text("ABCZabz019 ,*+-.:_[]", max_size=20)),
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
def test_options_survive_the_way_through_a_query(wanted: Options) -> None:
    assert Options.from_query(MultiDict(wanted.query())) == wanted


@given(options())
def test_options_survive_the_way_through_a_specification(wanted: Options) -> None:
    while wanted.reflabels and not wanted.reflabels[-1]:  # a reference without a name has none in the specification
        wanted = replace(wanted, reflabels=wanted.reflabels[:-1])
    assert Options.from_spec(wanted.spec()) == wanted


@given(st.text())
def test_any_text_is_a_specification_or_refused_by_name(spec: str) -> None:
    with suppress(OptionError):
        assert Options.from_spec(Options.from_spec(spec).spec()) == Options.from_spec(spec)


def test_the_specification_of_another_client_is_understood() -> None:
    understood = Options.from_spec(
        "h=200;w=266;showstats=0;norm=False;showerrbars=1;xtype=log;xmin=1.0;json=True;drawopts=COLZ;reflabel2=two"
    )
    assert understood == Options(
        stats=False, norm=False, errors=True, xtype="log", xmin=1.0, format="json", drawopts="COLZ", reflabels=("", "two")
    )


@pytest.mark.parametrize("spec", ["w=1;h=1;colour=2", "w=1;h=1;", "w=1;reflabel0=x", "w=1;stat=0"])
def test_a_key_that_no_specification_has_is_refused(spec: str) -> None:
    with pytest.raises(OptionError, match="is not known in a specification"):
        Options.from_spec(spec)


@given(options())
def test_a_query_names_only_what_is_not_the_default(wanted: Options) -> None:
    for name in wanted.query():
        shorter = {key: value for key, value in wanted.query().items() if key != name}
        try:
            assert Options.from_query(MultiDict(shorter)) != wanted
        except OptionError:
            pass  # a limit that is wrong without the other


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(options())
def test_every_spec_is_understood_by_the_service(service: Service, wanted: Options) -> None:
    small = Options(**{**vars(wanted), "width": 20, "height": 20})
    assert service.client.render(text("x", small.spec())).code == 0


@given(options(), options())
def test_different_options_have_different_specs(one: Options, other: Options) -> None:
    drawn = [Options(**{**vars(each), "reflabels": tuple(filter(None, each.reflabels))}) for each in (one, other)]
    assert (one.spec() == other.spec()) <= (drawn[0] == drawn[1])


def test_the_default_is_small_and_plain() -> None:
    assert Options().spec() == "w=266;h=200"
    assert Options().query() == {}
    assert from_query() == Options()


def test_the_spec_says_what_was_chosen() -> None:
    chosen = from_query(
        w="600", stats="false", norm="0", errors="1", drawopts="COLZ,TEXT", ytype="log", xmin="0", reflabel=["A/b", "", "ü"]
    )
    assert chosen.spec() == (
        "w=600;h=200;showstats=0;norm=False;showerrbars=1;drawopts=COLZ%2CTEXT;ytype=log;xmin=0.0;reflabel1=A%2Fb;reflabel3=%C3%BC"
    )


def test_a_label_cannot_smuggle_in_an_option(service: Service, request_for: Callable[..., Request]) -> None:
    chosen = from_query(w="60", h="40", reflabel="x;json=True")
    assert service.client.render(request_for("TH1F", "reference", spec=chosen.spec())).image.startswith(b"\x89PNG")


def test_a_field_with_nothing_in_it_is_not_chosen() -> None:
    assert from_query(w="", h="", stats="", drawopts="", xtype="", xmin="") == Options()


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("w", "0"), ("w", "4097"), ("h", "-1"), ("h", "12.5"), ("w", "1_0"), ("w", "٣"), ("w", "99999999999999999999"), ("w", "600px"),
        ("stats", "maybe"), ("norm", "none"), ("errors", "2"),
        ("xtype", "cubic"), ("ytype", "LOG"), ("ztype", "log;w=1"),
        ("xmin", "nan"), ("xmax", "inf"), ("ymin", "1e999"), ("ymax", "0x10"), ("zmin", "1_0"), ("zmax", "one"),
        ("ref", "none"), ("ref", "Overlay"), ("format", "gif"), ("format", "svg;w=1"), ("ktest", "-0.1"), ("ktest", "1.1"), ("ktest", "nan"),
        ("drawopts", "COLZ;json=True"), ("drawopts", "$(x)"), ("drawopts", "é"), ("drawopts", "x" * 201), ("drawopts", "a\nb"),
        ("reflabel", "two\nlines"), ("reflabel", "x" * 201), ("reflabel", "\ud800"), ("reflabel", "\0"),
    ],
)  # fmt: skip
def test_a_wrong_value_is_refused_by_name(field: str, value: str) -> None:
    with pytest.raises(OptionError) as refused:
        from_query(**{field: value})
    assert refused.value.field == field
    assert refused.value.problem


def test_limits_that_leave_nothing_are_refused() -> None:
    with pytest.raises(OptionError, match="xmax: 1 is not above xmin, 1"):
        from_query(xmin="1", xmax="1.0")


def test_more_labels_than_references_are_refused() -> None:
    with pytest.raises(OptionError, match="reflabel: 10 labels"):
        from_query(reflabel=["x"] * 10)


def test_the_largest_numbers_are_kept() -> None:
    assert from_query(xmax=repr(math.nextafter(math.inf, 0))).xmax == math.nextafter(math.inf, 0)
