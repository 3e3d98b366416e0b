"""Addresses of pages: every name of a folder or monitor element survives the way to an address and back."""

from __future__ import annotations

from urllib.parse import unquote_to_bytes

import pytest
from flask import Flask, request
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.test import create_environ

from app.gui.addresses import OPTIONS, TILE_SIZES, AnyPath, View, text, view_from_request
from app.gui.pages import views
from app.gui.samples import SampleKey
from app.web import Problem

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
word = st.text(max_size=10).map(lambda text: "".join(text.split())).filter(lambda text: "\0" not in text and text.isprintable())


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


@given(folder=st.one_of(st.just(b""), path), plot=st.one_of(st.just(b""), path), q=word, size=st.sampled_from(list(TILE_SIZES)))
def test_every_view_has_an_address_that_leads_back_to_it(folder: bytes, plot: bytes, q: str, size: str) -> None:
    view = View(KEY, folder, plot, q, size)
    assert followed(address_of(view)) == view


@given(options=st.dictionaries(st.sampled_from(OPTIONS), st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=8)))
def test_drawing_options_stand_in_the_address(options: dict[str, str]) -> None:
    view = View(KEY, b"A", options=tuple((name, options[name]) for name in OPTIONS if name in options))
    assert followed(address_of(view)) == view


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
