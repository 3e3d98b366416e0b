"""Marked plots side by side, and slide shows: what the pages lead to and draw, without a browser."""

from __future__ import annotations

import html
import re
from pathlib import Path
from urllib.parse import parse_qs, parse_qsl, quote, urlencode, urlsplit

import pytest
from flask.testing import FlaskClient

from app.gui.pages import failing, views
from app.gui.pages.marked import columns_of
from tests.gui.pages.pages import COSMICS, MUON, ZERO_BIAS, read, words
from tests.gui.pages.test_compare import FOLDER, images, links
from tests.gui.pages.test_failing import demo_file
from tests.support.uproot_mes import read_mes

TASK = "EcalBarrel/EBTimingTask"
NAMES = [f"{TASK}/EBTMT timing EB+0{number}" for number in (2, 3, 4)]
MARKS = "&".join(f"mark={quote(name, safe='')}" for name in NAMES)
SIDE_BY_SIDE = f"{FOLDER}?{MARKS}&show=marked"


def drawn(page: str) -> list[tuple[str, str, dict[str, list[str]]]]:
    """Run, path and options of the plots of a page."""
    found = []
    for address in images(page):
        place, query = html.unescape(urlsplit(address).path), parse_qs(urlsplit(address).query)
        parts = place.removeprefix("/api/v1/render/").split("/", 4)
        found.append((parts[0], parts[-1].replace("%20", " ").replace("%2B", "+"), query))
    return found


def step(page: str, key: str) -> str:
    """The address of the link with a key."""
    tag = re.search(rf'<a [^>]*data-key="{key}"[^>]*>', page)
    address = re.search(r' href="([^"]*)"', tag[0]) if tag else None
    assert address, page
    return html.unescape(address[1])


def test_a_tile_can_be_marked_by_a_form_without_scripts(client: FlaskClient) -> None:
    page = read(client, f"{FOLDER}?size=l&mark={quote(NAMES[0], safe='')}&mark=A%2Felsewhere")
    boxes = re.findall(r'<input type="checkbox" form="marks" name="mark" value="([^"]*)"[^>]*?(checked)?>', page)
    assert len(boxes) == len(images(page))
    assert [html.unescape(value) for value, checked in boxes if checked] == [NAMES[0]]
    form = re.search(r'<form class="marks.*?</form>', page, re.DOTALL)
    assert form
    hidden = re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', form[0])
    assert hidden == [("size", "l"), ("mark", "A/elsewhere")]  # with the ticked boxes: the whole state
    assert "<noscript><button" in form[0]
    assert "2 marked" in words(form[0])


def boxes(page: str) -> list[tuple[str, bool]]:
    """The plots with a box on a page, and whether they are ticked."""
    found = re.findall(r'<input type="checkbox" form="marks" name="mark" value="([^"]*)"[^>]*?(checked)?>', page)
    return [(html.unescape(value), bool(checked)) for value, checked in found]


def test_plots_are_marked_in_the_list_of_failing_tests_and_on_their_page(client: FlaskClient) -> None:
    name = "Muons/diMuonHistograms/GlbGlbMuon_HM"
    mark = f"mark={quote(name, safe='')}"
    listed = boxes(read(client, f"{COSMICS}?failing=1&{mark}"))
    assert [path for path, ticked in listed if ticked] == [name]
    assert len(listed) > 1
    shown = read(client, step(read(client, f"{COSMICS}?failing=1&{mark}"), "m"))
    assert [path for _, path, _ in drawn(shown)] == [name]
    plot = f"{COSMICS}?plot={quote(name, safe='')}"
    assert boxes(read(client, plot)) == [(name, False)]
    page = read(client, f"{plot}&{mark}&mark=A%2Felsewhere")
    assert boxes(page) == [(name, True)]
    assert 'type="hidden" name="mark" value="A/elsewhere"' in page
    assert boxes(read(client, f"{COSMICS}?plot=Info%2FEventInfo%2FiRun")) == [], "a number is no plot"


@pytest.mark.parametrize("listed", ["q=a", "failing=1"])
def test_a_list_of_which_more_was_shown_is_as_long_again(client: FlaskClient, listed: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for module, size in ((views, "TILES_PER_PAGE"), (failing, "ROWS_PER_PAGE")):
        monkeypatch.setattr(module, size, 5)
    items = [read(client, f"{COSMICS}?{listed}{more}").count("data-item>") for more in ("", "&upto=5", "&upto=7", "&upto=x")]
    assert items == [5, 5, 7, 5]


def test_marks_stay_on_the_way_to_other_folders_plots_and_runs(client: FlaskClient) -> None:
    page = read(client, f"{FOLDER}?{MARKS}")
    for address in (step(page, "m"), step(page, "p"), re.findall(r'<a class="stop" href="([^"]*)"', page)[0]):
        assert [value for name, value in parse_qsl(urlsplit(html.unescape(address)).query) if name == "mark"] == NAMES


def test_marked_plots_are_side_by_side_in_the_order_of_the_address_each_with_a_link_to_its_page(client: FlaskClient) -> None:
    page = read(client, SIDE_BY_SIDE)
    assert "3 marked plots" in words(page)
    assert [path for _, path, _ in drawn(page)] == NAMES
    assert all(client.get(address).status_code == 200 for address in images(page))
    plot = read(client, html.unescape(re.findall(r'<a class="stop" href="([^"]*)"', page)[1]))
    assert "2 of 3" in words(plot)  # previous and next lead through the marked plots
    assert parse_qs(urlsplit(step(plot, "j")).query)["plot"] == [NAMES[2]]
    assert parse_qs(urlsplit(step(plot, "u")).query)["show"] == ["marked"]


def test_one_range_is_that_of_all_marked_plots_also_of_those_with_a_range_of_their_own(client: FlaskClient) -> None:
    own = f"me1={quote(NAMES[1], safe='')}&me1.xmin=7&me1.xmax=8&me1.ytype=log"
    options = [query for _, _, query in drawn(read(client, f"{SIDE_BY_SIDE}&xmin=-5&xmax=5&{own}"))]
    assert [(query["xmin"], query["xmax"]) for query in options] == [(["-5"], ["5"])] * 3
    assert [query.get("ytype") for query in options] == [None, ["log"], None]


def test_a_wrong_range_of_marked_plots_is_named_at_its_field_and_the_plots_stay(client: FlaskClient) -> None:
    page = read(client, f"{SIDE_BY_SIDE}&xmin=5&xmax=2", 400)
    assert "xmax: " in words(page)
    assert re.search(r'name="xmax"[^>]*aria-invalid="true"', page)
    assert [path for _, path, _ in drawn(page)] == NAMES


def test_references_are_in_marked_plots_or_beside_them(client: FlaskClient) -> None:
    compared = images(read(client, f"{SIDE_BY_SIDE}&ref=367100"))
    assert len(compared) == 3
    for address, name in zip(compared, NAMES, strict=True):
        objects = parse_qs(urlsplit(address).query)["obj"]
        assert objects == [f"archive/367129{ZERO_BIAS}/{name}", f"archive/367100{ZERO_BIAS}/{name}"]
    beside = drawn(read(client, f"{SIDE_BY_SIDE}&ref=367100&compare=side"))
    assert [(run, path) for run, path, _ in beside] == [(run, name) for name in NAMES for run in ("367129", "367100")]


def test_a_marked_plot_that_this_sample_lacks_says_so(client: FlaskClient) -> None:
    page = read(client, SIDE_BY_SIDE.replace(ZERO_BIAS, MUON) + "&mark=A%2Fmissing")
    assert [path for _, path, _ in drawn(page)] == NAMES
    assert re.search(r"A/\S*missing.*Not in this sample", words(page))


def test_a_page_of_marked_plots_without_marks_says_how_to_mark(client: FlaskClient) -> None:
    page = read(client, f"{FOLDER}?show=marked")
    assert "0 marked plots" in words(page)
    assert "space bar" in words(page)
    assert images(page) == []


def test_marks_of_names_that_forms_change_are_kept_by_a_form_without_scripts(client: FlaskClient) -> None:
    page = read(client, f"{FOLDER}?mark=caf%E9&mark=a%0Ab&mark=%CE%B7")
    form = re.search(r'<form class="marks.*?</form>', page, re.DOTALL)
    assert form
    fields = [(name, html.unescape(value)) for name, value in re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)"', form[0])]
    assert fields == [("mark", "η"), ("mark*", "a%0Ab"), ("mark*", "caf%E9")]
    sent = read(client, f"{FOLDER}?{urlencode(fields)}")
    assert {value for name, value in parse_qsl(urlsplit(step(sent, "m")).query, encoding="latin1") if name == "mark"} == {
        "caf\xe9",
        "a\nb",
        "\xce\xb7",
    }


@pytest.mark.parametrize(("plots", "columns"), [(0, 1), (1, 1), (2, 2), (3, 3), (4, 3), (6, 4), (8, 4), (20, 7), (200, 7)])
def test_the_grid_is_about_twice_as_wide_as_high(plots: int, columns: int) -> None:
    assert columns_of(plots) == columns


@pytest.fixture(scope="session")
def plots(demo_files: list[Path]) -> list[str]:
    """The paths of the plots of the sample, in the order of lists."""
    return [me.path for me in read_mes(demo_file(demo_files, "367129__ZeroBias")) if me.class_name not in {"i", "f", "s"}]


def test_a_slide_show_leads_through_the_plots_of_a_folder_and_begins_again(client: FlaskClient, plots: list[str]) -> None:
    folder = [path for path in plots if path.rpartition("/")[0] == TASK]
    address, seen = f"{FOLDER}?slide=7", []
    for _ in range(len(folder) + 1):
        page = read(client, address)
        assert 'data-interval="7"' in page
        seen.append(drawn(page)[0][1])
        address = step(page, "ArrowRight")
    assert seen == [*folder, folder[0]]
    assert drawn(read(client, step(page, "ArrowLeft")))[0][1] == folder[-1]
    assert step(page, "Escape") == FOLDER


@pytest.mark.parametrize("listed", ["q=timing+EB%2B", f"{MARKS}&show=marked"])
def test_a_slide_show_leads_through_a_search_and_through_marked_plots(client: FlaskClient, plots: list[str], listed: str) -> None:
    found = [path for path in plots if "timing" in path.lower() and "eb+" in path.lower()]
    listing = found if listed.startswith("q=") else NAMES
    assert len(listing) > 2
    page = read(client, f"{FOLDER}?{listed}&slide=2")
    assert f"1 of {len(listing)}" in words(page)
    assert drawn(read(client, step(page, "ArrowRight")))[0][1] == listing[1]
    assert parse_qs(urlsplit(step(page, "Escape")).query) == parse_qs(listed)


def test_a_slide_show_has_no_numbers_and_says_when_no_plot_is_left(client: FlaskClient) -> None:
    assert "No plots to show" in words(read(client, f"/browse/367129{ZERO_BIAS}?slide=5"))


def test_the_list_of_plots_has_a_link_that_starts_a_slide_show(client: FlaskClient) -> None:
    page = read(client, FOLDER)
    assert f'href="{FOLDER}?slide=5">Slide show' in page
    assert links(page, "Show side by side") == []


@pytest.mark.parametrize("page", [f"plot={quote(NAMES[0], safe='')}", "slide=5", f"{MARKS}&show=marked", "failing=1&slide=5"])
@pytest.mark.parametrize(
    ("search", "problem"), [("status:eror", "status:eror is unknown. Known are error, warning"), ("/(/", "/(/ is not a usable regular")]
)
def test_a_wrong_search_is_named_also_where_the_page_has_no_search_box(client: FlaskClient, page: str, search: str, problem: str) -> None:
    answer = read(client, f"{FOLDER}?{page}&q={quote(search, safe='')}", 400)
    assert f"A field of this address is wrong and left out: q : {problem}" in words(answer)
    assert re.findall(r'href="([^"]*[?;]q=[^"]*)"', answer) == [], "the steps from here are those of the list without it"
