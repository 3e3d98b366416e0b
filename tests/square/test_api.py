"""The API, and the addresses of the original mirror with the answers that it gave on the same data."""

from __future__ import annotations

import csv
import gzip
import io
import json
import time
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from flask.testing import FlaskClient

from app.core.settings import Settings
from app.square import run_files
from app.square.models import Document, HostStatus, Job, Log, Run
from app.web import charts as web_charts
from tests.square import data

LUMI_S = 23.310893056


@pytest.fixture(scope="module")
def mirror(fixtures_dir: Path) -> dict[str, Any]:
    """Recorded responses of the original mirror, by request."""
    found = json.loads((fixtures_dir / "dqmsquare" / "mirror_api_responses.json").read_bytes())
    return {row["request"].removeprefix("GET "): row.get("json") for row in found}


@pytest.fixture(scope="module")
def graphs(fixtures_dir: Path) -> dict[int, Any]:
    return {int(row["run"]): row for row in json.loads((fixtures_dir / "dqmsquare" / "graphs.json").read_bytes())}


def get_json(client: FlaskClient, address: str) -> Any:
    answer = client.get(address)
    assert answer.status_code == 200, answer.text
    assert answer.content_type == "application/json"
    return answer.json


def test_the_first_and_last_run_are_those_of_the_mirror(filled: Settings, client: FlaskClient, mirror: dict[str, Any]) -> None:
    assert get_json(client, "/api?what=get_info&db=production") == mirror["/api?what=get_info&db=production"]
    assert get_json(client, "/api?what=get_info&db=playback") == [None, None]


def test_the_jobs_of_a_run_are_those_of_the_mirror(filled: Settings, client: FlaskClient, mirror: dict[str, Any]) -> None:
    address = "/api?what=get_run&run=358788&db=production"
    ours, theirs = get_json(client, address), mirror[address]
    assert ours[0] == [None, 358791], "before and after, which the mirror mixed up"
    assert ours[1][0] == theirs[1][0]
    for mine, other in zip(ours[1][1], theirs[1][1], strict=True):
        assert mine[0] == pytest.approx(other[0], abs=0.01)
        assert [mine[at] for at in (2, 3, 4, 5, 6, 7, 8)] == [other[at] for at in (2, 3, 4, 5, 6, 7, 8)]
        assert mine[9] == pytest.approx(other[9], rel=1e-6)


@pytest.mark.both_databases
def test_the_timeline_is_that_of_the_mirror(filled: Settings, client: FlaskClient, mirror: dict[str, Any]) -> None:
    ours = get_json(client, "/api?what=get_runs&from=358780&to=358791&bad_only=0&ls=0&db=production")
    theirs = mirror["/api?what=get_runs&from=358780&to=358800&bad_only=0&ls=0&db=production"]
    for run in ("358788", "358791"):
        assert ours[run]["clients"] == theirs[run]["clients"]
        assert ours[run]["run_data"][1:] == theirs[run]["run_data"][1:]
    assert ours["358788"]["run_data"][0] == 358788, "the mirror has the 0 of a job that saw no data"


def test_the_timeline_is_that_of_the_truth_file(filled: Settings, client: FlaskClient, fixtures_dir: Path) -> None:
    """The fixture has null for 0, see the README of the fixtures."""
    truth = json.loads((fixtures_dir / "dqmsquare" / "truth_timeline_358791.json").read_bytes())["358791"]
    ours = get_json(client, "/api?what=get_runs&from=358791&to=358791&bad_only=0&ls=0&db=production")["358791"]
    assert list(ours["clients"]) == list(truth["clients"])
    for name, cells in truth["clients"].items():
        assert ours["clients"][name] == [[0 if value is None else value for value in cell] for cell in cells]


@pytest.mark.both_databases
def test_filters_of_the_timeline_hold(filled: Settings, client: FlaskClient) -> None:
    data.change(Job.get(Job.run == 358788, Job.lumi == 99).key, exit_code=65)
    found = get_json(client, "/api?what=get_runs&from=358780&to=358791&bad_only=1&ls=1&db=production")
    assert [run["clients"] and len(run["clients"]) for run in found.values()] == [1]


def test_a_range_may_have_its_ends_in_any_order_as_at_the_original(filled: Settings, client: FlaskClient, mirror: dict[str, Any]) -> None:
    theirs = mirror["/api?what=get_runs&from=358780&to=358800&bad_only=0&ls=0&db=production"]
    ours = get_json(client, "/api?what=get_runs&from=358800&to=358780&bad_only=0&ls=0&db=production")
    assert list(ours) == list(theirs)
    address = "/api?what=get_clients&from=358792&to=358788&db=production"
    assert get_json(client, address) == mirror["/api?what=get_clients&from=358788&to=358792&db=production"]


def test_the_status_of_no_named_cluster_is_that_of_playback(filled: Settings, client: FlaskClient) -> None:
    assert get_json(client, "/api?what=get_cluster_status") == []
    HostStatus.update(system="playback").execute()
    assert len(get_json(client, "/api?what=get_cluster_status")) == 2


LONE = "half of \ud83d a pair"


def test_a_lone_surrogate_of_a_document_fails_no_page_or_response(filled: Settings, client: FlaskClient) -> None:
    job = Job.get(Job.run == 358791, Job.tag.startswith("beam_"))
    lines = {"stdlog_start": [f"{LONE}\n"], "stdlog_end": [f"the end of {LONE}\n"]}
    Log.update(body=data.pack_json(lines)).where(Log.key == job.key).execute()
    body = {"_id": job.key, "cmdline": ["cmsRun", LONE], LONE: LONE, "extra": {"lumi_seen": {"lumi000001": LONE}, "ps_info": {LONE: LONE}}}
    Document.update(body=data.pack_json(body)).where(Document.key == job.key).execute()
    answer = client.get(f"/api?what=get_logs&id={job.key}&db=production")
    assert (answer.status_code, answer.text) == (200, "<pre>half of \ufffd a pair\n\n ... \n\nthe end of half of \ufffd a pair\n</pre>")
    assert client.get(f"/api/v1/square/log?key={job.key}").json["lines"] == [LONE, f"the end of {LONE}"], "JSON has an escape for it"
    for address in ("/square/job", "/square/log", "/square/log/text", "/api/v1/square/job", "/square/job/memory.svg"):
        assert client.get(f"{address}?key={job.key}").status_code == 200, address
    assert "half of \ufffd a pair" in client.get(f"/square/job?key={job.key}").text


def test_a_report_from_the_future_has_age_0_and_says_so(filled: Settings, client: FlaskClient) -> None:
    job = Job.get(Job.run == 358792, Job.tag.startswith("beam_"))
    data.change(job.key, reported=time.time() + 3600)
    clients = get_json(client, "/api?what=get_run&run=358792&db=production")[1][1]
    assert min(row[1] for row in clients) == 0.0
    page = client.get("/square").text
    row = page.partition(f'id="job-{job.id}"')[2].partition("</tr>")[0]
    assert '<span data-age="0">0 s</span>' in row
    assert "clock ahead" in row
    assert page.count("clock ahead") == 2, "and for the run"
    assert "clock ahead" in client.get(f"/square/job?key={job.key}").text


@pytest.mark.both_databases
def test_clients_are_named_and_sorted_as_in_the_mirror(filled: Settings, client: FlaskClient, mirror: dict[str, Any]) -> None:
    address = "/api?what=get_clients&from=358788&to=358792&db=production"
    assert get_json(client, address) == mirror[address]


@pytest.mark.both_databases
def test_the_graph_is_that_of_the_mirror(filled: Settings, client: FlaskClient, mirror: dict[str, Any], fixtures_dir: Path) -> None:
    truth = json.loads((fixtures_dir / "dqmsquare" / "truth_graph_358792.json").read_bytes())
    for address, theirs in (
        ("/api?what=get_graph&run=358791&db=production", mirror["/api?what=get_graph&run=358791&db=production"]),
        ("/api?what=get_graph&run=358792&db=production", truth),
    ):
        ours = get_json(client, address)
        assert [ours[at] for at in (0, 2, 4, 6)] == [theirs[at] for at in (0, 2, 4, 6)]
        assert ours[5] == theirs[5]
    assert get_json(client, "/api?what=get_graph&run=1&db=production") == []


def test_a_log_is_escaped(filled: Settings, client: FlaskClient) -> None:
    key = Job.get(Job.run == 358791, Job.tag.startswith("beam_")).key
    answer = client.get(f"/api?what=get_logs&id={key}&db=production")
    assert answer.content_type == "text/html; charset=utf-8"
    assert answer.text.startswith("<pre>-- starting process: [&#x27;cmsRun&#x27;")
    assert "\n ... \n\n" in answer.text
    assert client.get("/api?what=get_logs&id=nobody&db=production").status_code == 404


def test_a_machine_is_in_the_cluster_status_once(filled: Settings, client: FlaskClient) -> None:
    found = get_json(client, "/api?what=get_cluster_status&cluster=production")
    assert [row[:3] for row in found] == [
        ["dqmfu-c2b03-..", True, None],
        ["dqmfu-c2b04-..", False, "ConnectionRefusedError(111, 'Connection refused')"],
    ]


@pytest.mark.parametrize(
    ("address", "status", "message"),
    [
        ("/api?what=get_run&run=abc&db=production", 400, "run must be an integer"),
        ("/api?what=get_runs&from=a&to=3&bad_only=0&ls=0&db=production", 400, "to, from, bad_only and ls must be integers"),
        ("/api?what=get_runs&from=1&to=3&db=production", 400, "to, from, bad_only and ls must be integers"),
        ("/api?what=get_runs&from=1&to=3&bad_only=0&ls=yes&db=production", 400, "to, from, bad_only and ls must be integers"),
        ("/api?what=get_runs&from=1&to=3&bad_only=0&ls=0", 400, "db must be one of ['playback', 'production']"),
        ("/api?what=get_clients&from=1&db=production", 400, "to, from must be integers"),
        ("/api?what=get_logs&id=x", 400, "db must be one of ['playback', 'production']"),
        ("/api?what=get_cluster_status&cluster=lookarea", 400, "cluster must be one of ['playback', 'production']"),
        ("/api?what=get_info&db=x", 400, "db must be one of ['playback', 'production']"),
        ("/api?what=nope", 404, "nope is not supported"),
        ("/api?what=get_run&run=99999999999999999999999", 400, "run must be an integer"),
    ],
)
@pytest.mark.both_databases
def test_errors_have_the_texts_of_the_original_mirror(client: FlaskClient, address: str, status: int, message: str) -> None:
    answer = client.get(address)
    assert (answer.status_code, answer.json and answer.json["message"]) == (status, message)


def test_answers_are_packed_and_known_again(filled: Settings, client: FlaskClient) -> None:
    address = "/api?what=get_graph&run=358792&db=production"
    plain = client.get(address)
    packed = client.get(address, headers={"Accept-Encoding": "gzip"})
    assert packed.content_encoding == "gzip"
    assert gzip.decompress(packed.data) == plain.data
    assert len(packed.data) < len(plain.data) / 3
    assert packed.headers["ETag"] != plain.headers["ETag"]
    assert client.get(address, headers={"If-None-Match": plain.headers["ETag"]}).status_code == 304


@pytest.mark.both_databases
def test_a_run_is_returned_with_its_jobs(filled: Settings, client: FlaskClient) -> None:
    found = get_json(client, "/api/v1/square/runs/0")
    assert (found["run"], found["before"], found["after"], len(found["list"])) == (358792, 358791, None, 31)
    assert {job["state"] for job in found["list"]} == {"running"}
    assert [run["run"] for run in get_json(client, "/api/v1/square/runs")["runs"]] == [358792, 358791, 358788]
    assert client.get("/api/v1/square/runs/5").status_code == 404


def test_the_files_of_a_run_have_their_delays(filled: Settings, client: FlaskClient, graphs: dict[int, Any]) -> None:
    found = get_json(client, "/api/v1/square/runs/358792/files")
    start = float(graphs[358792]["global_start_epoch"])
    for name, points in graphs[358792]["stream_data"].items():
        ours = found["streams"][name]
        expected = sorted((lumi, mtime - start - lumi * LUMI_S) for lumi, mtime in zip(points["lumis"], points["mtimes"], strict=True))
        assert ours["lumi"] == [lumi for lumi, _ in expected]
        assert ours["delay"] == pytest.approx([delay for _, delay in expected], abs=1e-3)
    assert get_json(client, f"/api/v1/square/runs/358792/files?since={found['version']}")["streams"] == {}


def test_charts_stand_at_stable_addresses(filled: Settings, client: FlaskClient) -> None:
    for chart in ("delivery", "rate"):
        root = ElementTree.fromstring(client.get(f"/square/runs/358792/{chart}.svg").data)
        texts = [text.text for text in root.iter("{http://www.w3.org/2000/svg}text")]
        assert {"streamDQM", "streamDQMHistograms", "Lumisection"} <= set(texts)
        answer = client.get(f"/square/runs/358792/{chart}.png")
        assert answer.content_type == "image/png"
        assert answer.data.startswith(b"\x89PNG")
        assert client.get(f"/square/runs/358792/{chart}.png", headers={"If-None-Match": answer.headers["ETag"]}).status_code == 304
    assert client.get("/square/runs/1/rate.png").status_code == 404


def test_the_table_of_files_has_every_file(filled: Settings, client: FlaskClient, graphs: dict[int, Any]) -> None:
    table = list(csv.DictReader(io.StringIO(client.get("/square/runs/358788/delivery.csv").text)))
    assert len(table) == sum(len(points["lumis"]) for points in graphs[358788]["stream_data"].values())
    points = graphs[358788]["stream_data"]["streamDQM_sm-c2a11-43-01"]
    ours = [row for row in table if row["stream"] == "streamDQM_sm-c2a11-43-01"]
    assert sum(int(row["events_accepted"]) for row in ours) == sum(points["evt_accepted"])


def test_runs_are_summed_up(filled: Settings, client: FlaskClient, graphs: dict[int, Any]) -> None:
    table = {row["run"]: row for row in csv.DictReader(io.StringIO(client.get("/square/statistics.csv").text))}
    assert list(table) == ["358792", "358791", "358788"]
    row, start = table["358788"], float(graphs[358788]["global_start_epoch"])
    streams = graphs[358788]["stream_data"].values()
    delays = [mtime - start - lumi * LUMI_S for one in streams for lumi, mtime in zip(one["lumis"], one["mtimes"], strict=True)]
    assert float(row["file_delivery_mean_s"]) == pytest.approx(sum(delays) / len(delays), abs=1e-3)
    assert (row["jobs"], row["jobs_crashed"], row["last_lumisection"]) == ("31", "0", "100")


def test_a_file_that_could_not_be_read_has_no_point() -> None:
    broken = run_files.FileStream(
        "s_x", [run_files.DeliveredFile(1, None, None, None, None, None), run_files.DeliveredFile(2, 1.0, 20.0, 1, 5, 1)]
    )
    drawn = run_files.run_figure(1, "rate", run_files.RunFiles(1, [broken]))
    assert drawn.series[0].points == [(2, 5)]


def test_old_bookmarks_of_the_mirror_lead_on(filled: Settings, client: FlaskClient) -> None:
    assert client.get("/?run=358788&db=production").location == "/square/runs/358788"
    assert client.get("/timeline/?db=playback").location == "/square/timeline?system=playback"


def test_a_range_of_too_many_runs_is_refused(hub: Settings, client: FlaskClient) -> None:
    facts = {"system": data.SYSTEM, "first": 1.0, "last": 2.0, "version": 1}
    Run.insert_many([{**facts, "run": run} for run in range(1, 1002)]).execute()
    assert get_json(client, "/api?what=get_runs&from=2&to=1001&bad_only=0&ls=0&db=production") == {}
    answer = client.get("/api?what=get_runs&from=0&to=999999&bad_only=0&ls=0&db=production")
    assert answer.status_code == 400
    assert "more than 1000 runs" in answer.text


def test_the_axis_of_a_short_run_has_whole_lumisections_only() -> None:
    drawn = web_charts.scene(web_charts.Figure("Rate", "Events/s", [web_charts.ChartSeries("beam", [(1, 0.5), (2, 1.3)])]))
    assert [text.text for text in drawn.texts[:4]] == ["0", "1", "2", "0.5"], "and of the other axis there are"
