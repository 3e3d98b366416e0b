"""The panel that compares plots: its legend names each reference and what it lacks, shortcuts and completions lead to more."""

from __future__ import annotations

import html
import re
import shutil
from pathlib import Path
from urllib.parse import parse_qs, quote, urlencode, urlsplit

import pytest
from flask.testing import FlaskClient

from app.core.settings import Settings
from app.gui import samples
from app.gui.catalog.stored import find_sample
from app.gui.files.register import IMPORT
from app.gui.references import MAX_REFERENCES
from app.gui.samples import SampleKey
from app.queue.models import BackgroundJob
from tests.gui.pages.pages import COSMICS, HTMX, MUON, ZERO_BIAS, read, words
from tests.support import gui
from tests.support.processes import until

FOLDER = f"/browse/367129{ZERO_BIAS}/EcalBarrel/EBTimingTask"
BARREL = "EcalBarrel/EBTimingTask/EBTMT timing EB+02"
MAP = "PixelPhase1/EventInfo/reportSummaryMap"
PLOT = f"{FOLDER}?plot=EcalBarrel/EBTimingTask/EBTMT%20timing%20EB%2B02"


def images(page: str) -> list[str]:
    """The addresses of the plots of a page."""
    return [html.unescape(address) for address in re.findall(r'<img class="plot[^"]*" src="([^"]*)"', page)]


def references(page: str) -> list[str]:
    """The lines of the legend."""
    found = re.search(r'<ol class="references".*?</ol>', page, re.DOTALL)
    return [words(line) for line in re.findall(r"<li>.*?</li>", found[0] if found else "", re.DOTALL)]


def links(page: str, title: str) -> list[str]:
    """The addresses of links whose text begins with a title."""
    return [
        html.unescape(address)
        for address, name in re.findall(r'<a class="button quiet" href="([^"]*)"[^>]*>([^<]*)', page)
        if name.startswith(title)
    ]


def test_each_tile_of_a_folder_is_one_picture_with_all_references(client: FlaskClient) -> None:
    alone, compared = read(client, FOLDER), read(client, f"{FOLDER}?ref=367100&ref={MUON}&label1=before&compare=stacked")
    assert len(images(compared)) == len(images(alone)) == 36
    query = parse_qs(urlsplit(images(compared)[1]).query)
    runs = [f"archive/367129{ZERO_BIAS}", f"archive/367100{ZERO_BIAS}", f"archive/367129{MUON}"]
    assert query["obj"] == [f"{run}/{BARREL}" for run in runs]
    assert (query["reflabel"], query["ref"]) == (["before", MUON], ["stacked"])
    assert client.get(images(compared)[1]).status_code == 200


def test_references_beside_a_plot_are_pictures_of_their_own(client: FlaskClient) -> None:
    own, other = images(read(client, f"{PLOT}&ref=367100&compare=side"))
    assert [urlsplit(address).path.split("/")[4] for address in (own, other)] == ["367129", "367100"]
    assert client.get(other).status_code == 200


def test_a_reference_without_the_plot_says_so_and_the_others_keep_their_colours(client: FlaskClient) -> None:
    client.get(f"/api/v1/archive/367100{ZERO_BIAS}/")
    page = read(client, f"{PLOT}&ref=999&ref=//Not/There&ref=367100")
    gone, lacking, good = references(page)
    assert f"There is no run 999 of {ZERO_BIAS}" in gone
    assert "has no Not/There" in lacking
    assert good == "Run 367100 Remove"
    assert re.findall(r'<li><span class="swatch colour-(\d)', page) == ["1", "2", "3"]
    assert "reflabel=Run%20999&reflabel=There&reflabel=Run%20367100" in images(page)[0]


def test_a_tile_names_the_references_without_its_plot(client: FlaskClient) -> None:
    page = read(client, f"{FOLDER}?ref=//{BARREL.replace(' ', '%20').replace('+', '%2B')}&ref=//Not/There")
    assert words(page).count("Not in There") == 36


@pytest.mark.parametrize("reference", ["367100&label1=before", "%20367100%20", f"367100{ZERO_BIAS}"])
def test_a_reference_is_not_offered_again_whatever_its_words_and_label(client: FlaskClient, reference: str) -> None:
    assert links(read(client, PLOT), "Previous run")
    assert not links(read(client, f"{PLOT}&ref={reference}"), "Previous run")


def test_a_dataset_that_is_a_reference_is_not_offered_again(client: FlaskClient) -> None:
    choice = f'<option value="{MUON}"'
    assert choice in read(client, PLOT)
    assert choice not in read(client, f"{PLOT}&ref=367129{MUON}&label1=other")


def test_the_difference_of_a_page_is_scaled_unless_its_address_says_otherwise(client: FlaskClient) -> None:
    def norm(page: str) -> list[str]:
        return parse_qs(urlsplit(images(page)[0]).query).get("norm", [])

    assert norm(read(client, f"{PLOT}&ref=367100&compare=difference")) == []
    assert norm(read(client, f"{PLOT}&ref=367100&compare=difference&norm=false")) == ["false"]


def test_a_number_is_compared_by_its_values(client: FlaskClient) -> None:
    client.get(f"/api/v1/archive/367100{ZERO_BIAS}/")  # a page does not wait until a reference is read
    page = read(client, f"/browse/367129{ZERO_BIAS}/Info/EventInfo?ref=367100")
    assert "iRun 367129 Run 367100 : 367100" in words(page)


def test_a_number_as_reference_of_plots_says_that_it_is_not_drawn(client: FlaskClient) -> None:
    number = "ref=//EcalBarrel/EventInfo/reportSummary"
    plot = read(client, f"{PLOT}&{number}")
    assert references(plot) == ["reportSummary not drawn: it is a float, this is a TH1F Remove"]
    assert client.get(images(plot)[0]).status_code == 200
    assert words(read(client, f"{FOLDER}?{number}")).count("reportSummary not drawn: it is a float") == 36
    assert "not drawn" not in words(read(client, f"{PLOT}&{number}&compare=side")), "its picture is there"


@pytest.mark.parametrize("compare", ["overlay", "ratiooverlay", "stacked", "difference"])
def test_a_map_as_reference_of_a_histogram_says_that_it_is_not_drawn(client: FlaskClient, compare: str) -> None:
    query = f"ref=//{MAP}&compare={compare}"
    plot = read(client, f"{PLOT}&{query}")
    assert references(plot) == ["reportSummaryMap not drawn: it is a TH2F, this is a TH1F Remove"]
    assert client.get(images(plot)[0]).status_code == 200
    sentence = "reportSummaryMap not drawn: it is a TH2F, this is a TH1F"
    assert words(read(client, f"{FOLDER}?{query}")).count(sentence) == 36
    marked = f"mark={quote(BARREL, safe='')}"
    assert words(read(client, f"{FOLDER}?{marked}&show=marked&{query}")).count(sentence) == 1
    assert words(read(client, f"{FOLDER}?{marked}&show=marked&slide=5&{query}")).count(sentence) == 1


def test_maps_say_which_comparisons_cannot_show_them(client: FlaskClient) -> None:
    client.get(f"/api/v1/archive/367100{ZERO_BIAS}/")
    page = f"/browse/367129{ZERO_BIAS}?plot={MAP}&ref=367100"
    (line,) = references(read(client, page))
    assert line == "Run 367100 not drawn: a TH2F cannot be drawn over a TH2F, but beside it or as a difference Remove"
    for compare in ("side", "difference"):
        assert references(read(client, f"{page}&compare={compare}")) == ["Run 367100 Remove"]


def test_a_difference_says_that_it_is_from_the_first_reference(client: FlaskClient) -> None:
    client.get(f"/api/v1/archive/367100{ZERO_BIAS}/")
    lines = references(read(client, f"{PLOT}&ref=367100&ref=367100&compare=difference"))
    assert lines == ["Run 367100 Remove", "Run 367100 not drawn: a difference is that from the first reference Remove"]


def test_a_reference_that_is_not_utf_8_survives_a_change_of_the_panel(client: FlaskClient) -> None:
    client.get(f"/api/v1/archive/367100{ZERO_BIAS}/")
    page = read(client, f"{PLOT}&ref=//caf%E9&ref=367129/A/B/C/two%0Alines&ref=367100&label2=odd")
    form = re.search(r'<section class="compare".*?</form>', page, re.DOTALL)
    assert form
    fields = re.findall(r'<input (?:type="hidden" )?name="([^"]*)" value="([^"]*)"', form[0])
    sent = read(client, f"{FOLDER}?{urlencode([(name, html.unescape(value)) for name, value in fields])}&compare=stacked")
    assert references(sent) == references(page)
    assert images(sent)[0] == images(page)[0].replace("ref=overlay", "ref=stacked")
    assert "caf%E9" in images(sent)[0]
    assert "two%0Alines" in images(sent)[0]
    assert client.get(images(sent)[0]).status_code == 200, "a label has no line ends"


def test_a_page_whose_pictures_would_have_too_long_addresses_shows_plots_and_says_what_is_missing(client: FlaskClient) -> None:
    client.get(f"/api/v1/archive/367100{ZERO_BIAS}/")
    many = "".join(f"&ref=367100&label{number}={quote('日' * 88)}" for number in range(1, MAX_REFERENCES + 1))
    page = read(client, PLOT + many)
    assert len(PLOT + many) < 8190, "the page itself can be requested"
    assert all(len(f"GET {address}&format=root HTTP/1.1") <= 8190 for address in images(page))
    assert client.get(images(page)[0]).status_code == 200
    left_out = 10 - images(page)[0].count("obj=")
    assert left_out > 0
    sentence = "not drawn: the address of the picture would be too long"
    assert sum(sentence in line for line in references(page)) == left_out
    tiles = read(client, FOLDER + "?" + many[1:])
    assert words(tiles).count(sentence) == sum(10 - address.count("obj=") for address in images(tiles)) > 0


def test_references_that_are_being_read_are_polled_until_they_are_there(client: FlaskClient, own_file: Path) -> None:
    row = find_sample(SampleKey(400000, 0, ZERO_BIAS))
    assert row
    elsewhere = BackgroundJob.create(queue="bulk", kind=IMPORT, key=str(row.newest_file.file), state="running", lease_until=4e9)
    page = read(client, f"{PLOT}&ref=400000")
    assert references(page) == ["Run 400000 is being read Remove"]
    assert "Look again" in words(page), "a browser without scripts has a link"
    poll = re.search(r'data-poll hx-get="([^"]*)" hx-trigger="every 2s', page)
    assert poll
    address, headers = html.unescape(poll[1]), HTMX | {"HX-Target": "main"}
    assert client.get(address, headers=headers).status_code == 204, "nothing is new"
    BackgroundJob.update(state="cancelled").where(BackgroundJob.id == elsewhere.id).execute()
    until(lambda: client.get(address, headers=headers).status_code == 200, "the list of the reference")
    page = client.get(address, headers=headers).text
    assert references(page) == ["Run 400000 Remove"]
    assert "data-poll" not in page


def test_nine_references_can_be_changed_without_scripts(client: FlaskClient) -> None:
    many = "&".join(f"ref={run}" for run in range(1, MAX_REFERENCES + 1))
    form = re.search(r'<section class="compare".*?</form>', read(client, f"{PLOT}&{many}"), re.DOTALL)
    assert form
    assert "<button>" in form[0], "a form of several text fields without a button cannot be sent"


def test_the_tenth_reference_is_refused_with_a_sentence(client: FlaskClient) -> None:
    many = "&".join(f"ref={run}" for run in range(1, MAX_REFERENCES + 1))
    assert "A plot has at most 9 references. Remove one to add another." in words(read(client, f"{PLOT}&{many}"))
    assert "ref : a plot has at most 9 references" in words(read(client, f"{PLOT}&{many}&ref=10", 400))


def test_shortcuts_add_the_previous_and_the_next_run(client: FlaskClient) -> None:
    page = read(client, f"/browse/367129{MUON}?ref=1")
    assert [urlsplit(address).query for address in links(page, "Next run")] == ["ref=1&ref=367131"]


def test_the_same_run_before_reprocessing_is_a_shortcut(client: FlaskClient, hub: Settings, demo_files: list[Path]) -> None:
    old, new, other = "/ZeroBias/Run2023C-Demo-v1/DQMIO", "/ZeroBias/Run2023C-19Dec2023-v1/DQMIO", "/ZeroBias/Run2023D-Demo-v1/DQMIO"
    folder = hub.data / "demo"
    folder.mkdir(parents=True)
    for dataset in (other, old, new):
        copy = folder / f"DQM_V0001_R000400000__{'__'.join(dataset.strip('/').split('/'))}.root"
        shutil.copy(demo_files[0], copy)
        gui.register_all([copy])
    key = SampleKey(400000, 0, new)
    assert samples.before_reprocessing(key) == old
    assert samples.before_reprocessing(key._replace(dataset=old)) is None


@pytest.mark.parametrize(
    ("typed", "choices"),
    [
        ("36710", ["367100"]),
        ("367131", [f"367131{MUON}", "367131/StreamExpress/Run2023C-Demo-v1/DQMIO"]),
        ("/mu", [MUON]),
        ("367140/cos", [f"367140{COSMICS.partition('/browse/367140')[2]}"]),
        ("//EB%2B02 timing", [f"//{BARREL}"]),
        ("abc", []),
        ("", []),
    ],
)
def test_a_typed_reference_is_completed(client: FlaskClient, typed: str, choices: list[str]) -> None:
    answer = client.get(f"{PLOT}&choices=1&ref={typed}", headers=HTMX | {"HX-Target": "reference-choices"})
    assert [html.unescape(value) for value in re.findall(r'<option value="([^"]*)"', answer.text)] == choices
