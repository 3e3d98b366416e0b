"""The pages of samples and the home page without a browser: whole pages, fragments and errors."""

from __future__ import annotations

import html
import re
import shutil
from collections import Counter
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from urllib.parse import quote

import pytest
import uproot
from flask import Flask
from flask.testing import FlaskClient

from app import create_app
from app.core.settings import Settings
from app.core.version import VERSION
from app.gui.catalog.stored import find_sample
from app.gui.files.register import IMPORT
from app.gui.models import NEW
from app.gui.pages import views
from app.gui.samples import SampleKey
from app.queue import store
from app.queue.models import BackgroundJob
from app.security import Role, tokens
from app.security.models import User
from tests.support import gui
from tests.support.patience import PATIENCE_S

ZERO_BIAS = "/ZeroBias/Run2023C-Demo-v1/DQMIO"
MUON = "/Muon/Run2023C-Demo-v1/DQMIO"
COSMICS = "/browse/367140/Cosmics/Run2023C-Demo-v1/DQMIO"
HTMX = {"HX-Request": "true"}


@pytest.fixture
def app(hub: Settings) -> Flask:
    return create_app(hub)


@pytest.fixture
def own_file(hub: Settings, demo_files: list[Path]) -> Path:
    """A copy of a demo file that a test may change, registered as run 400000."""
    folder = hub.data / "demo"
    folder.mkdir(parents=True)
    copy = folder / f"DQM_V0001_R000400000__{'__'.join(ZERO_BIAS.strip('/').split('/'))}.root"
    shutil.copy(demo_files[0], copy)
    gui.register_all([copy])
    return copy


OWN = f"/browse/400000{ZERO_BIAS}"


def words(page: str) -> str:
    """The text of a page without its tags."""
    return " ".join(html.unescape(re.sub(r"<[^>]*>", " ", page)).split())


def read(client: FlaskClient, address: str, status: int = 200, **headers: str) -> str:
    answer = client.get(address, headers=headers)
    assert answer.status_code == status, answer.text
    assert "HX-Request" in answer.headers["Vary"]
    return answer.text


def test_home_lists_the_latest_runs_with_their_datasets(client: FlaskClient) -> None:
    page = read(client, "/")
    assert page.startswith("<!doctype html>")
    assert re.findall(r'scope="row"><a href="/\?run=(\d+)"', page) == ["367140", "367131", "367129", "367100", "1"]
    assert re.findall(r'class="stop" href="/browse/367129([^"]*)"', page) == [MUON, ZERO_BIAS]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("run=3671&dataset=zerob", "2 samples in 2 runs"),
        ("run=367140", "1 sample in 1 run"),
        ("dataset=nothing", "No runs found"),
        ("run=%25", "No runs found"),
    ],
)
@pytest.mark.both_databases
def test_the_search_shows_the_number_of_matching_samples(client: FlaskClient, query: str, expected: str) -> None:
    assert expected in words(read(client, f"/?{query}"))


def test_htmx_gets_the_results_alone_and_going_back_the_whole_page(client: FlaskClient) -> None:
    fragment = read(client, "/?run=367140", **HTMX)
    assert "<html" not in fragment
    assert "1 sample in 1 run" in fragment
    assert fragment.strip() in read(client, "/?run=367140")
    assert "<html" in read(client, "/?run=367140", **HTMX, **{"HX-History-Restore-Request": "true"})


def test_an_empty_hub_shows_how_to_register_files(client: FlaskClient) -> None:
    from app.gui.models import Sample

    Sample.delete().execute()
    assert "No files registered yet" in words(read(client, "/"))


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
        for words, code in (("errors", 300), ("warnings", 200)):
            assert re.findall(rf'title="(\d+) plots? with {words}"', link[0]) == ([str(below[code])] if below[code] else [])
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


def test_previous_and_next_stay_in_place_at_the_ends(client: FlaskClient) -> None:
    page = read(client, f"{COSMICS}/EcalBarrel/EBTimingTask")
    plots = [html.unescape(address) for address in re.findall(r'class="stop" href="([^"]*plot=[^"]*)"', page)]
    for address in (plots[0], plots[1], plots[-1]):
        steps = words(read(client, address).partition('aria-label="Plots"')[2])
        assert re.match(r"\W*Previous \d+ of \d+ Next ", steps)


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


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        (f"{COSMICS}/Nowhere", "has no folder Nowhere"),
        ("/browse/367140/A/B/C", "There is no run 367140 of /A/B/C; run 367140 has /Cosmics/Run2023C-Demo-v1/DQMIO"),
        ("/browse/5", "The address of a sample is /browse/<run>"),
        ("/help/nothing", "There is no help on nothing; topics: gui"),
    ],
)
def test_errors_of_missing_things_name_existing_ones(client: FlaskClient, address: str, expected: str) -> None:
    page = read(client, address, 404)
    assert expected in words(page)
    assert "Report a problem" in page
    assert "<html" not in read(client, address, 404, **HTMX)


def test_a_file_that_is_being_read_shows_its_progress_and_then_its_list(
    client: FlaskClient, hub: Settings, own_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(views, "WAIT_S", 0.0)
    row = find_sample(SampleKey(400000, 0, ZERO_BIAS))
    assert row
    elsewhere = BackgroundJob.create(
        queue="bulk", kind=IMPORT, key=str(row.newest_file.file), state="running", progress=0.25, lease_until=4e9
    )
    fragment = read(client, f"{OWN}?since=nothing", 202, **HTMX)
    assert f"DQM Hub {VERSION}" in words(read(client, OWN, 202)), "the footer shows the version"
    assert '<progress aria-label="Progress of reading"' in fragment, "screen readers announce the progress"
    assert 'value="0.25"' in fragment
    seen = re.search(r"""hx-vals='\{"since": "([^"]*)"\}'""", fragment)
    assert seen
    assert client.get(OWN, query_string={"since": seen[1]}, headers=HTMX).status_code == 204, "nothing is new"
    BackgroundJob.update(progress=0.5).where(BackgroundJob.id == elsewhere.id).execute()
    assert 'value="0.5"' in read(client, f"{OWN}?since={seen[1]}", 202, **HTMX)
    BackgroundJob.update(state="cancelled").where(BackgroundJob.id == elsewhere.id).execute()
    monkeypatch.setattr(views, "WAIT_S", PATIENCE_S)
    assert "monitor elements" in read(client, OWN)
    assert client.get(f"{OWN}?since={seen[1]}", headers=HTMX).headers["HX-Refresh"] == "true"


def test_an_unreadable_file_shows_the_reason_and_is_read_again_when_fixed(client: FlaskClient, own_file: Path) -> None:
    whole = own_file.read_bytes()
    own_file.write_bytes(b"not a ROOT file at all")
    page = read(client, OWN, 422)
    assert "Cannot open this sample" in page
    assert own_file.name in page
    assert "Re-read now" not in page, "anonymous users cannot"
    refused = client.post(OWN, headers={"Origin": "http://127.0.0.1:8889"})
    assert refused.location.startswith("/account/sign-in")
    own_file.write_bytes(whole)
    assert "monitor elements" in read(client, OWN)


def test_unreadable_objects_of_a_file_are_counted(client: FlaskClient, own_file: Path) -> None:
    own_file.write_bytes(own_file.read_bytes()[: -len(own_file.read_bytes()) // 3])
    page = read(client, OWN)
    assert re.search(r"\d+ objects? in this file could not be read", words(page))


def test_a_report_names_instance_version_address_and_run(client: FlaskClient) -> None:
    page = read(client, f"{COSMICS}/EcalBarrel?size=l")
    link = re.search(r'href="(/help/report\?from=[^"]*)"', page)
    assert link
    report = html.unescape(read(client, html.unescape(link[1])))
    assert "Instance: Test (127.0.0.1:8889)" in report
    assert f"Address: http://127.0.0.1:8889{COSMICS}/EcalBarrel?size=l" in report
    assert "Run: 367140 of /Cosmics/Run2023C-Demo-v1/DQMIO" in report


@pytest.mark.parametrize(
    "target", ["//evil.example/", "https://evil.example/", "javascript:alert(1)", "/\\evil.example", "/\t/evil.example"]
)
def test_a_report_leads_back_to_this_site_only(client: FlaskClient, target: str) -> None:
    page = client.get("/help/report", query_string={"from": target}).text
    assert 'href="/">Back to the page' in page


@pytest.mark.parametrize("address", ["/", COSMICS, f"{COSMICS}/EcalBarrel/EventInfo", "/help", "/help/gui", "/help/report", "/status"])
def test_pages_comply_with_the_content_security_policy(client: FlaskClient, address: str) -> None:
    page = client.get(address).text
    assert not re.search(r"\sstyle=|\son[a-z]+=|hx-on|<style|javascript:", page)
    assert all(" src=" in script for script in re.findall(r"<script[^>]*>", page))
    assert not re.search(r"""(?:src|href|action)="(?:https?:)?//""", page), "nothing is loaded from another site"


def test_assets_have_versioned_addresses_and_are_cached_for_a_year(client: FlaskClient) -> None:
    page = read(client, "/")
    style = re.search(r'href="(/bundles/web.css\?v=[0-9a-f]+)"', page)
    assert style
    with client.get(style[1]) as answer:
        assert "max-age=31536000" in answer.headers["Cache-Control"]


def test_the_home_page_starts_no_jobs(client: FlaskClient) -> None:
    before = store.counts()
    read(client, "/")
    assert store.counts() == before


def test_a_shifter_can_request_a_new_import(client: FlaskClient, own_file: Path) -> None:
    own_file.write_bytes(b"not a ROOT file at all")
    read(client, OWN, 422)
    shifter = User.create(name="shifter", role=Role.SHIFTER, password="", created=0.0)
    _, secret = tokens.make(shifter, "test", Role.SHIFTER, days=1)
    ours = {"Authorization": f"Bearer {secret}"}
    assert "Re-read now" in read(client, OWN, 422, **ours)
    answer = client.post(OWN, headers=ours)
    assert (answer.status_code, answer.location) == (303, OWN)
    row = find_sample(SampleKey(400000, 0, ZERO_BIAS))
    assert row
    assert row.newest_file.state == NEW, "it is read again at the next access"


def test_with_a_url_prefix_every_address_of_a_page_has_it(hub: Settings) -> None:
    app = create_app(hub.replace(url_prefix="/dqm/hub"))
    for address in [
        "/",
        COSMICS,
        f"{COSMICS}/EcalBarrel/EventInfo",
        f"{COSMICS}?plot=DT/EventInfo/reportSummaryMap",
        f"{COSMICS}?failing=1",
        "/runs/367129/failing",
        "/help/gui",
        "/status",
    ]:
        answer = app.test_client().get(f"/dqm/hub{address}", base_url="http://127.0.0.1:8889")
        assert answer.status_code == 200
        found = re.findall(r'\s(?:href|src|action|hx-get)="([^"]*)"', answer.text)
        assert len(found) > 5
        assert [link for link in found if not link.startswith(("/dqm/hub/", "#"))] == []
