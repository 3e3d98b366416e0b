"""Folders and searches of a sample without a browser: counts, tiles, their order and parts."""

from __future__ import annotations

import html
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from flask.testing import FlaskClient

from tests.gui.pages.pages import COSMICS, HTMX, read, words


def test_a_sample_shows_its_folders_with_the_counts_of_the_api(client: FlaskClient) -> None:
    page = read(client, COSMICS)
    listed = client.get(f"/api/v1/archive{COSMICS.removeprefix('/browse')}").json["data"]
    shown = re.findall(r'class="name">([^<]*)</bdi>.*?title="(\d+) monitor elements"', page.replace("<wbr>", ""), re.S)
    assert [(name, int(count)) for name, count in shown] == [(item["subdir"], item["me_count"]) for item in listed]


WORST = {300: "error", 200: "warning", 60: "invalid", 30: "other", 90: "did not run", 70: "too little data", 100: "ok", 50: "disabled"}
"""Statuses of quality tests with their texts, the worst first."""


def walk(client: FlaskClient, folder: str = "") -> Iterator[tuple[str, str, int]]:
    """Folder, name and worst status (0: no test) of every ME of the sample, as the API has them."""
    for item in client.get(f"/api/v1/archive{COSMICS.removeprefix('/browse')}{quote(folder)}").json["data"]:
        if "subdir" in item:
            yield from walk(client, f"{folder}/{item['subdir']}")
        else:
            yield folder, item["name"], next((status for status in WORST if status in item["qtstatuses"]), 0)


def test_folders_count_errors_and_warnings_and_tiles_show_the_worst_test(client: FlaskClient) -> None:
    mes = list(walk(client))
    assert {status for _, _, status in mes} == {0, *WORST}, "the demo has every status"
    for top in sorted({folder.split("/")[1] for folder, _, _ in mes}):
        link = re.search(rf'href="[^"]*/{top}".*?</li>', read(client, COSMICS), re.S)
        assert link
        below = Counter(status for folder, _, status in mes if folder.split("/")[1] == top)
        for noun, code in (("errors", 300), ("warnings", 200)):
            assert re.findall(rf'title="(\d+) plots? with {noun}"', link[0]) == ([str(below[code])] if below[code] else [])
    for folder in sorted({folder for folder, _, status in mes if status}):
        page = read(client, COSMICS + quote(folder))
        tiles = {
            html.unescape(title): tile
            for tile, title in re.findall(r'(<li class="tile[^>]*>(?:(?!</li>).)*class="name" title="([^"]*)".*?</li>)', page, re.S)
        }
        for name, status in [(name, status) for place, name, status in mes if place == folder]:
            assert re.findall(r'badge-text">([^<]*)<', tiles[name]) == ([WORST[status]] if status else [])
            assert (f"quality tests: {WORST[status]}" in tiles[name]) == ("<img" in tiles[name]) if status else True


def test_plots_load_when_scrolled_into_view_without_moving_the_page(client: FlaskClient) -> None:
    page = read(client, f"{COSMICS}/EcalBarrel/EBTimingTask?size=l")
    images = re.findall(r"<img[^>]*>", page)
    assert len(images) == 36
    assert all('width="400" height="300" loading="lazy"' in image for image in images)


def test_numbers_and_texts_are_shown_as_they_are_before_the_plots(client: FlaskClient) -> None:
    page = read(client, f"{COSMICS}/Info/EventInfo")
    names = re.findall(r'<bdi class="name" title="([^"]*)"', page)
    assert names[-1] == "ProcessedLS"
    assert "367140" in words(page[page.index('title="iRun"') :])[:60]
    assert "&lt;selection&gt;" in page


def test_a_search_within_the_sample_matches_all_words_case_insensitively(client: FlaskClient) -> None:
    page = read(client, f"{COSMICS}?q=REPORTsummarymap+barrel", **HTMX)
    assert "<html" not in page
    assert "1 match for" in words(page)
    assert re.findall(r'class="where" href="([^"]*)"', page) == [f"{COSMICS}/EcalBarrel/EventInfo"]
    assert "No matches for" in words(read(client, f"{COSMICS}?q=summary+nowhere"))


def test_the_results_of_a_search_have_plots_before_single_numbers(client: FlaskClient) -> None:
    page = read(client, f"{COSMICS}?q=reportSummary")
    are_numbers = ["tile-value" in tile for tile in re.findall(r'<li class="(tile[^"]*)"', page)]
    assert are_numbers == sorted(are_numbers)
    assert {True, False} == set(are_numbers)


def test_a_number_has_four_digits_and_its_full_value_on_hover(client: FlaskClient, demo_files: list[Path]) -> None:
    page = read(client, f"{COSMICS}?q=reportSummaryContents")
    shown = re.findall(r'<bdi title="([^"]*)">([^<]*)</bdi></span>', page)
    assert shown
    for full, short in shown:
        assert len(short) < len(full)
        assert float(short) == pytest.approx(float(full), rel=5e-4)


def test_a_long_list_is_loaded_in_parts(client: FlaskClient) -> None:
    page = read(client, f"{COSMICS}?q=a")
    assert page.count('<li class="tile') == 200
    more = re.search(r'class="button" href="([^"]*)"', page)
    assert more
    rest = read(client, html.unescape(more[1]), **HTMX)
    total = re.search(r"(\d+) matches", words(page))
    assert total
    assert rest.count('<li class="tile') == int(total[1]) - 200
    assert "<ul" not in rest


def test_the_address_of_a_monitor_element_redirects_to_its_plot(client: FlaskClient) -> None:
    answer = client.get(f"{COSMICS}/EcalBarrel/EventInfo/reportSummaryMap")
    assert answer.status_code == 302
    assert answer.location == f"{COSMICS}/EcalBarrel/EventInfo?plot=EcalBarrel%2FEventInfo%2FreportSummaryMap"


@pytest.mark.parametrize("address", [f"{COSMICS}/", f"{COSMICS}/EcalBarrel/"])
def test_a_trailing_slash_is_accepted(client: FlaskClient, address: str) -> None:
    assert client.get(address, follow_redirects=True).status_code == 200
