"""The page of a large plot without a browser: what it says of the plot, its neighbours, and drawing options."""

from __future__ import annotations

import html
import re
from html import unescape
from pathlib import Path

import pytest
import uproot
from flask.testing import FlaskClient

from app.security import Role, tokens
from app.security.models import User
from tests.gui.pages.pages import COSMICS, HTMX, MUON, ZERO_BIAS, read, words


def test_a_large_plot_shows_its_class_path_file_and_every_quality_test(client: FlaskClient, demo_files: list[Path]) -> None:
    page = read(client, f"{COSMICS}/Muons/diMuonHistograms?plot=Muons/diMuonHistograms/GlbGlbMuon_HM")
    page_text = words(page)
    assert "Class TH1F Path Muons/diMuonHistograms/GlbGlbMuon_HM" in page_text
    file = next(file for file in demo_files if "Cosmics" in file.name)
    assert f"File {file.name} " in page_text, "viewers do not see its folder"
    shifter = User.create(name="shifter", role=Role.SHIFTER, password="", created=0.0)
    ours = {"Authorization": f"Bearer {tokens.make(shifter, 'test', Role.SHIFTER, days=1)[1]}"}
    assert f"File {file} " in words(read(client, f"{COSMICS}/Muons/diMuonHistograms?plot=Muons/diMuonHistograms/GlbGlbMuon_HM", **ours))
    assert re.findall(r"<b><bdi>([^<]*)</bdi></b>", page) == ["width", "peak"]
    assert "RMS 9.1 outside of [5, 9]" in page_text
    assert re.search(r'class="plot plot-large" src="/api/v1/render/367140/[^"]*GlbGlbMuon_HM\?w=720&amp;h=540"', page)


def test_the_details_of_a_plot_have_entries_and_axes_as_uproot_reads_them(client: FlaskClient, demo_files: list[Path]) -> None:
    with uproot.open(next(file for file in demo_files if "Cosmics" in file.name)) as file:
        for path in ["Muons/diMuonHistograms/GlbGlbMuon_HM", "RPC/EventInfo/reportSummaryMap"]:
            subsystem, rest = path.split("/", 1)
            histogram = file[f"DQMData/Run 367140/{subsystem}/Run summary/{rest}"]
            page_text = words(read(client, f"{COSMICS}?plot={path}&details=1", **HTMX))
            assert page_text.startswith(f"Entries {int(histogram.member('fEntries')):,} Title {histogram.title}")
            for axis, name in zip(histogram.axes, "XYZ", strict=False):
                assert re.search(rf"{name} .*{axis.member('fNbins')} bins from {axis.low:g} to {axis.high:g}", page_text)


def test_the_plots_before_and_after_are_those_of_the_folder_or_of_the_search(client: FlaskClient) -> None:
    folder = f"{COSMICS}/EcalBarrel/EBTimingTask"
    path = "EcalBarrel/EBTimingTask/EBTMT%20timing%20EB%2B02"
    assert "2 of 36" in words(read(client, f"{folder}?plot={path}"))
    assert "1 of 2 Next" in words(read(client, f"{COSMICS}?plot={path}&q=timing+02"))


def test_previous_and_next_stay_in_place_at_the_ends(client: FlaskClient) -> None:
    page = read(client, f"{COSMICS}/EcalBarrel/EBTimingTask")
    plots = [html.unescape(address) for address in re.findall(r'class="stop" href="([^"]*plot=[^"]*)"', page)]
    for address in (plots[0], plots[1], plots[-1]):
        steps = words(read(client, address).partition('aria-label="Plots"')[2])
        assert re.match(r"\W*Previous \d+ of \d+ Next ", steps)


def test_drawing_options_are_kept_in_links_to_neighbours(client: FlaskClient) -> None:
    page = read(client, f"{COSMICS}/EcalBarrel/EBTimingTask?plot=EcalBarrel/EBTimingTask/EBTMT%20timing%20EB%2B02&ytype=log&ymin=0")
    assert re.search(r'plot-large" src="[^"]*&amp;ytype=log&amp;ymin=0"', page)
    assert re.search(r'rel="next" data-key="j" href="[^"]*&amp;ytype=log&amp;ymin=0"', page)
    assert '<option value="log" selected>' in page
    assert 'name="ymin" type="number" step="any" value="0"' in page
    assert 'name="zmin"' not in page, "a histogram of one dimension has no third axis"


@pytest.mark.parametrize(
    ("wrong", "field", "problem"),
    [
        ("xmin=abc", "xmin", "xmin: 'abc' is not a number"),
        ("xmin=50&xmax=20", "xmax", "xmax: 20 is not above xmin, 50"),
        ("drawopts=nonsense", "drawopts", "drawopts: 'nonsense' is not a draw option of ROOT; known are ARR"),
    ],
)
def test_a_wrong_drawing_option_marks_its_field_and_keeps_the_plot_that_is_shown(
    client: FlaskClient, wrong: str, field: str, problem: str
) -> None:
    plot = f"{COSMICS}/EcalBarrel/EBTimingTask?plot=EcalBarrel/EBTimingTask/EBTMT%20timing%20EB%2B02"
    shown = re.search(r'plot-large" src="([^"]*)"', read(client, f"{plot}&xmin=5&xmax=70"))
    answer = client.get(
        f"{plot}&{wrong}", headers={**HTMX, "HX-Target": "stage", "HX-Current-URL": f"http://127.0.0.1{plot}&xmin=5&xmax=70"}
    )
    assert problem in words(answer.text)
    assert re.findall(r'name="(\w+)"[^>]* aria-invalid="true"', answer.text) == [field]
    assert shown
    assert f'plot-large" src="{shown[1]}"' in answer.text
    assert answer.headers["HX-Push-Url"] == "false"
    alone = read(client, f"{plot}&{wrong}", 400)
    assert problem in words(alone), "an address that was pasted"
    image = re.search(r'plot-large" src="([^"]*)"', alone)
    assert image
    assert client.get(unescape(image[1])).status_code == 200


def test_a_wrong_drawing_option_is_named_whatever_page_the_browser_says_that_it_shows(client: FlaskClient) -> None:
    plot = f"{COSMICS}/EcalBarrel/EBTimingTask?plot=EcalBarrel/EBTimingTask/EBTMT%20timing%20EB%2B02"
    answer = client.get(f"{plot}&xmin=abc", headers={**HTMX, "HX-Target": "stage", "HX-Current-URL": "http://["})
    assert "xmin: 'abc' is not a number" in words(answer.text)


def test_a_plot_missing_in_another_run_stays_selected_and_is_reported_missing(client: FlaskClient) -> None:
    page = read(client, f"{COSMICS}?plot=Not/There", 404)
    assert "Run 367140 of /Cosmics/Run2023C-Demo-v1/DQMIO has no monitor element Not/There" in words(page)


def test_the_arrows_of_the_run_keep_folder_plot_and_options(client: FlaskClient) -> None:
    page = read(client, f"/browse/367129{ZERO_BIAS}/DT/EventInfo?plot=DT/EventInfo/reportSummaryMap&ztype=log")
    before = re.search(r'href="([^"]*)" aria-label="Previous run"', page)
    assert before
    address = html.unescape(before[1])
    assert address == f"/browse/367100{ZERO_BIAS}/DT/EventInfo?plot=DT%2FEventInfo%2FreportSummaryMap&ztype=log"
    assert "reportSummaryMap" in read(client, address)
    assert f'href="/browse/367129{MUON}/DT/EventInfo?' in page, "other datasets of the run are offered"
