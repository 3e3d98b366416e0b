"""The table of a plot: its rows and its CSV have the values of the file, in any order, page by page, with those of references."""

from __future__ import annotations

import csv
import io
import math
import re
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
import uproot
from flask.testing import FlaskClient
from werkzeug.http import parse_options_header

from app.gui.pages import table
from app.gui.pages.table import ROWS_PER_PAGE
from tests.gui.pages.pages import MUON, ZERO_BIAS, read, words

MAP = "Hcal/DigiTask/Occupancy/depth/depth1"
PROFILE = "EcalBarrel/EBOccupancyTask/EBOT rec hit energy"
SUMMARY = "Hcal/EventInfo/reportSummaryMap"
BARREL = "EcalBarrel/EBTimingTask/EBTMT timing EB+02"
WITH_NAN = "Tracking/TrackParameters/generalTracks/GeneralProperties/DxySignificance_GenTk"
BOX = "OfflinePV/offlinePrimaryVertices/vertex_xyz"


def address(path: str, query: str = "", run: int = 367129) -> str:
    return f"/browse/{run}{ZERO_BIAS}/{quote(path.rpartition('/')[0])}?plot={quote(path, safe='')}&table=1{query and '&'}{query}"


def csv_rows(client: FlaskClient, path: str, query: str = "") -> list[dict[str, str]]:
    answer = client.get(address(path, f"{query}&csv=1"))
    assert answer.status_code == 200, answer.text
    return list(csv.DictReader(io.StringIO(answer.data.decode())))


def numbers(rows: list[dict[str, str]], column: str) -> list[float]:
    return [float(row[column]) for row in rows]


def in_file(demo_files: list[Path], path: str) -> Any:
    """A histogram of the file of run 367129, read by uproot."""
    [file] = [each for each in demo_files if "R000367129__ZeroBias" in each.name]
    subsystem, _, rest = path.partition("/")
    with uproot.open(file) as content:
        return content[f"DQMData/Run 367129/{subsystem}/Run summary/{rest}"]


def table_of(page: str) -> str:
    found = re.search(r'<section class="bins".*?</section>', page, re.DOTALL)
    return found[0] if found else ""


def rows_of(page: str) -> list[list[str]]:
    """The texts of the cells of the body of the table."""
    body = table_of(page).partition("<tbody>")[2].partition("</tbody>")[0]
    lines = re.findall(r"<tr>.*?</tr>", body, re.DOTALL)
    return [[words(cell) for cell in re.findall(r"<t[hd].*?</t[hd]>", line, re.DOTALL)] for line in lines]


def link(page: str, title: str) -> str:
    """The address of a link of the table."""
    found = re.search(rf'<a id="[^"]*" href="([^"]*)#table"[^>]*>{title}\b', table_of(page))
    assert found, title
    return unescape(found[1])


@pytest.mark.parametrize("path", [MAP, PROFILE, BARREL, BOX])
def test_the_csv_has_the_contents_and_errors_of_all_bins_in_the_file(client: FlaskClient, demo_files: list[Path], path: str) -> None:
    rows, histogram = csv_rows(client, path), in_file(demo_files, path)
    contents, errors = histogram.values(flow=True), histogram.errors(flow=True)
    assert numbers(rows, "content") == pytest.approx(contents.ravel("F").tolist(), rel=2e-6)
    assert numbers(rows, "error") == pytest.approx(errors.ravel("F").tolist(), rel=2e-6, abs=1e-9)
    for letter, axis in zip("xyz", histogram.axes, strict=False):
        edges = axis.edges(flow=True).tolist()
        for column, expected in ((f"{letter} from", edges[:-1]), (f"{letter} to", edges[1:])):
            assert sorted(set(numbers(rows, column))) == pytest.approx(expected, abs=1e-12)


def test_the_csv_has_the_numbers_of_the_json_api(client: FlaskClient) -> None:
    document = client.get(f"/api/v1/json/367129{ZERO_BIAS}/{MAP}").json or {}
    assert [row["content"] for row in csv_rows(client, MAP)] == [str(content) for content in document["fArray"]]


def test_the_csv_is_a_file_of_its_own_name_and_sent_as_it_is_made(client: FlaskClient) -> None:
    answer = client.get(address(BARREL, "csv=1"), buffered=False)
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert parse_options_header(answer.headers["Content-Disposition"]) == ("attachment", {"filename": "EBTMT timing EB+02_run367129.csv"})
    assert answer.is_streamed
    assert answer.text.splitlines()[:2] == ["x bin,x from,x to,content,error", "underflow,-inf,-20,0,0"]


def test_the_page_links_to_the_csv_in_its_order(client: FlaskClient) -> None:
    found = re.search(r'href="([^"]*)" download>Download CSV', read(client, address(BARREL, "sort=-content&page=2")))
    assert found
    contents = numbers(list(csv.DictReader(io.StringIO(client.get(unescape(found[1])).text))), "content")
    assert contents == sorted(contents, reverse=True)


def test_underflow_and_overflow_are_shown_and_named(client: FlaskClient) -> None:
    rows = rows_of(read(client, address(BARREL)))
    assert [row[0] for row in rows] == ["underflow", *map(str, range(1, 41)), "overflow"]
    assert (rows[0][1:3], rows[1][1:3], rows[-1][1:3]) == (["", "-20"], ["-20", "-19"], ["20", ""])


def test_labels_of_bins_are_a_column(client: FlaskClient) -> None:
    rows = rows_of(read(client, address(SUMMARY, "sort=xlabel")))
    assert [row[3] for row in rows[:48]] == [name for name in ("HB", "HE", "HF", "HO") for _ in range(12)]
    assert {row["x label"] for row in csv_rows(client, SUMMARY)} == {"", "HB", "HE", "HF", "HO"}
    assert "y label" not in csv_rows(client, SUMMARY)[0]


def test_a_large_map_is_shown_page_by_page_and_each_bin_once(client: FlaskClient) -> None:
    page, found = read(client, address(MAP)), []
    assert len(rows_of(page)) == ROWS_PER_PAGE
    assert "Rows 1 to 200 of 3,230" in words(table_of(page))
    while rows := rows_of(page):
        found += [(row[0], row[3]) for row in rows]
        if "Next page</a>" not in page:
            break
        page = read(client, link(page, "Next page"))
    assert len(set(found)) == len(found) == 85 * 38
    assert rows_of(read(client, address(MAP, "page=999999"))) == rows, "after the last page there is none"


def test_rows_are_sorted_by_any_column_in_both_directions(client: FlaskClient, demo_files: list[Path]) -> None:
    contents = sorted(in_file(demo_files, BARREL).values(flow=True).tolist(), reverse=True)
    page = read(client, link(read(client, address(BARREL)), "Content"))
    assert 'aria-sort="descending"' in page
    assert [float(row[3]) for row in rows_of(page)] == contents
    again = read(client, link(page, "Content"))
    assert 'aria-sort="ascending"' in again
    assert [float(row[3]) for row in rows_of(again)] == contents[::-1]
    assert len(re.findall("aria-sort=", again)) == 1


def test_a_bin_of_nan_is_named_and_stands_last(client: FlaskClient) -> None:
    for sort in ("content", "-content"):
        rows = rows_of(read(client, address(WITH_NAN, f"sort={sort}")))
        assert (rows[-1][0], rows[-1][3:]) == ("12", ["not finite"] * 2)
    assert math.isnan(numbers(csv_rows(client, WITH_NAN), "content")[12])


def test_a_reference_has_columns_of_its_own(client: FlaskClient, demo_files: list[Path]) -> None:
    client.get(f"/api/v1/archive/367100{ZERO_BIAS}/")  # a page does not wait until a reference is read
    client.get(f"/api/v1/archive/367129{MUON}/")
    query = f"ref=367100&ref={MUON}&label2=muons&ref=//{quote(BARREL)}"
    page = read(client, address(BARREL, f"{query}&sort=-content1"))
    earlier = client.get(f"/api/v1/json/367100{ZERO_BIAS}/{quote(BARREL)}").json or {}
    assert [float(row[5]) for row in rows_of(page)] == sorted(earlier["fArray"], reverse=True)
    assert "Run 367129 Run 367100 muons EBTMT timing EB+02" in words(table_of(page))
    rows = csv_rows(client, BARREL, query)
    assert numbers(rows, "content of Run 367100") == earlier["fArray"]
    assert numbers(rows, "content of EBTMT timing EB+02") == in_file(demo_files, BARREL).values(flow=True).tolist()


def test_a_reference_with_other_bins_says_so(client: FlaskClient) -> None:
    page = read(client, address(BARREL, f"ref=//{MAP}&ref=//{quote(WITH_NAN)}&ref=1&ref=//Not/There"))
    text = words(table_of(page))
    for problem in ("depth1 has other bins", "DxySignificance_GenTk has other bins", "There is no run 1 of", "There has no Not/There"):
        assert problem in text
    assert all(row[5:] == ["no such bin"] * 4 for row in rows_of(page))


def test_the_bins_of_all_references_together_are_bounded(client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    client.get(f"/api/v1/archive/367100{ZERO_BIAS}/")  # a page does not wait until a reference is read
    client.get(f"/api/v1/archive/367129{MUON}/")
    cells = 85 * 38
    monkeypatch.setattr(table, "MAX_CELLS", 3 * cells - 1)
    page = read(client, address(MAP, f"ref=367100&ref={MUON}&label2=muons&ref=//{quote(BARREL)}"))
    assert "muons has too many bins: a table shows at most 1,048,576, those of references included" in words(table_of(page))
    earlier = client.get(f"/api/v1/json/367100{ZERO_BIAS}/{quote(MAP)}").json or {}
    assert [float(row[8]) for row in rows_of(page)] == earlier["fArray"][:ROWS_PER_PAGE]


def test_headings_and_cells_are_named_for_a_screen_reader(client: FlaskClient) -> None:
    table = table_of(read(client, address(SUMMARY)))
    assert "<caption>Bins of <bdi>reportSummaryMap</bdi>" in table
    assert re.findall(r'<th scope="colgroup" colspan="(\d)">', table) == ["4", "3", "2"]
    assert [int(span) for span in re.findall(r'<colgroup span="(\d)">', table)] == [4, 3, 2]
    assert not re.search(r"<th(?! scope=)(?!ead)", table)
    assert re.search(r'<th scope="col" aria-sort="ascending"><a [^>]*>Bin', table)
    assert '<nav class="sizes"' not in table


def test_the_table_is_shown_on_request_only_and_the_way_is_a_link_with_a_key(client: FlaskClient) -> None:
    page = read(client, address(BARREL).replace("&table=1", ""))
    assert not table_of(page)
    found = re.search(r'data-key="t" href="([^"]*)#table"[^>]*>Table<', page)
    assert found
    shown = read(client, unescape(found[1]))
    assert table_of(shown)
    found = re.search(r'data-key="t" href="([^"]*)"[^>]*>Hide the table<', shown)
    assert found
    assert read(client, unescape(found[1])) == page


def test_a_column_that_the_next_plot_lacks_leaves_its_order(client: FlaskClient) -> None:
    page = read(client, address(BARREL, "sort=-content3"))
    assert [row[0] for row in rows_of(page)][:2] == ["underflow", "1"]
    assert 'aria-sort="ascending"' in table_of(page)


def test_a_number_or_a_text_has_no_table(client: FlaskClient) -> None:
    assert not table_of(read(client, address("PixelPhase1/EventInfo/reportSummary")))
    answer = client.get(address("PixelPhase1/EventInfo/reportSummary", "csv=1"))
    assert answer.status_code == 422
    assert "PixelPhase1/EventInfo/reportSummary is no histogram" in words(answer.text)


@pytest.mark.parametrize(
    ("query", "status", "text"),
    [("sort=height&csv=1", 400, "no column of a table"), ("ref=before&csv=1", 400, "expected [<run>")],
)
def test_no_csv_is_made_of_an_address_with_a_wrong_field(client: FlaskClient, query: str, status: int, text: str) -> None:
    answer = client.get(address(BARREL, query))
    assert (answer.status_code, answer.mimetype) == (status, "text/html")
    assert text in words(answer.text)


def test_the_csv_of_a_missing_element_is_an_error(client: FlaskClient) -> None:
    answer = client.get(address("EcalBarrel/EBTimingTask/none", "csv=1"))
    assert answer.status_code == 404
    assert "There is no monitor element EcalBarrel/EBTimingTask/none" in words(answer.text)
