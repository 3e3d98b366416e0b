"""Pages with a window of the last lumisections of a live run."""

from __future__ import annotations

import csv
import html
import os
import re
import struct
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from app import create_app
from app.core.settings import Settings
from app.formats import Kind
from app.gui.files.entries import ONLINE_DATASET, Entry
from app.gui.files.register import register
from app.gui.layouts.importing.bulk_import import import_all
from app.gui.layouts.layout import Layout, PlotCell
from app.gui.snapshots.keeping import keep
from app.gui.snapshots.models import LiveSnapshot
from tests.formats.snapshots import Object, serialise
from tests.gui.pages.pages import read, words
from tests.gui.snapshots.conftest import LiveRun
from tests.support import gui

LIVE = f"/browse/0{ONLINE_DATASET}"

CHARGE = "PixelPhase1/Tracks/PXBarrel/charge_PXLayer_3"
"""Its quality test passes until lumisection 3 and fails from 4 on."""

OFFLINE = "/browse/367129/ZeroBias/Run2023C-Demo-v1/DQMIO"

EFFICIENCY = "GEM/Efficiency/type1/eff_muon_pt_GE11-M-L1"


@pytest.fixture
def client(live: LiveRun, render_service: Path) -> FlaskClient:
    """A client of a hub with the snapshots of lumisections 1 to 6."""
    (live.settings.data / "render").symlink_to(render_service)
    live.keep(1, 2, 3, 4, 5, 6)
    register([Entry(ONLINE_DATASET, 0, 0, str(live.file), "protobuf")])
    return create_app(live.settings).test_client()


def pictures(page: str) -> list[str]:
    """The addresses of the plots of a page."""
    return [html.unescape(address) for address in re.findall(r'<img class="plot[^"]*" src="([^"]*)"', page)]


def test_all_plots_of_a_list_and_the_links_from_it_have_the_window_of_the_address(client: FlaskClient) -> None:
    folder = CHARGE.rpartition("/")[0]
    page = read(client, f"{LIVE}/{folder}?window=3")
    found = pictures(page)
    assert len(found) > 5
    assert all("window=3" in address for address in found)
    assert f'href="{LIVE}/{folder}?plot={CHARGE.replace("/", "%2F")}&amp;window=3"' in page
    assert "Plots show what was filled after lumisection 3" in words(page)
    for other in (f"{LIVE}?q=charge&window=3", f"{LIVE}/{folder}?slide=5&window=3", f"{LIVE}?mark={CHARGE}&show=marked&window=3"):
        shown = pictures(read(client, other))
        assert shown
        assert all("window=3" in address for address in shown), other


def test_the_choice_has_the_windows_that_there_are_snapshots_for(client: FlaskClient) -> None:
    page = read(client, f"{LIVE}?window=3")
    choice = page.partition('class="windowchoice"')[2].partition("</div>")[0]
    assert re.findall(r">(Whole run|Last \d+)</a>", choice) == ["Whole run", "Last 1", "Last 3", "Last 5"]
    assert 'aria-current="true">Last 3</a>' in choice
    assert "6 snapshots, lumisections 1 to 6" in words(choice)
    assert "windowchoice" in read(client, LIVE)


def test_a_plot_has_its_window_in_picture_downloads_table_csv_and_json(client: FlaskClient) -> None:
    page = read(client, f"{LIVE}/GEM/Efficiency?plot={CHARGE}&window=3&table=1")
    assert "window=3" in pictures(page)[0]
    for link in re.findall(r'href="([^"]*)"[^>]*>(?:PNG|SVG|PDF|ROOT|JSON|Download CSV)</a>', page):
        assert "window=3" in link
    interactive = html.unescape(re.findall(r'data-interactive="([^"]*)"', page)[0])
    assert f"/api/v1/json/0{ONLINE_DATASET}/{CHARGE}?window=3" in interactive


def test_the_table_and_the_details_of_a_plot_have_the_contents_of_its_window(client: FlaskClient, live: LiveRun) -> None:
    place = f"{LIVE}/{CHARGE.rpartition('/')[0]}?plot={CHARGE}"
    whole, window = (read(client, f"{place}{query}&details=1") for query in ("", "&window=3"))
    entries = [int(re.findall(r"Entries</dt><dd><bdi>([\d,]+)", page)[0].replace(",", "")) for page in (whole, window)]
    assert 0 < entries[1] < entries[0]
    rows = csv.reader(client.get(f"{place}&window=3&csv=1").text.splitlines())
    column = next(rows).index("content")
    assert sum(float(row[column]) for row in rows) == entries[1]
    assert "as filled after lumisection 3, without scaling" in words(read(client, f"{place}&window=3&table=1"))


def test_what_is_saved_from_a_window_has_its_start_in_the_name(client: FlaskClient) -> None:
    page = read(client, f"{LIVE}/GEM/Efficiency?plot={CHARGE}&window=3&table=1")
    links = map(html.unescape, re.findall(r'href="([^"]*)"[^>]*>(?:PNG|PDF|Download CSV)</a>', page))
    names = [client.get(link).headers["Content-Disposition"].rpartition("filename=")[2].strip('"') for link in links]
    assert sorted(names) == [f"charge_PXLayer_3_run0_after_ls3.{form}" for form in ("csv", "pdf", "png")]


def test_a_window_that_no_snapshot_begins_says_so_in_place_of_every_plot(client: FlaskClient) -> None:
    folder = CHARGE.rpartition("/")[0]
    LiveSnapshot.delete().where(LiveSnapshot.lumi < 6).execute()
    for address in (f"{LIVE}/{folder}?window=2", f"{LIVE}/{folder}?plot={CHARGE}&window=2&interactive=on"):
        page = read(client, address)
        assert pictures(page) == []
        assert "No window of 2 lumisections" in words(page)
        assert "from 2 lumisections ago (lumisection 4); there are snapshots of lumisection 6. Show the whole run" in words(page)
        assert "data-interactive=" not in page
        assert 'id="download"' not in page
        assert not re.findall(r'href="[^"]*/api/v1/[^"]*"', page)


def test_a_window_that_is_not_shorter_than_the_run_shows_the_whole_run_and_says_so(client: FlaskClient) -> None:
    folder = EFFICIENCY.rpartition("/")[0]
    page = read(client, f"{LIVE}/{folder}?plot={EFFICIENCY}&window=50")
    assert "The run has only 6 lumisections: its plots show all of it." in words(page)
    (picture,) = pictures(page)
    assert client.get(picture).status_code == 200
    assert "only 6 lumisections" in words(read(client, "/runs/0/summary?window=6"))


def test_the_choice_offers_only_windows_that_have_a_start_and_says_where_one_begins_earlier(client: FlaskClient) -> None:
    LiveSnapshot.delete().where(LiveSnapshot.lumi.in_([3, 4, 5])).execute()
    page = read(client, f"{LIVE}?window=3")
    choice = page.partition('class="windowchoice"')[2].partition("</div>")[0]
    assert re.findall(r">(Whole run|Last \d+)</a>", choice) == ["Whole run", "Last 3", "Last 5"]
    assert "Plots show what was filled after lumisection 2 (4 lumisections: no snapshot of lumisection 3);" in words(page)


def test_without_snapshots_the_page_says_why_none_are_kept(client: FlaskClient, live: LiveRun) -> None:
    LiveSnapshot.delete().execute()
    assert "No snapshots of this run yet: plots show the whole run" in words(read(client, LIVE))
    none = create_app(live.settings.replace(live_snapshots=0)).test_client()
    assert "The setting live_snapshots is 0: plots show the whole run" in words(read(none, LIVE))


def test_an_efficiency_has_no_window_and_says_why(client: FlaskClient) -> None:
    page = read(client, f"{LIVE}/{EFFICIENCY.rpartition('/')[0]}?plot={EFFICIENCY}&window=3")
    assert pictures(page) == []
    assert "No window: it is an efficiency, and the difference of two is none" in words(page)


def test_a_number_is_shown_as_it_is_and_as_it_was(client: FlaskClient) -> None:
    assert "iLumiSection 6 Lumisection 3: 3" in words(read(client, f"{LIVE}/CSC/EventInfo?window=3"))


def test_the_list_of_failing_tests_marks_those_that_fail_since_the_start_of_the_window(client: FlaskClient) -> None:
    rows = words(read(client, f"{LIVE}?failing=1&window=3"))
    assert "charge_PXLayer_3PixelPhase1/Tracks/PXBarrelerrornewlyfailing" in rows.replace(" ", "")
    assert rows.count("newly failing") == 1
    assert "Nothing recovered since lumisection 3" in rows
    assert "newly failing" not in words(read(client, f"{LIVE}?failing=1&window=1"))
    assert "newly failing" not in words(read(client, f"{LIVE}?failing=1"))
    tile = words(read(client, f"{LIVE}/{CHARGE.rpartition('/')[0]}?window=3"))
    assert "Lumisection 3: ok" in tile


def test_a_layout_shows_the_window_of_its_plots_and_of_those_that_it_draws_over_them(client: FlaskClient) -> None:
    over = CHARGE.replace("_3", "_4")
    import_all([Layout("Pixel/Charge", ("online",), ((PlotCell(CHARGE, overlay=(over,)), PlotCell(EFFICIENCY)),))])
    page = read(client, f"{LIVE}/Pixel/Charge?window=3")
    assert [address.count("window=3") for address in pictures(page)] == [2]
    assert "No window: it is an efficiency, and the difference of two is none" in words(page)


def test_a_run_that_is_not_online_is_shown_whole_and_the_page_says_so(hub: Settings, demo_files: list[Path]) -> None:
    gui.register_all(demo_files)
    client = create_app(hub.replace(file_roots=(str(demo_files[0].parent),))).test_client()
    page = read(client, f"{OFFLINE}/PixelPhase1/Tracks/PXBarrel?window=3")
    assert pictures(page)
    assert not any("window" in address for address in pictures(page))
    assert "Only online runs have windows" in words(page)
    assert "windowchoice" not in page


def string(path: str, value: str) -> Object:
    """A string of an ME, as TBufferFile::WriteObject writes a TObjString."""
    name = path.rpartition("/")[2]
    text = f"<{name}>{value}</{name}>".encode()
    content = struct.pack(">HHII", 1, 1, 0, 0) + bytes([len(text)]) + text  # versions of TObjString and TObject, its id and bits
    body = b"\xff\xff\xff\xffTObjString\0" + struct.pack(">I", len(content) | 1 << 30) + content
    return Object(path, struct.pack(">I", len(body) | 1 << 30) + body, Kind.STRING)


@pytest.fixture
def reports(live: LiveRun) -> FlaskClient:
    """A client of a hub with two snapshots of an ongoing run whose quality changed in between."""
    for lumi, share, csc, dt in ((10, 0.5, 300, 100), (20, 0.9, 100, 200)):
        values = {"iRun": "i=7", "iLumiSection": f"i={lumi}", "reportSummary": f"f={share}", "size": "i=1"}
        statuses = {"CSC": csc, "DT": dt}
        found = [string(f"{each}/EventInfo/{name}", value) for each in statuses for name, value in values.items()]
        tests = [string(f"{each}/EventInfo/size.test", f"qr=st:{status}:0:X:") for each, status in statuses.items()]
        live.file.write_bytes(serialise([*found, *tests]))
        os.utime(live.file, (lumi, lumi))
        register([Entry(ONLINE_DATASET, 0, 0, str(live.file), "protobuf")])
        keep(live.sample(), live.settings)
    return create_app(live.settings).test_client()


def test_the_failing_list_has_what_recovered_since_the_start_of_the_window(reports: FlaskClient) -> None:
    page = words(read(reports, f"{LIVE}?failing=1&window=10"))
    assert "Recovered since lumisection 10" in page
    assert "CSC/EventInfo/sizeerrorok" in page.replace(" ", "")
    assert "sizeDT/EventInfowarningnewlyfailing" in page.replace(" ", "")


def test_the_summary_of_the_run_has_values_and_changes_of_the_window(reports: FlaskClient) -> None:
    page = words(read(reports, "/runs/0/summary?window=10"))
    assert "CSC 90.0 % was 50.0 % at lumisection 10" in page
    assert "1 recovered" in page
    assert "1 newly failing" in page
