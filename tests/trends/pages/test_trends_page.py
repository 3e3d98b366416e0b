"""The page of trends: choices in steps, charts of what was chosen, and a sentence wherever there is nothing to show."""

from __future__ import annotations

import html
import re

import numpy as np
import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.core.settings import Settings
from app.trends.golden.store import store_golden
from app.trends.groups import DisplayGroup
from app.trends.groups.store import add_group
from app.trends.query.packed import unpack
from tests.trends.query.points_of_tests import TrendStore

pytestmark = pytest.mark.slow

ALL = "/trends?subsystem=DT&pd=StreamExpress&ps=Express"
PROMPT = "/StreamExpress/Run2022C-PromptReco-v1/DQMIO"


@pytest.fixture
def three_runs(store: TrendStore) -> TrendStore:
    """Trends a and b of DT in three runs, of which the second is not significant."""
    store.configure("DT", a="basic.Mean() DT/a", b="basic.Mean() DT/b")
    store.facts(355001, 355003)
    store.facts(355002, rr_significant=False, duration=10.0, recorded_lumi=0.0)
    for run in (355001, 355002, 355003):
        store.add(run, {"a": (run - 355000 + 0.1, 0.5), "b": "Empty histogram"})
    return store


def page_text(client: FlaskClient, address: str, status: int = 200) -> str:
    """The text of a page without tags."""
    answer = client.get(address)
    assert answer.status_code == status, answer.text
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]*>", " ", answer.text)))


def titles(client: FlaskClient, address: str) -> list[str]:
    """The titles of the charts of a page."""
    return re.findall(r"<h2><bdi>(.*?)</bdi></h2>", client.get(address).text)


def fields(text: str) -> dict[str, str]:
    """Names and values of the fields of the form of a page, as a browser without scripts sends them."""
    form = re.search(r'<form id="trend-form".*?</form>', text, re.S)
    assert form
    found = {}
    for tag in re.findall(r"<input[^>]*>", form[0]):
        if 'type="checkbox"' not in tag or " checked" in tag:
            found[re.search(r'name="([^"]*)"', tag)[1]] = html.unescape(re.search(r'value="([^"]*)"', tag)[1])
    for name, options in re.findall(r'<select name="([^"]*)">(.*?)</select>', form[0], re.S):
        chosen = re.search(r'<option value="([^"]*)" selected', options) or re.search(r'<option value="([^"]*)"', options)
        found[name] = html.unescape(chosen[1]) if chosen else ""
    return found


def test_the_points_of_a_page_are_those_of_its_charts(client: FlaskClient, three_runs: TrendStore) -> None:
    header = unpack(client.get(ALL.replace("/trends", "/trends/points")).data)
    assert header["runs"]["run"].tolist() == [355001, 355003]
    assert [chart["title"] for chart in header["charts"]] == ["a", "b"]
    values = header["series"][header["charts"][0]["series"][0]]["values"]
    assert values.tolist() == np.array([1.1, 3.1], dtype=np.float32).tolist()
    assert np.isnan(header["series"][1]["values"]).all()


def test_unchanged_points_are_not_sent_again(client: FlaskClient, three_runs: TrendStore) -> None:
    points = ALL.replace("/trends", "/trends/points")
    tag = {"If-None-Match": client.get(points).headers["ETag"]}
    assert client.get(points, headers=tag).status_code == 304
    three_runs.add(355004, {"a": (4.0, 0.5)})
    assert client.get(points, headers=tag).status_code == 200


@pytest.mark.both_databases
def test_points_are_sent_again_after_a_change_of_groups_and_of_the_limits_of_significance(
    client: FlaskClient, app: Flask, three_runs: TrendStore
) -> None:
    points = ALL.replace("/trends", "/trends/points")
    tag = {"If-None-Match": client.get(points).headers["ETag"]}
    add_group(DisplayGroup("g", "", "", "DT", False, ("a", "b")))
    grouped = client.get(points, headers=tag)
    assert len(unpack(grouped.data)["charts"]) == 1
    app.config["HUB"] = app.config["HUB"].replace(runs_collisions_lumi=1e6)  # as after a restart
    answer = client.get(points, headers={"If-None-Match": grouped.headers["ETag"]})
    assert answer.status_code == 200
    assert unpack(answer.data)["runs"]["run"].tolist() == []


def test_what_has_to_be_chosen_is_a_list_of_links(client: FlaskClient, three_runs: TrendStore) -> None:
    three_runs.add(355001, {"a": (1.0, 0.1)}, PROMPT)
    answer = client.get("/trends").text
    assert 'href="/trends?subsystem=DT"' in answer
    step = client.get("/trends?subsystem=DT")
    assert "Choose a processing" in step.text, "the only primary dataset needs no choice"
    assert 'href="/trends?subsystem=DT&amp;pd=StreamExpress&amp;ps=PromptReco"' in step.text


def test_only_subsystems_with_the_dataset_of_the_address_are_offered(client: FlaskClient, three_runs: TrendStore) -> None:
    three_runs.configure("CSC", c="basic.Mean() CSC/c")
    three_runs.add(355001, {"c": (1.0, 0.1)}, PROMPT)
    assert "Choose a subsystem: CSC DT" in page_text(client, "/trends?pd=StreamExpress&runs=355001-355003")
    assert "Choose a subsystem: CSC DT" in page_text(client, "/trends")
    step = client.get("/trends?pd=StreamExpress&ps=PromptReco").text
    assert "no points" not in step
    assert 'href="/trends?subsystem=CSC&amp;pd=StreamExpress&amp;ps=PromptReco"' in step
    assert "subsystem=DT" not in step


@pytest.mark.both_databases
def test_what_has_no_points_is_named_with_what_has(client: FlaskClient, three_runs: TrendStore) -> None:
    text = page_text(client, "/trends?subsystem=DT&pd=Cosmics&ps=Express")
    assert "There are no points of primary dataset Cosmics for DT. There are points of: StreamExpress" in text
    assert '<option value="Cosmics" selected>' in client.get("/trends?subsystem=DT&pd=Cosmics&ps=Express").text


@pytest.mark.both_databases
def test_without_configurations_the_page_says_where_they_belong(client: FlaskClient, hub: Settings) -> None:
    assert "trend_configs" in page_text(client, "/trends")


def test_without_points_the_page_says_when_they_come(client: FlaskClient, store: TrendStore) -> None:
    store.configure("DT", a="basic.Mean() DT/a")
    assert "There are no points yet" in page_text(client, "/trends")


@pytest.mark.both_databases
def test_a_search_finds_words_of_titles_and_of_names_without_a_title(client: FlaskClient, store: TrendStore) -> None:
    store.configure("DT", plain_name="basic.Mean() DT/a")
    (store.settings.data / "trends" / "DT" / "b.toml").write_text(
        '[[trend]]\nname = "b1"\nmetric = "basic.Mean()"\nme = "DT/b"\ny_title = "y"\ntitle = "p<sub>T</sub> &gt; 5 <b>GeV</b>"\n'
    )
    store.configure("DT", plain_name="basic.Mean() DT/a")
    store.add(355001, {"plain_name": (1.0, 0.1), "b1": (2.0, 0.1)})
    assert titles(client, ALL) == ["plain_name", "pT &gt; 5 GeV"], "as in the files of configurations"
    assert titles(client, ALL + "&search=PT+gev") == ["pT &gt; 5 GeV"], "tags are no part of the title"
    assert titles(client, ALL + "&search=lain_n") == ["plain_name"]
    assert titles(client, ALL + "&search=sub") == []
    assert "No trend of DT matches sub in its title or name" in page_text(client, ALL + "&search=sub")


def test_hidden_runs_are_counted_with_the_reason_and_a_link(client: FlaskClient, three_runs: TrendStore) -> None:
    text = page_text(client, ALL)
    assert "2 runs, 355001–355003. 1 run is hidden: it is not significant. Show it" in text
    shown = page_text(client, ALL + "&significant=all")
    assert "3 runs, 355001–355003. 1 run is not significant and marked. Hide it" in shown


def test_a_choice_without_runs_says_so_and_leads_on(client: FlaskClient, three_runs: TrendStore) -> None:
    text = page_text(client, ALL + "&runs=1-2")
    assert "None of these runs has points of these trends. Show the latest runs" in text
    assert "no points" in text
    hidden = page_text(client, ALL + "&runs=355002")
    assert "1 run is hidden: it is not significant. Show it" in hidden


@pytest.mark.both_databases
def test_listed_runs_without_a_result_are_counted(client: FlaskClient, three_runs: TrendStore) -> None:
    text = page_text(client, ALL + "&runs=355001,355002,1,2")
    assert "1 run, 355001. 1 run is hidden: it is not significant. Show it 2 runs of the list have no result of these trends." in text
    digest = store_golden(b'{"355001": [[1, 9]], "7": [[1, 9]]}').hash
    assert "1 run of the golden JSON has no result of these trends." in page_text(client, f"{ALL}&runs=golden:{digest}")


def test_an_unknown_second_processing_is_named(client: FlaskClient, three_runs: TrendStore) -> None:
    three_runs.add(355001, {"a": (1.0, 0.1)}, PROMPT)
    text = page_text(client, ALL + "&ps2=Nothing")
    assert "There are no points of second processing Nothing for DT in StreamExpress. There are points of: PromptReco" in text


def test_the_first_processing_is_no_second_one(client: FlaskClient, three_runs: TrendStore) -> None:
    three_runs.add(355001, {"a": (1.0, 0.1)}, PROMPT)
    page = client.get(ALL + "&ps2=Express").text
    assert "(no points)" not in page
    assert fields(page)["ps2"] == ""


def test_a_run_without_facts_is_shown_and_said(client: FlaskClient, three_runs: TrendStore) -> None:
    three_runs.add(355009, {"a": (9.0, 0.5)})
    assert "It is not known whether 1 run is significant; it is marked." in page_text(client, ALL)
    assert "1 run is not on the x axis: the start is not known." in page_text(client, ALL + "&x=time")


@pytest.mark.both_databases
def test_a_table_has_exact_values_and_reasons(client: FlaskClient, three_runs: TrendStore) -> None:
    three_runs.add(355005, {"b": (0.1 + 0.2, 1e-7)})
    text = page_text(client, ALL + "&table=1")
    assert "355001 1.1 0.5 8000 2020-09-13T12:26:40Z 3600 Collisions22 yes 100 110" in text
    assert "355001 – – Empty histogram 8000" in text
    assert "355005 0.30000000000000004 1e-07 – – – – unknown – –" in text
    assert "355005 – – no file of this dataset" in text


def test_every_wrong_field_is_named_and_the_rest_stays(client: FlaskClient, three_runs: TrendStore) -> None:
    wrong = "&runs=all&grid=2&x=y&significant=no&page=0&errors=2&sigma=-1&band=x&sortt=1&table=2&drift=x&serch=a"
    text = page_text(client, ALL + wrong, 400)
    for name in ("runs", "grid", "x", "significant", "page", "errors", "sigma", "band", "sortt", "table", "drift", "serch"):
        assert re.search(rf" {name} : ", text), name
    assert "did you mean search?" in text
    assert titles_in(client.get(ALL + wrong).text) == ["a", "b"]
    assert client.get((ALL + wrong).replace("/trends", "/trends/points")).status_code == 400


def titles_in(text: str) -> list[str]:
    return re.findall(r"<h2><bdi>(.*?)</bdi></h2>", text)


@pytest.mark.both_databases
def test_a_page_beyond_the_last_one_is_the_last_one_and_says_so(client: FlaskClient, three_runs: TrendStore) -> None:
    address = ALL + "&grid=1x1&page=7"
    assert "page : there are 2 pages of these charts" in page_text(client, address, 400)
    assert titles(client, address) == ["b"]
    assert titles(client, ALL + "&grid=1x1&page=2") == ["b"]


def test_one_chart_is_as_wide_as_the_page_whatever_the_grid(client: FlaskClient, three_runs: TrendStore) -> None:
    assert 'id="trend-charts" class="columns-2"' in client.get(ALL).text
    assert 'id="trend-charts" class="columns-1"' in client.get(ALL + "&grid=6x6&search=b").text
    assert 'id="trend-charts" class="columns-1"' in client.get(ALL + "&grid=1x6").text


def test_the_list_of_plots_leads_to_the_page_of_each(client: FlaskClient, three_runs: TrendStore) -> None:
    text = client.get(ALL + "&grid=1x1").text
    link = f'{html.escape(ALL)}&amp;page=2&amp;grid=1x1#trend-2">b</a>'
    assert link in text
    assert 'id="trend-2"' in client.get(ALL + "&page=2&grid=1x1").text


def test_a_second_processing_is_in_the_same_charts_and_named(client: FlaskClient, three_runs: TrendStore) -> None:
    three_runs.add(355001, {"a": (7.0, 0.1)}, PROMPT)
    header = unpack(client.get(ALL.replace("/trends", "/trends/points") + "&ps2=PromptReco").data)
    (chart, _) = header["charts"]
    assert chart["labels"] == ["Express", "PromptReco"]
    assert [header["series"][index]["ps"] for index in chart["series"]] == ["Express", "PromptReco"]
    assert header["series"][chart["series"][1]]["values"].tolist()[0] == 7.0
    assert "PromptReco: 1 point, mean 7" in page_text(client, ALL + "&ps2=PromptReco")


def test_the_form_leads_to_the_address_of_its_view(client: FlaskClient, three_runs: TrendStore) -> None:
    sent = fields(client.get(ALL).text)
    assert sent["how"] == "latest"
    answer = client.get("/trends", query_string=sent)
    assert answer.status_code == 302
    assert answer.headers["Location"] == ALL
    del sent["fills"]  # an unchecked box sends nothing, but the hidden field before it does
    query = "&".join(f"{name}={value}" for name, value in (sent | {"errors": "1"}).items()) + "&fills=0"
    assert client.get(f"/trends?{query}").headers["Location"] == ALL + "&errors=1&fills=0"


def test_with_scripts_the_form_gets_the_page_and_its_address(client: FlaskClient, three_runs: TrendStore) -> None:
    sent = fields(client.get(ALL).text) | {"grid": "1x2"}
    headers = {"HX-Request": "true", "HX-Target": "main"}
    answer = client.get("/trends", query_string=sent, headers=headers)
    assert (answer.status_code, answer.headers["HX-Push-Url"]) == (200, ALL + "&grid=1x2")
    wrong = client.get("/trends", query_string=sent | {"latest": "0"}, headers=headers)
    assert wrong.headers["HX-Push-Url"] == "false", "the address before is the one that works"
    assert "expected a whole number from 1" in wrong.text


@pytest.mark.parametrize(
    ("typed", "runs"),
    [
        ({"latest": "1"}, "&runs=latest:1"),
        ({"how": "range"}, "&runs=355001-355003"),
        ({"how": "list"}, "&runs=355001,355003"),
        ({"how": "range", "from": "355002", "to": "355009"}, "&runs=355002-355009"),
        ({"how": "list", "list": "355003 355001"}, "&runs=355001,355003"),
        ({"how": "list", "list": "355003, 355001"}, "&runs=355001,355003"),
    ],
)
def test_another_kind_of_choice_of_runs_begins_with_the_shown_ones(
    client: FlaskClient, three_runs: TrendStore, typed: dict[str, str], runs: str
) -> None:
    answer = client.get("/trends", query_string=fields(client.get(ALL).text) | typed)
    assert answer.headers["Location"] == ALL + runs


def test_the_golden_json_that_was_uploaded_last_is_the_first_choice(client: FlaskClient, three_runs: TrendStore) -> None:
    store_golden(b'{"355001": [[1, 9]]}', "old.json")
    newest = store_golden(b'{"355003": [[1, 9]]}', "Cert_2022.json").hash
    answer = client.get("/trends", query_string=fields(client.get(ALL).text) | {"how": "golden"})
    assert answer.headers["Location"] == f"{ALL}&runs=golden:{newest}"
    shown = client.get(answer.headers["Location"]).text
    assert "1 run, 355003." in shown
    assert re.search(rf'<option value="{newest}" selected>Cert_2022.json', shown)
    assert fields(shown)["golden"] == newest


def test_the_full_screen_of_a_chart_of_many_listed_runs_opens(client: FlaskClient, three_runs: TrendStore) -> None:
    runs = ",".join(str(run) for run in range(355001, 355501))
    link = re.search(r'href="([^"]*)">Full screen', client.get(f"{ALL}&runs={runs}").text)
    assert link
    answer = client.get(html.unescape(link[1]))
    assert answer.status_code == 200, "the way back would have the runs once more, so it leads to them by those of the chart"
    assert runs in html.unescape(answer.text)


@pytest.mark.parametrize(
    ("typed", "problem"),
    [
        ({"how": "range", "from": "355002"}, "to : a range needs its first and its last run"),
        ({"how": "range", "from": "5", "to": "4"}, "ends before it begins"),
        ({"how": "list", "list": "a"}, "no choice of runs"),
        ({"how": "golden"}, "golden : this hub has no golden JSON yet: upload one on the page /trends/golden"),
    ],
)
def test_a_wrong_choice_of_runs_is_named_and_the_shown_ones_stay(
    client: FlaskClient, three_runs: TrendStore, typed: dict[str, str], problem: str
) -> None:
    answer = client.get("/trends", query_string=fields(client.get(ALL).text) | typed)
    assert answer.status_code == 400
    assert problem in re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]*>", " ", answer.text)))
    assert titles_in(answer.text) == ["a", "b"]


def test_another_list_of_charts_begins_at_its_first_page_and_other_options_stay_on_theirs(
    client: FlaskClient, three_runs: TrendStore
) -> None:
    sent = fields(client.get(ALL + "&grid=1x1&page=2").text)
    assert "page=2" in client.get("/trends", query_string=sent | {"x": "time"}).headers["Location"]
    assert "page=2" not in client.get("/trends", query_string=sent | {"search": "a"}).headers["Location"]


def test_runs_of_an_unknown_golden_json_are_a_problem_of_the_page(client: FlaskClient, three_runs: TrendStore) -> None:
    assert "runs : There is no golden JSON 0123456789ab" in page_text(client, ALL + "&runs=golden:0123456789ab", 400)
