"""The page of one chart: everything is in its address, and its forms and links keep what they do not change."""

from __future__ import annotations

import html
import re
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

import numpy as np
import pytest
from flask.testing import FlaskClient

from app.trends.groups import DisplayGroup
from app.trends.groups.store import add_group
from app.trends.query.packed import unpack
from tests.trends.query.points_of_tests import TrendStore

pytestmark = pytest.mark.slow

RUNS = range(355001, 355006)
A = "DT/a/StreamExpress/Express"
B = "DT/b/StreamExpress/Express"
ZERO_BIAS = "DT/a/ZeroBias/Express"


@pytest.fixture(autouse=True)
def five_runs(store: TrendStore) -> TrendStore:
    """Trends a and b of DT in five runs, b without the third, and a of ZeroBias in the first."""
    store.configure("DT", a="basic.Mean() DT/a", b="basic.Mean() DT/b")
    store.facts(*RUNS, delivered_lumi=12.5)
    for run in RUNS:
        store.add(run, {"a": (run - 355000.0, 0.5), "b": "Empty histogram" if run == 355003 else (2.0 * run, 1.0)})
    store.add(355001, {"a": (7.0, 1.0)}, "/ZeroBias/Run2022C-Express-v1/DQMIO")
    return store


def address(*series: str, **fields: str) -> str:
    """The address of a chart."""
    return "/trends/chart?" + "&".join(f"{name}={quote(value)}" for name, value in [*(("series", key) for key in series), *fields.items()])


def read(client: FlaskClient, address: str, status: int = 200, **headers: str) -> str:
    answer = client.get(address, headers=headers)
    assert answer.status_code == status, answer.text
    return answer.text


def link(page: str, name: str) -> dict[str, list[str]]:
    """The path and the fields of the link with this name, or label."""
    found = re.search(rf'<a [^>]*?(?:aria-label="{re.escape(name)}"[^>]*>|>{re.escape(name)}</a>)', page)
    assert found, name
    parts = urlsplit(html.unescape(re.search(r'href="([^"]*)"', found[0])[1]))
    fields: dict[str, list[str]] = {"path": [parts.path]}
    for field, value in parse_qsl(parts.query):
        fields.setdefault(field, []).append(value)
    return fields


def form_fields(page: str, name: str) -> list[tuple[str, str]]:
    """What a browser sends from a form whose fields nobody changes."""
    form = re.search(rf'<form[^>]*id="{name}".*?</form>', page, re.S)[0]
    fields = [
        (re.search(r'name="([^"]*)"', tag)[1], html.unescape((re.search(r'value="([^"]*)"', tag) or ("", ""))[1]))
        for tag in re.findall(r"<input[^>]*>", form)
        if "checkbox" not in tag or "checked" in tag
    ]
    for select in re.findall(r"<select.*?</select>", form, re.S):
        chosen = re.search(r'<option value="([^"]*)" selected', select) or re.search(r'<option value="([^"]*)"', select)
        fields.append((re.search(r'name="([^"]*)"', select)[1], chosen[1]))
    return fields


def test_the_points_are_those_of_all_series_also_of_other_datasets_and_quantities(client: FlaskClient) -> None:
    header = unpack(client.get(address(A, ZERO_BIAS, "oms/delivered_lumi").replace("/chart", "/chart/points")).data)
    assert header["runs"]["run"].tolist() == list(RUNS)
    values = [series["values"].tolist() for series in header["series"]]
    assert values[0] == [1.0, 2.0, 3.0, 4.0, 5.0]
    assert values[1][0] == 7.0
    assert np.isnan(values[1][1:]).all()
    assert values[2] == [12.5] * 5
    assert header["charts"][0]["series"] == [0, 1, 2]


def test_the_charts_of_a_page_lead_to_their_page_and_back_to_the_page_as_it_was(client: FlaskClient) -> None:
    before = "/trends?subsystem=DT&pd=StreamExpress&ps=Express&runs=latest:3&errors=1&search=a&grid=1x2"
    full = link(read(client, before), "Full screen")
    assert full["path"] == ["/trends/chart"]
    assert (full["series"], full["runs"], full["errors"]) == ([A], ["latest:3"], ["1"])
    back = link(read(client, address(A, back=full["back"][0])), "All charts")
    wanted = {"subsystem": ["DT"], "pd": ["StreamExpress"], "ps": ["Express"], "runs": ["latest:3"], "errors": ["1"], "search": ["a"]}
    assert back == {"path": ["/trends"], "grid": ["1x2"], **wanted}


@pytest.mark.parametrize(
    "back", ["//evil.example/", "https://evil.example/?subsystem=DT", "javascript:alert(1)", "subsystem=DT&pd=&x=evil"]
)
def test_the_way_back_leads_to_no_other_page(client: FlaskClient, back: str) -> None:
    found = link(read(client, address(A, back=back)), "All charts")
    assert (found["path"], found["subsystem"], found["pd"]) == (["/trends"], ["DT"], ["StreamExpress"])
    assert "evil" not in str(found)


def test_a_change_of_range_keeps_the_series_added_by_hand(client: FlaskClient) -> None:
    page = read(client, address(A, ZERO_BIAS, "oms/energy", ymin="-3", run="355002", back="subsystem=DT&pd=ZeroBias&ps=Express"))
    choice = [("how", "range"), ("from", "355001"), ("to", "355004")]
    sent = [field for field in form_fields(page, "chart-form") if field[0] not in ("how", "latest")] + choice
    answer = client.get("/trends/chart", query_string=sent, headers={"HX-Request": "true", "HX-Target": "main"})
    assert answer.status_code == 200
    assert client.get("/trends/chart", query_string=sent).location == answer.headers["HX-Push-Url"], "the same without scripts"
    pushed = parse_qsl(urlsplit(answer.headers["HX-Push-Url"]).query)
    assert [value for name, value in pushed if name == "series"] == [A, ZERO_BIAS, "oms/energy"]
    wanted = {"runs": "355001-355004", "ymin": "-3", "run": "355002", "back": "subsystem=DT&pd=ZeroBias&ps=Express"}
    assert {name: value for name, value in pushed if name != "series"} == wanted


def test_the_ends_of_the_y_axis_are_in_the_chart(client: FlaskClient) -> None:
    page = read(client, address(A, ymin="0.5", ymax="1e3"))
    assert 'data-ymin="0.5"' in page
    assert 'data-ymax="1000.0"' in page
    for wrong in ({"ymin": "5", "ymax": "5"}, {"ymin": "nan"}, {"ymax": "1e999"}, {"ymin": "text"}):
        assert "wrong and left out" in read(client, address(A, **wrong), 400)


@pytest.mark.both_databases
def test_series_can_be_found_by_words_of_any_subsystem_and_dataset_and_added(client: FlaskClient, five_runs: TrendStore) -> None:
    five_runs.configure("CSC", other="basic.Mean() CSC/x")
    five_runs.add(355001, {"other": (1.0, 0.1)})
    page = read(client, address(A, adding="1", find="csc oth", x="time"))
    added = link(page, "other")
    assert (added["series"], added["x"]) == ([A, "CSC/other/StreamExpress/Express"], ["time"])
    part = read(client, address(A, adding="1", find="lumi"), **{"HX-Request": "true", "HX-Target": "series-results"})
    assert link(part, "Delivered luminosity (/pb)")["series"] == [A, "oms/delivered_lumi"]
    assert "<form" not in part
    assert "No series matches" in read(client, address(A, adding="1", find="nothing like this"))
    only = read(client, address(A, adding="1", inpd="ZeroBias"))
    assert link(only, "a")["series"] == [A, ZERO_BIAS]
    assert "DT/b/" not in re.search(r'<div id="series-results">.*?</div>', only, re.S)[0]


def test_each_series_but_the_last_can_be_removed(client: FlaskClient) -> None:
    page = read(client, address(A, B, errors="1"))
    assert link(page, "Remove a (DT, StreamExpress, Express)")["series"] == [B]
    assert link(page, "Remove b (DT, StreamExpress, Express)") == {"path": ["/trends/chart"], "series": [A], "errors": ["1"]}
    assert "Remove a (" not in read(client, address(A))


def test_two_or_three_series_can_be_correlated(client: FlaskClient) -> None:
    def may(*series: str) -> bool:
        return 'name="correlate" value="1"' in read(client, address(*series))

    assert (may(A), may(A, B), may(A, B, ZERO_BIAS), may(A, B, ZERO_BIAS, "oms/energy")) == (False, True, True, False)
    points = address(A, B, correlate="1").replace("/chart", "/chart/points")
    (chart,) = unpack(client.get(points).data)["charts"]
    assert chart["correlation"]
    assert chart["regression"]["slope"] == pytest.approx(2.0), "b is twice the run, a grows by one each run"


def test_series_of_different_units_on_one_axis_are_noted(client: FlaskClient) -> None:
    assert "One axis for different units: Mean of a; Duration (s)." in read(client, address(A, "oms/duration"))
    assert "One axis for different units" not in read(client, address(A, ZERO_BIAS))
    assert "One axis for different units" not in read(client, address(A, "oms/duration", correlate="1"))


def test_the_chosen_point_is_beside_the_chart_with_the_values_of_all_series(client: FlaskClient) -> None:
    page = read(client, address(A, B, run="355003"))
    assert 'data-run="355003"' in page
    text = " ".join(html.unescape(re.sub(r"<[^>]*>", " ", page)).split())
    assert "Run 355003 a 3.00 ± 0.50" in text
    assert "a : 3.00 ± 0.50 b : no point: Empty histogram" in text
    assert link(page, "b")["of"] == ["1"]


def test_previous_and_next_lead_along_the_points_of_the_chart(client: FlaskClient) -> None:
    page = read(client, address(B, run="355002", runs="355002-355005"))
    assert 'class="iconlink none"' in page, "the run before is not in the chart"
    step = link(page, "Next point: run 355004")
    assert (step["run"], step["runs"]) == (["355004"], ["355002-355005"])
    assert link(read(client, address(A)), "Previous point: run 355005")["run"] == ["355005"], "the last one, while none is chosen"


def test_a_point_that_a_script_requests_steps_along_the_chart_that_it_is_beside(client: FlaskClient) -> None:
    current = f"http://127.0.0.1:8889{address(A, B, runs='355001-355004', run='355001')}"
    headers = {"HX-Request": "true", "HX-Target": "trend-point", "HX-Current-URL": current}
    answer = client.get(f"/trends/point?series={B}&run=355004", headers=headers)
    fields = parse_qsl(urlsplit(answer.headers["HX-Replace-Url"]).query)
    assert dict(fields) == {"series": B, "runs": "355001-355004", "run": "355004", "of": "1"}
    assert "Next point" not in answer.text.split("Before and after")[0]
    assert link(answer.text, "Previous point: run 355002")["of"] == ["1"]


MANY_RUNS = range(356000, 356500)
LONGEST_LINE = 8190
"""Bytes of the first line of a request that gunicorn accepts."""


@pytest.mark.parametrize(
    ("page", "form"),
    [(f"/trends/chart?series={A}&series={B}", "chart-form"), ("/trends?subsystem=DT&pd=StreamExpress&ps=Express", "trend-form")],
)
def test_a_form_with_a_list_of_many_runs_fits_into_an_address_and_keeps_them(
    client: FlaskClient, five_runs: TrendStore, page: str, form: str
) -> None:
    five_runs.facts(*MANY_RUNS)
    for run in MANY_RUNS:
        five_runs.add(run, {"a": (1.0, 0.5)})
    listed = client.get(f"{page}&runs=latest:500&how=list").headers["Location"]
    runs = dict(parse_qsl(urlsplit(listed).query))["runs"]
    newest = [int(run) for run in runs.split(",")]
    assert newest == list(MANY_RUNS)[-len(newest) :]
    assert len(newest) >= 200
    fields = form_fields(read(client, listed), form)
    request = f"{page.partition('?')[0]}?{urlencode([('errors', '1'), *(each for each in fields if each[0] != 'errors')])}"
    assert len(f"GET {request} HTTP/1.1") < LONGEST_LINE
    changed = dict(parse_qsl(urlsplit(client.get(request).headers["Location"]).query))
    assert (changed["runs"], changed["errors"]) == (runs, "1")


def test_a_range_made_of_a_list_is_from_its_first_to_its_last_run(client: FlaskClient) -> None:
    fields = dict(form_fields(read(client, address(A, runs="355002,355004")), "chart-form"))
    assert "runs" not in fields
    answer = client.get(f"/trends/chart?{urlencode({**fields, 'how': 'range'})}")
    assert dict(parse_qsl(urlsplit(answer.headers["Location"]).query))["runs"] == "355002-355004"


def test_a_list_with_a_mistake_stays_in_its_field_for_correction(client: FlaskClient) -> None:
    wrong = "355002,35500x,355004"
    page = read(client, address(A, how="list", list=wrong), 400)
    assert dict(form_fields(page, "chart-form"))["list"] == wrong
    assert dict(form_fields(page, "chart-form"))["how"] == "list"


def test_half_the_width_of_a_band_keeps_all_its_digits(client: FlaskClient) -> None:
    given = address(A, band="355001-355005", sigma="2.3456789", drift="1")
    page = read(client, given)
    assert link(page, "CSV")["sigma"] == ["2.3456789"]
    assert dict(form_fields(page, "chart-form"))["sigma"] == "2.3456789"


@pytest.mark.parametrize(
    "ends", [("1e17", "1.00000000000000016e17"), ("100000", "100000.00000000001"), ("2", "1"), ("0", "0"), ("-1e308", "-1e308")]
)
def test_ends_of_the_y_axis_without_numbers_between_them_are_refused(client: FlaskClient, ends: tuple[str, str]) -> None:
    page = read(client, address(A, ymin=ends[0], ymax=ends[1]), 400)
    assert "the upper end of the y axis must be above the lower one" in page
    assert client.get(address(A, ymin=ends[0], ymax=ends[1]).replace("chart?", "chart/points?")).status_code == 400


def test_wrong_fields_are_named_and_the_rest_stays(client: FlaskClient) -> None:
    page = read(client, address(A, "DT/a", colour="red", run="x"), 400)
    for text in ("&#39;DT/a&#39; is no series", "pages of a chart have no such field", "expected a whole number"):
        assert text in page
    assert link(page, "Open the page without them") == {"path": ["/trends/chart"], "series": [A]}


def test_a_chart_without_series_offers_them_at_once(client: FlaskClient) -> None:
    page = read(client, "/trends/chart")
    assert "Choose the first series of the chart" in page
    assert 'id="chart-form"' not in page, "there is nothing to draw in another way"
    assert link(page, "b")["series"] == [B]
    assert client.get("/trends/chart/points").status_code == 400


def test_a_series_without_points_is_marked_as_such(client: FlaskClient) -> None:
    assert "no points</span>" in read(client, address(A, "DT/gone/StreamExpress/Express"))
    assert "no points</span>" not in read(client, address(A))


def test_many_series_are_limited(client: FlaskClient) -> None:
    names = [f"DT/t{number}/StreamExpress/Express" for number in range(101)]
    assert "at most 100 series" in read(client, address(*names), 400)
    assert "as many series as fit" in read(client, address(*names[:100]))


def test_series_of_many_datasets_are_limited(client: FlaskClient) -> None:
    """Each dataset takes some queries."""
    names = [f"DT/a/Dataset{number}/Express" for number in range(21)]
    assert "at most 20 selections of subsystem, primary dataset and processing" in read(client, address(*names, "oms/energy"), 400)
    assert "at most" not in read(client, address(*names[:20], "oms/energy"))


def test_a_chart_of_a_whole_display_group_has_its_title(client: FlaskClient) -> None:
    add_group(DisplayGroup("more", "More", "", "DT", False, ("a", "b", "gone", "lost")))
    add_group(DisplayGroup("both", "Both of them", "", "DT", False, ("a", "b", "gone")))
    assert '<h1 class="sample">Both of them</h1>' in read(client, address(A, B))
    assert '<h1 class="sample">a</h1>' in read(client, address(A))


def test_band_and_drift_of_a_chart_are_described_below_it(client: FlaskClient) -> None:
    page = read(client, address(A, band="355001-355005", drift="1"))
    assert "Reference band and drift" in page
    assert "3.0" in re.search(r'data-label="Band".*?</td>', page, re.S)[0], "the mean of 1 to 5"
    assert "Reference band" not in read(client, address(A)).split('id="trend-charts"')[1]


def test_a_chosen_point_of_an_unknown_trend_leaves_the_chart(client: FlaskClient) -> None:
    page = read(client, address("DT/gone/StreamExpress/Express", A, run="355001"))
    assert "There is no trend gone of DT." in page
    assert 'data-chart="0"' in page


def test_a_run_that_the_chart_does_not_show_is_said_to_be_so(client: FlaskClient) -> None:
    page = read(client, address(A, B, run="355001", runs="355004-355005"))
    assert page.count("no point: not among the runs of the chart") == 2
