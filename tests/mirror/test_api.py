"""The API of the original mirror: the responses are those of the original for the same data."""

from __future__ import annotations

import html
import json
import time
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from protocol.snapshot import Item, ItemKey
from tests.mirror import samples
from tests.mirror.conftest import MirrorClient

pytestmark = pytest.mark.usefixtures("clock")

LOG = "/api?what=get_logs&id=dqm-source-state-run358791-hostfu-c2f11-11-04-pid005344&db=production"


@pytest.fixture(scope="module")
def original(fixtures_dir: Path) -> dict[str, Any]:
    """Responses of the original, by request."""
    found = json.loads((fixtures_dir / "dqmsquare" / "mirror_api_responses.json").read_bytes())
    return {row["request"].removeprefix("GET "): row for row in found}


@pytest.fixture
def mirror_with_runs(mirror: MirrorClient, original: dict[str, Any]) -> MirrorClient:
    """A mirror with the runs in the responses of the original."""
    runs = original["/api?what=get_runs&from=358780&to=358800&bad_only=0&ls=0&db=production"]["json"]
    whole = {row[4]: row for row in original["/api?what=get_run&run=358788&db=production"]["json"][1][1]}
    items = []
    for number, run in runs.items():
        clients = []
        for name, cells in run["clients"].items():
            for host, events, lumi, fi_state, code, at in cells:
                known = whole[name] if number == "358788" else [0] * 6 + ["", 0, f"id-{number}-{name}", -1.0]
                reported = datetime.fromisoformat(at).timestamp()
                clients.append([reported, host, code, name, lumi, known[6], events, known[8], known[9], fi_state])
        order = [row[4] for row in original["/api?what=get_run&run=358788&db=production"]["json"][1][1]]
        clients.sort(key=lambda client: order.index(client[3]))
        data_run, runkey, cmssw = run["run_data"]
        items.append(samples.run_data(int(number), clients, data_run=data_run, runkey=runkey, cmssw=cmssw))
    graph = original["/api?what=get_graph&run=358791&db=production"]["json"]
    cluster = original["/api?what=get_cluster_status&cluster=playback"]["json"]
    text = original[LOG]["text"].removeprefix("<pre>").removesuffix("</pre>")
    log = Item(
        ItemKey("logtext", "production", 358791, LOG.partition("id=")[2].partition("&")[0]), "text/plain; charset=utf-8", "", text.encode()
    )
    mirror.publish(
        [
            *items,
            log,
            samples.json_item("graph", "production", 358791, "data", graph),
            samples.json_item("cluster", "playback", 0, "data", cluster),
        ]
    )
    return mirror


def assert_same_response(mirror: MirrorClient, original: dict[str, Any], address: str) -> None:
    assert mirror.json(address) == original[address]["json"]


def test_the_first_and_last_run(mirror_with_runs: MirrorClient, original: dict[str, Any]) -> None:
    assert_same_response(mirror_with_runs, original, "/api?what=get_info&db=production")
    assert mirror_with_runs.json("/api?what=get_info&db=playback") == [None, None]


def test_a_run(mirror_with_runs: MirrorClient, original: dict[str, Any]) -> None:
    address = "/api?what=get_run&run=358788&db=production"
    ours, theirs = mirror_with_runs.json(address), original[address]["json"]
    assert ours[0] == [None, 358791], "neighbours in order; the original returned them in any order"
    assert ours[1][0] == theirs[1][0]
    for mine, other in zip(ours[1][1], theirs[1][1], strict=True):
        assert mine[0] == pytest.approx(other[0], abs=0.01)
        assert mine[2:] == other[2:]


def test_ages_are_calculated_for_each_response(mirror: MirrorClient) -> None:
    mirror.publish([samples.run_data(7, [samples.client("beam", reported=time.time() - 100)])])
    (client,) = mirror.json("/api?what=get_run&run=7&db=production")[1][1]
    assert client[1] == 100


def test_a_missing_run_has_neighbours_but_no_clients(mirror_with_runs: MirrorClient) -> None:
    assert mirror_with_runs.json("/api?what=get_run&run=358790&db=production") == [[358788, 358791], [[], []]]


@pytest.mark.parametrize("more", ["bad_only=0&ls=0", "bad_only=1&ls=1"])
def test_runs_of_a_range(mirror_with_runs: MirrorClient, original: dict[str, Any], more: str) -> None:
    assert_same_response(mirror_with_runs, original, f"/api?what=get_runs&from=358780&to=358800&{more}&db=production")


def test_clients_of_a_range(mirror_with_runs: MirrorClient, original: dict[str, Any]) -> None:
    assert_same_response(mirror_with_runs, original, "/api?what=get_clients&from=358788&to=358792&db=production")


def test_file_delivery_of_a_run(mirror_with_runs: MirrorClient, original: dict[str, Any]) -> None:
    assert_same_response(mirror_with_runs, original, "/api?what=get_graph&run=358791&db=production")
    assert mirror_with_runs.json("/api?what=get_graph&run=1&db=production") == []


def test_machines(mirror_with_runs: MirrorClient, original: dict[str, Any]) -> None:
    assert_same_response(mirror_with_runs, original, "/api?what=get_cluster_status&cluster=playback")
    assert mirror_with_runs.json("/api?what=get_cluster_status&cluster=production") == []


def test_a_log_is_escaped_html(mirror_with_runs: MirrorClient, original: dict[str, Any]) -> None:
    answer = mirror_with_runs.get(LOG)
    assert (answer.status_code, answer.content_type) == (200, "text/html; charset=utf-8")
    assert html.unescape(answer.text) == original[LOG]["text"] + "</pre>", "the fixture has only the beginning of the log"
    assert not set(answer.text[5:-6]) & set("<>")


@pytest.mark.parametrize("address", ["/api?what=get_run&run=abc&db=production", "/api?what=get_info&db=x", "/api?what=nope"])
def test_errors_have_the_messages_of_the_original(mirror: MirrorClient, original: dict[str, Any], address: str) -> None:
    answer, theirs = mirror.get(address), original[address]
    assert (answer.status_code, answer.content_type) == (theirs["status"], "application/json")
    assert answer.json["message"] == theirs["text"]
    assert answer.json["errors"][0]["problem"]


@pytest.mark.parametrize(
    ("address", "status", "message"),
    [
        ("/api?what=get_runs&from=1&to=b&bad_only=0&ls=0&db=production", 400, "to, from, bad_only and ls must be integers"),
        ("/api?what=get_runs&from=1&to=2&db=production", 400, "to, from, bad_only and ls must be integers"),
        ("/api?what=get_runs&from=1&to=2&bad_only=yes&ls=0&db=production", 400, "to, from, bad_only and ls must be integers"),
        ("/api?what=get_runs&from=1&to=2&bad_only=0&ls=0", 400, "db must be one of ['playback', 'production']"),
        ("/api?what=get_clients&from=1&db=production", 400, "to, from must be integers"),
        ("/api?what=get_info", 400, "db must be one of ['playback', 'production']"),
        ("/api?what=get_cluster_status&cluster=lookarea", 400, "cluster must be one of ['playback', 'production']"),
        ("/api?what=get_run&run=%D9%A3", 400, "run must be an integer"),
        ("/api?what=get_run&run=99999999999999999999", 400, "run must be an integer"),
        ("/api?what=get_run&run=-1", 400, "run must be an integer"),
        ("/api?what=get_logs&id=nobody&db=production", 404, "This mirror has no log with this id"),
        ("/api", 404, " is not supported"),
    ],
)
def test_invalid_parameters_are_refused(mirror: MirrorClient, address: str, status: int, message: str) -> None:
    answer = mirror.get(address)
    assert (answer.status_code, answer.json["message"]) == (status, message)


def test_a_range_may_have_its_ends_in_any_order_as_at_the_original(mirror_with_runs: MirrorClient, original: dict[str, Any]) -> None:
    theirs = original["/api?what=get_runs&from=358780&to=358800&bad_only=0&ls=0&db=production"]["json"]
    assert list(mirror_with_runs.json("/api?what=get_runs&from=358800&to=358780&bad_only=0&ls=0&db=production")) == list(theirs)
    clients = original["/api?what=get_clients&from=358788&to=358792&db=production"]["json"]
    assert mirror_with_runs.json("/api?what=get_clients&from=358792&to=358788&db=production") == clients


def test_the_status_of_no_named_cluster_is_that_of_playback(mirror_with_runs: MirrorClient, original: dict[str, Any]) -> None:
    assert mirror_with_runs.json("/api?what=get_cluster_status") == original["/api?what=get_cluster_status&cluster=playback"]["json"]


def test_a_report_from_the_future_has_age_0(mirror: MirrorClient) -> None:
    mirror.publish([samples.run_data(7, [samples.client("beam", reported=time.time() + 3600)])])
    assert mirror.json("/api?what=get_run&run=7&db=production")[1][1][0][1] == 0.0


def test_the_newest_run_is_the_one_that_the_hub_names(mirror: MirrorClient) -> None:
    runs = [item for number in (7, 9) for item in samples.run_items(number, [samples.client("beam")], newest=False)]
    mirror.publish([*runs, samples.json_item("index", "production", 0, "newest", 7)])
    assert mirror.json("/api?what=get_info&db=production") == [7, 7]
    assert mirror.get("/runs/7").headers["Cache-Control"] == "public, max-age=1"
    assert mirror.get("/timeline?seen=1").text.count('<th scope="row">') == 2


@pytest.mark.parametrize("named", [8, None, "x"])
def test_without_a_named_run_the_newest_has_the_highest_number(mirror: MirrorClient, named: object) -> None:
    runs = [item for number in (7, 9) for item in samples.run_items(number, [samples.client("beam")], newest=False)]
    mirror.publish([*runs, samples.json_item("index", "production", 0, "newest", named)])
    assert mirror.json("/api?what=get_info&db=production") == [7, 9]


def test_a_large_range_returns_its_newest_runs(mirror: MirrorClient) -> None:
    mirror.publish([samples.run_data(run, [samples.client("beam")]) for run in range(1, 1102)])
    answer = mirror.get("/api?what=get_runs&from=0&to=999999&bad_only=0&ls=0&db=production")
    assert list(answer.json) == [str(run) for run in range(102, 1102)]
    assert answer.headers["Data-Cut"] == "the newest 1000 runs of the range"
    assert "Data-Cut" not in mirror.get("/api?what=get_runs&from=1&to=1000&bad_only=0&ls=0&db=production").headers
