"""Addresses of pages: every name of a folder or monitor element survives the way to an address and back."""

from __future__ import annotations

from urllib.parse import parse_qs, unquote_to_bytes, urlencode

import pytest
from flask import Flask, request
from hypothesis import given, settings
from hypothesis import strategies as st
from werkzeug.test import create_environ

from app.core.zones import ZONES
from app.gui.addresses import AnyPath, text
from app.gui.drawing_options import OPTIONS, DrawingOptions
from app.gui.layouts.layout import PlotCell
from app.gui.pages import views
from app.gui.references import COMPARISONS, MAX_REFERENCES, Reference
from app.gui.samples import SampleKey
from app.gui.view import ALARMS, MAX_MARKS, ONLY, PLAYS, SLIDE_S, TILE_SIZES, View
from app.gui.view_query import MAX_SUGGESTIONS, view_from_request
from app.web import Problem
from tests.support import storms

EXAMPLES = 100 * storms.TIMES

KEY = SampleKey(367129, 0, "/ZeroBias/Run2023C-PromptReco-v1/DQMIO")
HOSTILE = [
    "a b",
    "#",
    "%25",
    "a+b?c&d=e;f",
    "<\"'>",
    "back\\slash",
    "η 日本",
    "..",
    ".",
    "~..",
    "~",
    "a//b",
    "x/",
    "\x7f\n\t",
    "\ufeff",
    "http://evil",
]

bare = Flask("bare")
bare.url_map.merge_slashes = False
bare.url_map.converters["path"] = AnyPath
bare.register_blueprint(views.pages)

part = st.one_of(
    st.sampled_from([name.encode() for name in HOSTILE if "/" not in name]), st.binary(max_size=8).filter(lambda b: not {0, 47} & set(b))
)
path = st.lists(part, min_size=1, max_size=4).map(b"/".join).filter(lambda b: not b.startswith(b"/"))
word = st.text(max_size=10).map(lambda text: "".join(["a", *text.split()])).filter(lambda text: "\0" not in text and text.isprintable())
"""A word of a search, whatever follows its first letter."""


def followed(address: str) -> View:
    """The view that the server parses from an address as normalised by a browser."""
    place, _, query = address.partition("?")
    assert not {".", ".."} & {unquote_to_bytes(part).decode("latin-1") for part in place.split("/")}, "a browser would resolve this"
    assert address.isascii()
    assert not set(' "<>\\^`{|}#\n\t') & set(address), "a browser would encode or drop this"
    environ = create_environ()
    environ.update(PATH_INFO=unquote_to_bytes(place).decode("latin-1"), QUERY_STRING=query)
    with bare.request_context(environ):
        assert request.endpoint == "gui.browse"
        return view_from_request()


def address_of(view: View) -> str:
    with bare.test_request_context():
        return view.address


label = st.text(st.characters(codec="utf-8"), max_size=8).filter(str.isprintable)
number = st.one_of(st.none(), st.integers(0, 999_999_999))
dataset = (
    st.lists(part.map(lambda name: name.decode("utf-8", "ignore")).filter(bool), min_size=3, max_size=3)
    .map(lambda names: f"/{'/'.join(names)}".rstrip())
    .filter(lambda name: not name.endswith("/"))
)


@st.composite
def references(draw: st.DrawFn) -> Reference:
    """References that name something."""
    run = draw(number)
    lumi = 0 if run is None else draw(st.integers(0, 9999))
    name, me = draw(st.one_of(st.just(""), dataset)), draw(path)
    return Reference(run, lumi, name, b"x" if run is None and not name and not me else me, draw(label))


@st.composite
def drawing_options(draw: st.DrawFn) -> DrawingOptions:
    """Options that can be drawn, as a form writes them."""
    values = {
        "stats": "false",
        "norm": "false",
        "errors": "true",
        "ktest": "0.05",
        "drawopts": draw(st.sampled_from(["COLZ", "HIST TEXT"])),
    }
    values |= {f"{axis}type": draw(st.sampled_from(["lin", "log"])) for axis in "xyz"}
    values |= {f"{axis}min": str(draw(st.integers(-99, 0))) for axis in "xyz"} | {f"{axis}max": "0.5" for axis in "xyz"}
    chosen = draw(st.sets(st.sampled_from(OPTIONS)))
    return tuple((name, values[name]) for name in OPTIONS if name in chosen)


@st.composite
def states(draw: st.DrawFn) -> View:
    """Any state of a page of a sample."""
    own = draw(st.dictionaries(path.filter(bool), drawing_options(), max_size=3))
    return View(
        KEY._replace(lumi=draw(st.integers(0, 3))),
        folder=draw(st.one_of(st.just(b""), path)),
        plot=draw(st.one_of(st.just(b""), path)),
        q=draw(st.one_of(st.just(""), word, st.just('status:error -"two  words" /a+.*&/ class:TH2F'))),
        status=draw(st.sampled_from(["", *ALARMS])),
        failing=draw(st.booleans()),
        failing_first=draw(st.booleans()),
        size=draw(st.sampled_from(list(TILE_SIZES))),
        marks=tuple(draw(st.lists(path.filter(bool), max_size=MAX_MARKS, unique=True))),
        side_by_side=draw(st.booleans()),
        slide_s=draw(st.sampled_from([0, *SLIDE_S])),
        window=draw(st.sampled_from([0, 1, 10, 1000])),
        play=draw(st.sampled_from(["", *PLAYS])),
        quantity=draw(st.sampled_from(["", "Mean"])),
        diff=draw(st.booleans()),
        tz=draw(st.sampled_from(list(ZONES))),
        ws=draw(st.sampled_from(["", "Tracker & <b>Pixel</b>"])),
        only=draw(st.sampled_from(["", *ONLY])),
        shared=draw(st.sampled_from(["", "a_Z-9"])),
        table=draw(st.booleans()),
        sort=draw(st.sampled_from(["", "x", "-ylabel", "z", "polygon", "content", "-error", "error9"])),
        page=draw(st.integers(1, 999_999)),
        interactive=draw(st.sampled_from(["", "on", "on,project:x,x:4", "on,y:20,zoomx:-5:7.5,zoomy:1e-7:2e+21"])),
        references=tuple(draw(st.lists(references(), max_size=MAX_REFERENCES))),
        compare=draw(st.sampled_from(COMPARISONS)),
        options=draw(drawing_options()),
        own_options=tuple(own.items()),
    )


@pytest.mark.slow
@pytest.mark.storm
@settings(max_examples=EXAMPLES)
@given(view=states())
def test_every_view_has_an_address_that_leads_back_to_it(view: View) -> None:
    assert followed(address_of(view)) == view


@pytest.mark.slow
@pytest.mark.storm
@settings(max_examples=EXAMPLES)
@given(view=states())
def test_every_view_passes_through_a_form_also_names_that_are_not_utf_8(view: View) -> None:
    with bare.test_request_context():
        fields, path = view.fields, view.path
    for value in (value for _, value in fields):
        assert value.isprintable(), "browsers change line ends"
        value.encode()
    assert followed(f"{path}?{urlencode(fields)}") == view


@pytest.mark.parametrize(
    ("written", "reference"),
    [
        ("366727", Reference(366727)),
        ("366727:12", Reference(366727, 12)),
        ("/A/B/C", Reference(dataset="/A/B/C")),
        ("366727/A/B/C", Reference(366727, dataset="/A/B/C")),
        ("//Muons/pt", Reference(path=b"Muons/pt")),
        ("0//Muons/pt", Reference(0, path=b"Muons/pt")),
        ("366727:12/A/B/C/Muons/pt", Reference(366727, 12, "/A/B/C", b"Muons/pt")),
    ],
)
def test_a_reference_leaves_out_what_is_that_of_the_page(written: str, reference: Reference) -> None:
    assert followed(f"/browse/1/A/B/C?ref={written}").references == (reference,)


@pytest.mark.parametrize(
    ("query", "field", "problem"),
    [
        ("size=huge", "size", "'huge' is none of s, m, l, xl"),
        ("first=worst", "first", "'worst' is none of failing, usual"),
        ("sise=l", "sise", "did you mean size?"),
        ("ref=previous", "ref", "expected"),
        ("ref=1:", "ref", "expected"),
        ("&".join(f"ref={run}" for run in range(1, 11)), "ref", "at most 9 references"),
        ("ref=1&label1=%0A", "label1", "printable"),
        ("label1=old", "label1", "no such field"),
        ("compare=beside", "compare", "none of overlay, side, ratiooverlay, stacked, difference"),
        ("&".join(f"mark=A/x{number}" for number in range(21)), "mark", "at most 20 plots"),
        ("show=all", "show", "none of marked, list"),
        ("slide=1", "slide", "from 2 to 99"),
        ("slide=100", "slide", "from 2 to 99"),
        ("slide=5.5", "slide", "whole number"),
        ("window=0", "window", "a whole number of lumisections from 1 to 1000"),
        ("window=1001", "window", "from 1 to 1000"),
        ("window=ten", "window", "from 1 to 1000"),
        ("play=weeks", "play", "none of runs, lumis"),
        ("ytype=cubic", "ytype", "neither lin nor log"),
        ("xmin=5&xmax=2", "xmax", "not above xmin"),
        ("ktest=2", "ktest", "probability"),
        ("table=yes", "table", "'yes' is none of 1, 0"),
        ("table=1&sort=height", "sort", "'height' is no column"),
        ("table=1&sort=content10", "sort", "no column"),
        ("table=1&sort=--x", "sort", "no column"),
        ("table=1&page=0", "page", "from 1 to 999999"),
        ("interactive=yes", "interactive", "expected on"),
        ("interactive=on,zoomx:1:one", "interactive", "expected on"),
        ("table=1&page=%D9%A3", "page", "whole number"),
        ("table=1&page=1000000", "page", "whole number"),
        ("me1=A/x&me1.zmin=low", "me1.zmin", "not a number"),
        ("me2.ytype=log", "me2.ytype", "no such field"),
        ("only=good", "only", "'good' is none of failing, reference"),
        ("ws=%00", "ws", "printable"),
        ("shared=a/b", "shared", "letters and digits"),
        ("quantity=%00", "quantity", "printable"),
        ("%ff=1", "\\xff", "no such field"),
        ("size=s&size=l", "size", "more than once"),
        ("norm=&norm=false", "norm", "more than once"),
        ("ref=1&label1=a&label1=b", "label1", "more than once"),
        ("me1=A/x&me1=A/y", "me1", "more than once"),
        ("me1=A/x&me1.ytype=log&me2=A/x&me2.ytype=lin", "me2", "already"),
        ("sise=1&sise=2", "sise", "more than once"),
    ],
)
def test_a_wrong_field_is_named_and_the_rest_of_the_view_stays(query: str, field: str, problem: str) -> None:
    view = followed(f"/browse/1/A/B/C/F?plot=F%2Fx&stats=false&{query}")
    assert [each.name for each in view.problems] == [field]
    assert problem in view.problems[0].problem
    assert (view.folder, view.plot, view.options[0]) == (b"F", b"F/x", ("stats", "false"))


def test_a_field_that_repeats_its_value_is_no_problem() -> None:
    view = followed("/browse/1/A/B/C?size=l&size=l&ref=7&ref=8&mark=F/x&mark=F/y")
    assert (view.problems, view.size, len(view.references), len(view.marks)) == ((), "l", 2, 2)


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("errors=1", ("errors", "true")),
        ("errors=TRUE", ("errors", "true")),
        ("stats=0", ("stats", "false")),
        ("norm=False", ("norm", "false")),
        ("xmin=%2B5", ("xmin", "5")),
        ("xmin=5.", ("xmin", "5")),
        ("xmin=-5.e%2B2", ("xmin", "-5e+2")),
        ("drawopts=COLZ", ("drawopts", "COLZ")),
        ("ytype=def", None),
    ],
)
def test_drawing_options_are_spelt_as_the_forms_of_pages_spell_them(written: str, shown: tuple[str, str] | None) -> None:
    """A choice of a form shows a value only if it is one of its own, and a field for numbers only if HTML calls it one."""
    view = followed(f"/browse/1/A/B/C?{written}&me1=A/x&me1.{written}")
    assert view.options == view.options_of(b"A/x") == ((shown,) if shown else ())
    assert not view.problems


@pytest.mark.parametrize("blanks", ["%20{}%20", "{}%0A", "%09{}"])
@pytest.mark.parametrize("written", ["366727:12", "366727/A/B/C", "/A/B/C"])
def test_blanks_around_a_pasted_reference_do_not_matter(blanks: str, written: str) -> None:
    pasted, typed = (followed(f"/browse/1/A/B/C?ref={value}") for value in (blanks.format(written), written))
    assert pasted == typed
    assert not typed.problems


def test_blanks_at_the_end_of_a_path_belong_to_it() -> None:
    assert followed("/browse/1/A/B/C?ref=%20//Muons/pt%20").references == (Reference(path=b"Muons/pt "),)


def test_similar_names_are_looked_up_for_the_first_unknown_fields_alone() -> None:
    view = followed(f"/browse/367129{KEY.dataset}?" + "&".join(f"sise{number}=1" for number in range(100)))
    assert len(view.problems) == 100
    assert ["did you mean size?" in each.problem for each in view.problems] == [True] * MAX_SUGGESTIONS + [False] * (100 - MAX_SUGGESTIONS)


@pytest.mark.parametrize("name", HOSTILE)
def test_a_dataset_may_be_called_anything(name: str) -> None:
    view = View(SampleKey(1, 12, f"/A/{name.replace('/', '')}/C"), b"F")
    assert followed(address_of(view)) == view


def test_a_dataset_that_is_not_utf_8_is_unknown() -> None:
    assert followed("/browse/1/%ff/B/C").key.dataset == "/\N{REPLACEMENT CHARACTER}/B/C"


def test_an_address_is_readable_where_names_are_plain() -> None:
    view = View(
        KEY._replace(lumi=7), b"PixelPhase1/EventInfo", b"PixelPhase1/EventInfo/reportSummaryMap", size="l", options=(("ytype", "log"),)
    )
    assert address_of(view) == (
        "/browse/367129:7/ZeroBias/Run2023C-PromptReco-v1/DQMIO/PixelPhase1/EventInfo"
        "?plot=PixelPhase1%2FEventInfo%2FreportSummaryMap&size=l&ytype=log"
    )


def test_an_address_begins_with_the_prefix_under_which_a_proxy_shows_the_hub() -> None:
    with bare.test_request_context("/", environ_overrides={"SCRIPT_NAME": "/dqm/hub"}):
        assert View(KEY).address.startswith("/dqm/hub/browse/367129/")
        assert View(KEY).image(b"A/x", (1, 2)) == "/dqm/hub/api/v1/render/367129/ZeroBias/Run2023C-PromptReco-v1/DQMIO/A/x?w=1&h=2"


@pytest.mark.parametrize("place", ["x/A/B/C", "1:x/A/B/C", "-1/A/B/C", "1/A/B", "1", "1//B/C", "1234567890/A/B/C"])
def test_an_invalid_address_of_a_sample_is_refused_with_the_valid_form(place: str) -> None:
    with pytest.raises(Problem, match=r"<run>\[:<lumi>\]") as problem:
        followed(f"/browse/{place}")
    assert problem.value.status == 404


def test_names_are_shown_whole_even_where_they_are_not_utf_8() -> None:
    assert text("η<b>".encode()) == "η<b>"
    assert text(b"caf\xe9") == "caf\\xe9"


WINDOW = View(SampleKey(0, 0, "/A/B/C"), window=10, has_window=True)


def test_pictures_and_json_of_a_view_with_a_window_are_those_of_the_window_and_references_are_whole() -> None:
    with bare.test_request_context():
        assert WINDOW.image(b"F/x", (8, 6)) == "/api/v1/render/0/A/B/C/F/x?w=8&h=6&window=10"
        assert WINDOW.json(b"F/x") == "/api/v1/json/0/A/B/C/F/x?window=10"
        whole = Reference(0)
        compared = WINDOW.with_reference(whole)
        assert "&window=10&w=8" in compared.image(b"F/x", (8, 6)), "of the first object"
        assert "window" not in compared.image_of(whole, b"F/x", (8, 6)) + compared.replace(plot=b"F/x").json_of(whole)


def test_plots_that_a_layout_draws_over_each_other_have_the_window_and_references_with_them_are_whole() -> None:
    cell = PlotCell("F/x", overlay=("F/y", "F/z"))
    with bare.test_request_context():
        assert windows_of(WINDOW.cell_image(cell, (8, 6))) == ["10", "10", "10"]
        assert windows_of(WINDOW.with_reference(Reference(7)).cell_image(cell, (8, 6))) == ["10", "0", "10", "10"]


def windows_of(address: str) -> list[str]:
    return parse_qs(address.partition("?")[2])["window"]


def test_pictures_of_a_sample_without_the_window_of_the_address_are_whole() -> None:
    with bare.test_request_context():
        assert "window" not in WINDOW.replace(has_window=False).image(b"F/x", (8, 6))
