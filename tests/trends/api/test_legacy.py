"""The API of HDQM: its shapes, and what it was meant to do."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from flask.testing import FlaskClient

from app.core.database import proxy
from app.security import Role, accounts, tokens
from tests.trends.query.points_of_tests import DATASET, TrendStore

pytestmark = pytest.mark.slow

DATA = "/hdqm/api/data?subsystem=DT&pd=StreamExpress&processing_string=Express"
OMS_ATTRIBUTES = [
    "start_time",
    "end_time",
    "b_field",
    "energy",
    "delivered_lumi",
    "end_lumi",
    "recorded_lumi",
    "l1_key",
    "hlt_key",
    "l1_rate",
    "hlt_physics_rate",
    "duration",
    "fill_number",
    "fill_type_runtime",
    "stable_beam",
]
"""The fields that the original requested of OMS."""


def _json(client: FlaskClient, address: str, status: int = 200) -> Any:
    response = client.get(address)
    assert response.status_code == status, response.text
    return response.json


def _runs(client: FlaskClient, query: str) -> list[list[int]]:
    return [[point["run"] for point in trend["trends"]] for trend in _json(client, f"{DATA}&{query}")]


def test_the_top_and_the_selections_have_the_shapes_of_the_original(client: FlaskClient) -> None:
    assert _json(client, "/hdqm/api/") == "HDQM REST API"
    assert _json(client, "/hdqm/api/selection") == {"DT": {"StreamExpress": ["Express"]}}
    assert _json(client, "/hdqm/api/runs") == [355555, 355556, 355557, 357000]
    plots = _json(client, "/hdqm/api/plot_selection")["DT"]["StreamExpress"]["Express"]
    assert [plot["name"] for plot in plots] == ["a", "b"]
    assert all(isinstance(plot["id"], int) for plot in plots)


def test_data_has_the_shape_of_the_original(store: TrendStore, client: FlaskClient) -> None:
    store.facts(357000, start=1657660966.0, end=None, fill=8092, stable_beam=True, fill_type="PROTONS", l1_rate=90746.1)
    first, second = _json(client, DATA)
    number = first["metadata"].pop("trend_id")
    assert isinstance(number, int)
    assert first["metadata"] == {
        "name": "a",
        "plot_title": "a",
        "y_title": "Mean of a",
        "subsystem": "DT",
        "pd": "StreamExpress",
        "processing_string": "Express",
        "relative_path": "DT/a",
        "histo1_path": None,
        "histo2_path": None,
        "reference_path": None,
    }
    assert [(point["run"], point["value"], point["error"]) for point in first["trends"]] == [
        *[(355555, 1 / 3, 0.1), (355557, 12.1049, 0.27094), (357000, 8.0, 0.5)]
    ]
    assert [point["run"] for point in second["trends"]] == [355555], "a run without a value is no point"
    info = first["trends"][2]["oms_info"]
    assert sorted(info) == sorted(OMS_ATTRIBUTES)
    assert (info["start_time"], info["end_time"], info["fill_number"]) == ("2022-07-12T21:22:46Z", None, 8092)
    assert (info["stable_beam"], info["fill_type_runtime"], info["l1_rate"], info["duration"]) == (True, "PROTONS", 90746.1, 3600.0)


def test_a_run_unknown_to_oms_has_nulls_not_the_number_1(client: FlaskClient) -> None:
    point = _json(client, f"{DATA}&runs=357000")[0]["trends"][0]
    assert point["oms_info"] == dict.fromkeys(OMS_ATTRIBUTES)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("from_run=355000&to_run=355999", [[355555, 355557], [355555]]),
        ("runs=355557,355555,355556", [[355555, 355557], [355555]]),
        ("latest=2", [[355557, 357000], []]),
        ("from_run=0&to_run=0", [[355555, 355557, 357000], [355555]]),
        ("from_run=0&latest=1", [[357000], []]),
        ("runs=1", [[], []]),
    ],
)
def test_runs_are_ascending_and_significant(client: FlaskClient, query: str, expected: list[list[int]]) -> None:
    assert _runs(client, query) == expected


def test_with_a_run_registry_only_runs_known_as_significant_have_points(client: FlaskClient) -> None:
    hub = client.application.config["HUB"]
    client.application.config["HUB"] = hub.replace(runs_rr_url="https://cmsrunregistry.web.cern.ch/api")
    assert _runs(client, "latest=50") == [[355555, 355557], [355555]]


def test_latest_counts_runs_of_the_selection_not_those_of_any_dataset(store: TrendStore, client: FlaskClient) -> None:
    for run in range(358000, 358060):
        store.add(run, {"a": (1.0, 0.1)}, "/Cosmics/Run2022E-PromptReco-v1/DQMIO")
        store.facts(run)
    assert _runs(client, "latest=2") == [[355557, 357000], []]


def test_trends_are_chosen_by_id_and_by_name_with_or_without_the_prefix(client: FlaskClient) -> None:
    number = _json(client, "/hdqm/api/plot_selection")["DT"]["StreamExpress"]["Express"][1]["id"]
    for query in (f"{DATA}&trend_id={number}", f"{DATA}&series=b", f"{DATA}&series=plot:b", f"/hdqm/api/data?series_id={number}"):
        assert [trend["metadata"]["name"] for trend in _json(client, query)] == ["b"]
    assert [trend["metadata"]["name"] for trend in _json(client, f"{DATA}&series=plot:b,a")] == ["b", "a"]
    assert len(_json(client, f"{DATA}&trend_id=0")) == 2


def test_the_id_of_a_trend_is_that_of_its_data_also_after_a_change(store: TrendStore, client: FlaskClient) -> None:
    number = _json(client, f"{DATA}&series=a")[0]["metadata"]["trend_id"]
    store.configure("DT", a="basic.StdDev() DT/a", b="basic.BinCount(2) DT/b")
    store.add(358000, {"a": (3.0, 0.1)})
    (found,) = _json(client, f"{DATA}&trend_id={number}")
    assert [point["value"] for point in found["trends"]] == [3.0]


@pytest.mark.parametrize("change", ["another metric, without points", "no configuration"])
@pytest.mark.parametrize("runs", ["", "&latest=2", "&runs=355555,355557"])
def test_an_id_that_was_listed_leads_to_whole_answers_after_a_change(
    store: TrendStore, client: FlaskClient, change: str, runs: str
) -> None:
    number = _json(client, "/hdqm/api/plot_selection")["DT"]["StreamExpress"]["Express"][0]["id"]
    newer = {"a": "basic.StdDev() DT/a"} if change.startswith("another") else {}
    store.configure("DT", **newer, b="basic.BinCount(2) DT/b")
    planted = {355555: 1 / 3, 355557: 12.1049, 357000: 8.0}
    expected = {run: planted[run] for run in ([355557, 357000] if "latest" in runs else [355555, 355557] if runs else planted)}
    for address in (f"/hdqm/api/data?series_id={number}{runs}", f"{DATA}&trend_id={number}{runs}"):
        (found,) = _json(client, address)
        assert found["metadata"]["name"] == "a"
        assert {point["run"]: point["value"] for point in found["trends"]} == expected


@pytest.mark.parametrize(
    ("query", "status", "message"),
    [
        ("pd=StreamExpress&processing_string=Express", 400, "Please provide a subsystem parameter."),
        ("subsystem=DT&processing_string=Express", 400, "Please provide a pd parameter."),
        ("subsystem=DT&pd=StreamExpress", 400, "Please provide a processing_string parameter."),
        (f"{urlsplit(DATA).query}&latest=5&runs=1", 400, "The combination of parameters you provided is invalid."),
        (f"{urlsplit(DATA).query}&latest=5&from_run=1&to_run=2", 400, "The combination of parameters you provided is invalid."),
        (f"{urlsplit(DATA).query}&from_run=1", 400, "The combination of parameters you provided is invalid."),
        (f"{urlsplit(DATA).query}&runs=a,b", 400, "runs parameter is not valid. It has to be a comma separated list of integers."),
        (f"{urlsplit(DATA).query}&runs=", 400, "runs parameter is not valid. It has to be a comma separated list of integers."),
        (f"{urlsplit(DATA).query}&latest=x", 400, "latest parameter is not valid. It has to be an integer."),
        (f"{urlsplit(DATA).query}&latest={'9' * 5000}", 400, "latest parameter is not valid. It has to be an integer."),
        (f"{urlsplit(DATA).query}&latest=1000000000005", 400, "The number of the latest runs is 1000000000005"),
        (f"{urlsplit(DATA).query}&runs={'9' * 5000}", 400, "runs parameter is not valid. It has to be a comma separated list"),
        ("series=a&series_id=1", 400, "series and series_id can not be defined at the same time."),
        ("series_id=99999", 404, "There is no trend 99999"),
        (f"{urlsplit(DATA).query}&series=x", 404, "There is no trend x in this selection"),
        ("subsystem=DT&pd=Nothing&processing_string=Express", 404, "There are no trends of DT in Nothing with processing Express"),
        ("subsystem=DT&pd=StreamExpress&processing_string=x", 404, "There are no trends of DT in StreamExpress with processing x"),
        ("subsystem=x&pd=StreamExpress&processing_string=Express", 404, "There are no trends of x"),
    ],
)
def test_errors_have_the_messages_of_the_original_in_the_one_shape(client: FlaskClient, query: str, status: int, message: str) -> None:
    found = _json(client, f"/hdqm/api/data?{query}", status)
    assert found["message"].startswith(message)
    assert (found["status"], sorted(found)) == (status, ["errors", "message", "status"])


def test_a_number_is_not_cut_to_one_that_there_is(client: FlaskClient) -> None:
    first = _json(client, f"{DATA}&latest=1")[0]["trends"][0]["run"]
    for text in (f"{first:0>12}", f"{first:0>20}"):
        assert [point["run"] for point in _json(client, f"{DATA}&runs={text}")[0]["trends"]] == [first]
    assert _json(client, f"{DATA}&runs={first:0>12}7")[0]["trends"] == []


ADDRESSES = ["/hdqm/api/selection", "/hdqm/api/data", "/hdqm/api/expand_url"]


@pytest.mark.parametrize("address", ADDRESSES)
def test_scripts_of_other_sites_may_read_answers_and_errors(client: FlaskClient, address: str) -> None:
    viewer = accounts.add("viewer", Role.VIEWER, "a long and safe passphrase")
    token = tokens.make(viewer, "test", Role.VIEWER, 1)[1]
    assert client.get(address, headers={"Authorization": f"Bearer {token}"}).headers["Access-Control-Allow-Origin"] == "*"
    preflight = client.options(address)
    assert preflight.status_code == 200
    assert preflight.headers["Access-Control-Allow-Origin"] == "*"
    assert "Authorization" in preflight.headers["Access-Control-Allow-Headers"]


@pytest.mark.parametrize("address", ADDRESSES)
@pytest.mark.parametrize(("readers", "allowed"), [("loopback", None), ("everyone", "*")])
def test_pages_in_a_browser_on_this_machine_read_no_more_than_others(
    client: FlaskClient, address: str, readers: str, allowed: str | None
) -> None:
    client.application.config["HUB"] = client.application.config["HUB"].replace(anonymous_read=readers)
    assert client.get(address).headers.get("Access-Control-Allow-Origin") == allowed


@pytest.mark.both_databases
@pytest.mark.parametrize("is_read", [True, False])
def test_an_answer_in_parts_returns_its_connection(client: FlaskClient, database_kind: str, is_read: bool) -> None:
    response = client.get(DATA, buffered=is_read)
    if is_read:
        assert len(response.json) == 2
    response.close()
    assert proxy.is_closed() == (database_kind == "postgresql"), "a connection of SQLite stays with its thread"


def test_a_long_answer_is_sent_in_parts_and_compressed(store: TrendStore, client: FlaskClient) -> None:
    response = client.get(DATA, headers={"Accept-Encoding": "gzip"})
    assert response.headers["Content-Encoding"] == "gzip"
    assert "Content-Length" not in response.headers
    etag = response.headers["ETag"]
    assert client.get(DATA, headers={"Accept-Encoding": "gzip", "If-None-Match": etag}).status_code == 304
    store.add(355557, {"a": (1.0, 0.1)})
    assert client.get(DATA, headers={"Accept-Encoding": "gzip", "If-None-Match": etag}).status_code == 200


def _expanded(client: FlaskClient, **changes: str) -> Any:
    number = _json(client, f"{DATA}&series=a")[0]["metadata"]["trend_id"]
    usual = {
        "run": "355557",
        "trend_id": str(number),
        "subsystem": "DT",
        "pd": "StreamExpress",
        "ps": "Express",
        "url_type": "main_gui_url",
    }
    query = "&".join(f"{name}={value}" for name, value in {**usual, **changes}.items() if value)
    return client.get(f"/hdqm/api/expand_url?{query}")


def test_expand_url_leads_to_the_page_and_the_plot_of_the_file_of_the_point(client: FlaskClient) -> None:
    page = _expanded(client)
    assert page.status_code == 302
    assert urlsplit(page.location).path == f"/browse/355557{DATASET}/DT"
    assert parse_qs(urlsplit(page.location).query)["plot"] == ["DT/a"]
    image = _expanded(client, run="357000", url_type="main_image_url")
    assert image.status_code == 302
    assert urlsplit(image.location).path == "/api/v1/render/357000/StreamExpress/Run2022D-Express-v2/DQMIO/DT/a"
    assert parse_qs(urlsplit(image.location).query)["w"] == ["1906"]


@pytest.mark.parametrize(
    ("changes", "status", "message"),
    [
        ({"url_type": "optional1_gui_url"}, 404, "Requested URL type is not found."),
        ({"url_type": "main"}, 400, "Please provide a valid url_type parameter. Accepted values are: main_gui_url,main_image_url,"),
        ({"url_type": ""}, 400, "Please provide a valid url_type parameter."),
        ({"run": ""}, 400, "Please provide a run parameter."),
        ({"trend_id": ""}, 400, "Please provide a trend_id parameter."),
        ({"subsystem": ""}, 400, "Please provide a subsystem parameter."),
        ({"pd": ""}, 400, "Please provide a pd parameter."),
        ({"ps": ""}, 400, "Please provide a ps parameter."),
        ({"trend_id": "99999"}, 404, "There is no trend 99999"),
        ({"pd": "ZeroBias"}, 404, "The trend "),
        ({"run": "1"}, 404, "Trend DT/a/StreamExpress/Express has no result in run 1"),
    ],
)
def test_expand_url_says_what_is_missing(client: FlaskClient, changes: dict[str, str], status: int, message: str) -> None:
    found = _expanded(client, **changes)
    assert found.status_code == status
    assert found.json["message"].startswith(message)
