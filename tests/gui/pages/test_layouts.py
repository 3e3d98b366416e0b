"""Layouts on the pages of a sample: their folders, grids, the plots in them, and what they say about these."""

from __future__ import annotations

import html
import re

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.core.settings import Settings
from app.gui.layouts.importing.bulk_import import import_all
from app.gui.layouts.layout import Example, Layout, PlotCell, ShiftHelp
from app.gui.pages import listing, matches
from app.security import Role, accounts
from tests.gui.pages.pages import COSMICS, HTMX, ZERO_BIAS, read, words
from tests.security.conftest import HOME, PASSWORD, sign_in

TRACKS = "PixelPhase1/Tracks/PXBarrel"
SHIFT = "00 Shift/PixelPhase1"
"""Folder of layouts, in which the sample has no monitor elements."""
SHIFT_PAGE = f"{COSMICS}/00%20Shift/PixelPhase1"
LAYER = f"{TRACKS}/charge_PXLayer_%d"
ABSENT = "PixelPhase1/Nowhere/absent"


def layout(path: str, *rows: tuple[PlotCell | None, ...], scope: str = "offline", text: str = "") -> Layout:
    return Layout(path, (scope,), rows, help=text)


LAYERS = layout(
    f"{SHIFT}/01 Layers",
    (PlotCell(LAYER % 1, "Look <b>here</b><script>alert(1)</script>"), None, PlotCell(LAYER % 2, reference="no")),
    (PlotCell(ABSENT), PlotCell(LAYER % 3, draw=(("ytype", "log"),)), PlotCell("EcalBarrel/EventInfo/reportSummary")),
    text="Charge <i>on track</i>",
)
GONE = layout(f"{SHIFT}/02 Gone", (PlotCell(ABSENT),))
HELP = ShiftHelp(Example(f"367129{ZERO_BIAS}", "one peak"), Example("", "two peaks"), "Note it in the e-log.", "Pixel expert: 16-5555")
ONE = layout(f"{TRACKS}/00 One", (PlotCell(LAYER % 1, "With help", (("xtype", "log"),), help=HELP),))
ONLINE = layout(f"{SHIFT}/03 Online", (PlotCell(LAYER % 1),), scope="online")


@pytest.fixture(autouse=True)
def layouts(hub: Settings) -> None:
    import_all([LAYERS, GONE, ONE, ONLINE])


def folders(page: str) -> dict[str, str]:
    """The folders of a page with what they contain."""
    found = re.findall(r'class="name">([^<]*)</bdi>.*?class="count" title="([^"]*)"', page.replace("<wbr>", ""), re.S)
    return {html.unescape(name): content for name, content in found}


def tiles(page: str) -> dict[str, str]:
    """The HTML of each layout of a page by its name."""
    found = re.findall(r'<li class="tile layout(?:(?!<li class="tile).)*', page.replace("<wbr>", ""), re.S)
    return {html.unescape(re.search(r'class="name">([^<]*)<', each)[1]): each for each in found}


def cells(tile: str) -> list[str]:
    """The cells of a grid, row by row: the name of the monitor element, "" for a gap."""
    found = re.findall(r'<li( class="gap")?[^>]*>(.*?)</li>', tile[tile.index('<ul class="grid') :], re.S)
    return ["" if gap else words(re.search(r'class="name">(.*?)</bdi>', cell)[1]) for gap, cell in found]


def image(tile: str, name: str) -> str:
    """The address of the picture of a monitor element."""
    (found,) = re.findall(rf'src="([^"]*/{name}\?[^"]*|[^"]*render_overlay[^"]*)"[^>]*alt="Plot {name}', tile)
    return html.unescape(found)


def test_folders_of_layouts_stand_among_those_of_the_sample_with_their_plots(client: FlaskClient) -> None:
    found = folders(read(client, COSMICS))
    assert found["00 Shift"] == "6 plots in layouts"
    assert re.fullmatch(r"\d+ monitor elements, 1 plot in layouts", found["PixelPhase1"])
    assert list(found) == sorted(found)
    assert folders(read(client, f"{COSMICS}/00%20Shift")) == {"PixelPhase1": "6 plots in layouts"}


def test_a_layout_is_a_grid_with_its_rows_columns_and_gaps_at_every_size(client: FlaskClient) -> None:
    for size in ("s", "m", "l", "xl"):
        tile = tiles(read(client, f"{SHIFT_PAGE}?size={size}"))["01 Layers"]
        assert "columns-3" in tile
        assert cells(tile) == ["charge_PXLayer_1", "", "charge_PXLayer_2", "absent", "charge_PXLayer_3", "reportSummary"]
    assert 'loading="lazy"' in tile
    assert words(tile).count("not in this sample") == 1


def test_the_same_plot_in_a_layout_and_in_its_folder_is_one_picture(client: FlaskClient) -> None:
    of_layout = image(tiles(read(client, SHIFT_PAGE))["01 Layers"], "charge_PXLayer_1")
    assert of_layout.startswith(f"/api/v1/render{COSMICS.removeprefix('/browse')}/{LAYER % 1}?")
    assert f'src="{html.escape(of_layout)}"' in read(client, f"{COSMICS}/{TRACKS}")


def test_drawing_options_and_no_reference_of_a_layout_hold_for_its_plots_alone(client: FlaskClient) -> None:
    tile = tiles(read(client, f"{SHIFT_PAGE}?ref=367129{ZERO_BIAS}"))["01 Layers"]
    assert "ytype=log" in image(tile, "charge_PXLayer_3")
    assert "render_overlay" in image(tile, "charge_PXLayer_1")
    assert "render_overlay" not in image(tile, "charge_PXLayer_2")
    assert words(tile).count("No reference here") == 1


def test_a_layout_has_the_worst_status_of_its_plots_and_a_struck_title_without_any(client: FlaskClient) -> None:
    found = tiles(read(client, SHIFT_PAGE))
    assert set(found) == {"01 Layers", "02 Gone"}
    assert re.findall(r'badge-text">([^<]*)<', found["01 Layers"])[0] == "error"
    assert "<s>" in found["02 Gone"]
    assert "layout-empty" in found["02 Gone"]
    assert "<s>" not in found["01 Layers"]


def test_descriptions_are_html_without_what_could_harm(client: FlaskClient) -> None:
    tile = tiles(read(client, SHIFT_PAGE))["01 Layers"]
    assert "Charge <i>on track</i>" in tile
    assert "Look <b>here</b>" in tile
    assert "alert" not in tile


def test_a_layout_alone_is_the_folder_of_its_path(client: FlaskClient) -> None:
    page = read(client, f"{SHIFT_PAGE}/01%20Layers")
    assert list(tiles(page)) == ["01 Layers"]
    assert "1 layout" in words(page)
    assert client.get(f"{SHIFT_PAGE}/04").status_code == 404


def test_layouts_stand_before_the_monitor_elements_of_a_folder(client: FlaskClient) -> None:
    page = read(client, f"{COSMICS}/{TRACKS}")
    assert re.search(r"1 layout, \d+ monitor elements", words(page))
    assert page.index("00 One") < page.index('alt="Plot charge_PXLayer_2')


def test_a_plot_of_a_layout_has_its_options_help_and_neighbours(client: FlaskClient) -> None:
    page = read(client, f"{SHIFT_PAGE}/01%20Layers?plot={LAYER % 3}")
    assert "Back to layout" in page
    assert "3 of 4" in words(page)
    large = re.search(r'plot-large" src="([^"]*)"', page)
    assert large
    assert "ytype=log" in large[1]
    assert re.search(r'<option value=""[^>]*>log</option>', page), "the form names the scale of the layout"
    of_view = re.search(r'plot-large" src="([^"]*)"', read(client, f"{SHIFT_PAGE}/01%20Layers?plot={LAYER % 3}&ytype=lin"))
    assert of_view
    assert "ytype=lin" in of_view[1]


def test_help_has_examples_of_their_samples_what_to_do_and_whom_to_call(client: FlaskClient) -> None:
    page = read(client, f"{COSMICS}/{TRACKS}/00%20One?plot={LAYER % 1}")
    found = words(page)
    for part in ("With help", "one peak", "two peaks", "Note it in the e-log.", "Pixel expert: 16-5555"):
        assert part in found
    assert f'src="/api/v1/render/367129{ZERO_BIAS}/{LAYER % 1}?w=266&amp;h=200&amp;xtype=log"' in page


def test_a_plot_outside_of_layouts_names_them_and_has_their_help(client: FlaskClient) -> None:
    page = read(client, f"{COSMICS}/{TRACKS}?plot={LAYER % 1}")
    for path in (LAYERS.path, ONE.path):
        assert f"<bdi>{path}</bdi>" in page
    assert "Note it in the e-log." in page
    assert "xtype=log" not in re.search(r'plot-large" src="([^"]*)"', page)[1]


def test_only_failing_shows_layouts_folders_and_plots_that_fail(client: FlaskClient) -> None:
    assert set(tiles(read(client, f"{SHIFT_PAGE}?only=failing"))) == {"01 Layers"}
    page = read(client, f"{COSMICS}/{TRACKS}?only=failing")
    assert "charge_PXLayer_3" in page
    assert "charge_PXLayer_2" not in page
    top = read(client, f"{COSMICS}?only=failing")
    assert 0 < len(folders(top)) < len(folders(read(client, COSMICS)))
    assert "No plots here fail" in words(read(client, f"{COSMICS}/Info/EventInfo?only=failing"))


def test_failing_tests_of_plots_in_layouts_are_listed_in_the_folders_of_these(client: FlaskClient) -> None:
    """A list without them is a false all-clear."""
    for address in (f"{COSMICS}/00%20Shift", SHIFT_PAGE, f"{SHIFT_PAGE}/01%20Layers"):
        page = read(client, f"{address}?failing=1")
        assert f"{LAYER % 3}".rpartition("/")[2] in page
        assert "charge_PXLayer_2" not in page
    assert "1 of 1" in words(read(client, f"{SHIFT_PAGE}?failing=1&plot={LAYER % 3}"))


def test_an_old_link_with_the_filter_of_alarms_shows_layouts_that_fail(client: FlaskClient) -> None:
    key = COSMICS.removeprefix("/browse/")
    run, _, dataset = key.partition("/")
    answer = client.get(f"/start?runnr={run};dataset=/{dataset};root=00%20Shift;filter=alarms", follow_redirects=True)
    assert folders(answer.text) == {"PixelPhase1": "6 plots in layouts"}


def test_a_folder_that_does_not_exist_is_not_said_to_have_no_failing_tests(client: FlaskClient) -> None:
    assert client.get(f"{COSMICS}/00%20Shift/Gone?failing=1").status_code == 404


def test_only_reference_shows_what_a_reference_has(client: FlaskClient) -> None:
    read(client, f"/browse/367129{ZERO_BIAS}")  # so its list has been read
    found = tiles(read(client, f"{SHIFT_PAGE}?only=reference&ref=367129{ZERO_BIAS}"))
    assert set(found) == {"01 Layers"}
    assert tiles(read(client, f"{SHIFT_PAGE}?only=reference&ref=1")) == {}


def test_a_search_finds_layouts_by_path(client: FlaskClient) -> None:
    page = read(client, f"{COSMICS}?q=shift+LAYERS", **HTMX)
    assert list(tiles(page)) == ["01 Layers"]
    assert "1 match for" in words(page)
    assert f'class="where" href="{SHIFT_PAGE}"' in page
    assert tiles(read(client, f"{COSMICS}?q=shift+status:error", **HTMX)) == {}


def test_a_search_shows_monitor_elements_before_layouts_and_folds_those_without_plots(client: FlaskClient) -> None:
    import_all([layout(f"Many/charge {number:03}", (PlotCell(ABSENT),)) for number in range(103)])
    import_all([layout("Many/charge here", (PlotCell(LAYER % 1),))])
    page = read(client, f"{COSMICS}?q=charge", **HTMX)
    assert re.search(r"\d+ matches, 1 layout for charge", words(page))
    assert page.index('alt="Plot charge_PXLayer_2') < page.index("charge here")
    assert list(tiles(page)) == ["charge here"]
    assert "First 100 of many layouts without plots in this sample" in words(page)
    (address,) = re.findall(r'href="([^"]*)">Go to the layouts', page)
    assert 'alt="Plot charge_PXLayer_2' not in read(client, html.unescape(address))
    assert "1 layout without plots in this sample" in words(read(client, f"{COSMICS}?q=02+gone", **HTMX))


def test_filters_of_a_search_see_all_matches_before_their_number_is_limited(client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    """Otherwise "No plots here fail" is a false all-clear."""
    read(client, f"/browse/367129{ZERO_BIAS}")  # so its list has been read
    import_all([layout(f"0 First/{number} layers", (PlotCell(LAYER % 1),)) for number in range(3)])
    monkeypatch.setattr(matches, "MAX_MATCHES", 2)
    monkeypatch.setattr(listing, "MAX_MATCHES", 2)
    for filtered in ("only=failing", "first=failing"):
        page = read(client, f"{COSMICS}?q=layers&{filtered}", **HTMX)
        assert "01 Layers" in tiles(page)
        page = read(client, f"{COSMICS}?q=charge_PXLayer&{filtered}", **HTMX)
        assert 'alt="Plot charge_PXLayer_3' in page
    assert "First 2 of many matches" in words(read(client, f"{COSMICS}?q=layers", **HTMX))
    assert "First 2 of many" in words(read(client, f"{COSMICS}?q=charge&only=reference&ref=367129{ZERO_BIAS}", **HTMX))
    assert "No plots here with a reference" in words(read(client, f"{COSMICS}?q=charge&only=reference&ref=1", **HTMX))


def test_a_monitor_element_that_is_twice_in_a_layout_has_a_large_plot_for_each(client: FlaskClient) -> None:
    twice = (PlotCell(LAYER % 1, "first"), PlotCell(LAYER % 1, "second", draw=(("ytype", "log"),)), PlotCell(LAYER % 2))
    import_all([layout("Twice/Both", twice)])
    place = f"{COSMICS}/Twice/Both"
    addresses = [html.unescape(each) for each in re.findall(r'<a class="stop" href="([^"]*plot=[^"]*)"', read(client, place))]
    assert ["cell=2" in each for each in addresses] == [False, True, False]
    first, second, third = (read(client, each) for each in addresses)
    large = [re.search(r'plot-large" src="([^"]*)"', page)[1] for page in (first, second)]
    assert ["ytype=log" in each for each in large] == [False, True]
    assert [re.search(r"About this plot (\w+)", words(page))[1] for page in (first, second)] == ["first", "second"]
    assert [f"{number} of 3" in words(page) for number, page in enumerate((first, second, third), 1)] == [True] * 3
    assert f'rel="next" data-key="j" href="{html.escape(addresses[1])}"' in first
    assert f'rel="prev" data-key="k" href="{html.escape(addresses[1])}"' in third
    assert "2 of 3" in words(read(client, f"{addresses[1]}&slide=5"))
    assert client.get(f"{addresses[0]}&cell=0").status_code == 400


def test_gaps_and_plots_of_one_name_show_what_makes_their_paths_different(client: FlaskClient) -> None:
    import_all([layout("Maps/All", tuple(PlotCell(f"{path}/reportSummaryMap") for path in ("Csc/EventInfo", "Dt/EventInfo", "Dt/Other")))])
    tile = tiles(read(client, f"{COSMICS}/Maps/All"))["All"]
    assert cells(tile) == ["Csc/EventInfo/reportSummaryMap", "Dt/EventInfo/reportSummaryMap", "Other/reportSummaryMap"]
    assert "Other/reportSummaryMap in Dt not in this sample" in words(tile), "a gap has the whole path"
    assert "absent in PixelPhase1/Nowhere not in this sample" in words(tiles(read(client, SHIFT_PAGE))["02 Gone"])


def test_previous_and_next_lead_through_the_layouts_of_a_folder(client: FlaskClient) -> None:
    import_all([layout(f"Row/{number}", (PlotCell(LAYER % number),)) for number in (1, 2, 3)])
    page = read(client, f"{COSMICS}/Row/2?plot={LAYER % 2}")
    assert "2 of 3" in words(page)
    assert [f"{COSMICS}/Row/{number}?plot=" in page for number in (1, 3)] == [True, True]
    assert re.search(rf'data-key="u" href="{COSMICS}/Row" title="Back to folder', page)
    slide = read(client, f"{COSMICS}/Row?slide=5")
    assert "1 of 3" in words(slide)
    assert f"{COSMICS}/Row/2?" in slide
    assert "Slide show" in words(read(client, f"{COSMICS}/Row"))


def test_the_filter_of_a_layout_holds_for_the_way_through_its_plots(client: FlaskClient) -> None:
    assert "1 of 1" in words(read(client, f"{SHIFT_PAGE}/01%20Layers?only=failing&plot={LAYER % 3}"))


def test_a_large_plot_that_the_sample_lacks_has_neighbours_in_its_layout(client: FlaskClient) -> None:
    answer = client.get(f"{SHIFT_PAGE}/01%20Layers?plot={ABSENT}")
    assert answer.status_code == 404
    assert "Not in this list of 4" in words(answer.text)
    assert re.search(r'rel="prev"[^>]*title="charge_PXLayer_2', answer.text)
    assert re.search(r'rel="next"[^>]*title="charge_PXLayer_3', answer.text)


def test_overlays_that_the_sample_lacks_are_named_and_not_drawn(client: FlaskClient) -> None:
    import_all([layout("Over/Some", (PlotCell(LAYER % 1, overlay=(LAYER % 2, ABSENT)), PlotCell(LAYER % 3, overlay=(ABSENT,))))])
    tile = tiles(read(client, f"{COSMICS}/Over/Some"))["Some"]
    assert words(tile).count(f"Overlay {ABSENT} not in this sample") == 2
    assert ABSENT not in html.unescape(image(tile, "charge_PXLayer_1"))
    assert image(tile, "charge_PXLayer_3").startswith("/api/v1/render/"), "it is the picture of the plot alone"
    page = read(client, f"{COSMICS}/Over/Some?plot={LAYER % 3}")
    assert f"Overlay {ABSENT} not in this sample" in words(page)
    assert "/api/v1/render_overlay" not in page


def test_an_example_of_a_sample_that_is_not_here_says_so(client: FlaskClient) -> None:
    help = ShiftHelp(Example("1/No/Such/Sample", "note"), Example(f"//{LAYER % 2}"))
    import_all([layout("Ex/Ample", (PlotCell(LAYER % 1, help=help),))])
    page = read(client, f"{COSMICS}/Ex/Ample?plot={LAYER % 1}")
    assert "There is no run 1 of /No/Such/Sample here: an expert can choose another example in the layout" in words(page)
    assert "/browse/1/No" not in page
    assert f'href="{COSMICS}/{TRACKS}?plot={(LAYER % 2).replace("/", "%2F")}"' in page


def test_who_may_not_change_a_layout_is_offered_its_history_alone(app: Flask, client: FlaskClient) -> None:
    address = f"{SHIFT_PAGE}/01%20Layers"
    assert ">History</a>" in read(client, address)
    accounts.add("ada", Role.EXPERT, PASSWORD)
    ada = app.test_client()
    ada.environ_base["HTTP_ORIGIN"] = HOME
    sign_in(ada, "ada")
    assert ">Edit, history</a>" in read(ada, address)


def test_a_long_list_of_layouts_is_loaded_in_parts(client: FlaskClient) -> None:
    import_all([layout(f"Many/{number:03}", (PlotCell(LAYER % 1),)) for number in range(203)])
    page = read(client, f"{COSMICS}/Many")
    assert len(tiles(page)) == 200
    assert "Show more (3 remaining)" in words(page)
    assert len(tiles(read(client, f"{COSMICS}/Many?from=200", **HTMX))) == 3


def test_a_slide_show_goes_through_the_plots_of_a_layout_as_it_draws_them(client: FlaskClient) -> None:
    page = read(client, f"{SHIFT_PAGE}/01%20Layers?slide=5&plot={LAYER % 3}")
    assert "3 of 3" in words(page)
    assert "ytype=log" in page
