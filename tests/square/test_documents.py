"""Documents as rows: real ones of September 2022 give the recorded values, and bad ones do no harm."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import zstandard
from flask.testing import FlaskClient

from app.core.counters import version_of
from app.core.settings import Settings
from app.square import documents, values
from app.square.documents import rows_of
from app.square.models import Document, Graph, GraphPart, Host, Job, Log, Run
from app.square.poller import store

pytestmark = pytest.mark.both_databases

NOW = 1663260000.0
Documents = dict[str, list[dict[str, Any]]]


@pytest.fixture(scope="session")
def wire(fixtures_dir: Path) -> Documents:
    """By host: the documents of runs 358788, 358791 and 358792 as P5 sends them."""
    found: Documents = json.loads((fixtures_dir / "dqmsquare/wire_documents.json").read_text())
    return found


@pytest.fixture(scope="session")
def truth(fixtures_dir: Path) -> list[dict[str, Any]]:
    """Values that an independent program stored for the same documents."""
    found: list[dict[str, Any]] = json.loads((fixtures_dir / "dqmsquare/runs.json").read_text())
    return found


def host_of(name: str) -> Host:
    Host.insert(system="production", name=name, role="fu").on_conflict_ignore().execute()
    found: Host = Host.get(Host.name == name)
    return found


def store_bodies(name: str, *bodies: dict[str, Any], now: float = NOW) -> None:
    rows = [rows_of("production", name, document, document.get("_rev", 1), document.get("timestamp", now), now) for document in bodies]
    store.save(host_of(name), rows, [], now)


def unpack_json(blob: bytes) -> Any:
    return json.loads(zstandard.decompress(bytes(blob)))


def whole(key: str) -> Any:
    """A document restored from its rows."""
    found = unpack_json(Document.get(Document.key == key).body)
    if log := Log.get_or_none(Log.key == key):
        found["extra"] |= unpack_json(log.body)
    return found


def test_the_real_jobs_have_the_recorded_values(hub: Settings, wire: Documents, truth: list[dict[str, Any]]) -> None:
    for name, bodies in wire.items():
        store_bodies(name, *bodies)
    expected = [row for row in truth if row["run"] is not None]
    assert Job.select().count() == len(expected) == 93
    unset = {-1: None}
    for row in expected:
        job = Job.get(Job.key == row["id"])
        assert (job.run, job.tag, job.host, job.path) == (row["run"], row["client"], row["hostname"], row["client_path"])
        assert job.exit_code == unset.get(row["exit_code"], row["exit_code"])
        assert (job.events, job.lumi) == tuple(unset.get(row[name], row[name]) for name in ("events_total", "cmssw_lumi"))
        assert job.data_run == unset.get(row["cmssw_run"], row["cmssw_run"])
        assert (-1.0 if job.rate is None else job.rate) == pytest.approx(row["events_rate"], rel=1e-6)
        assert f"{job.rss_kb} kB" == row["vmrss"]
        assert f"runkey={job.runkey}" == row["runkey"]
        assert str(job.fi_state) == row["fi_state"]
        assert job.reported == pytest.approx(row["timestamp_epoch"])
        assert job.cmssw == "12_4_8_39145_39162_39341_39326_39353"


def test_the_real_runs_are_summed_up(hub: Settings, wire: Documents, truth: list[dict[str, Any]]) -> None:
    for name, bodies in wire.items():
        store_bodies(name, *bodies)
    assert [run.run for run in Run.select().order_by(Run.run)] == [358788, 358791, 358792]
    for run in Run.select():
        jobs = [row for row in truth if row["run"] == run.run]
        assert run.jobs == len(jobs) == 31
        assert (run.running, run.finished) == tuple(sum(row["exit_code"] == code for row in jobs) for code in (-1, 0))
        assert run.crashed == 0
        assert run.lumi == max(row["cmssw_lumi"] for row in jobs)
        assert (run.runkey, run.cmssw) == ("cosmic_run", "12_4_8_39145_39162_39341_39326_39353")
        assert run.last == pytest.approx(max(row["timestamp_epoch"] for row in jobs))


def test_every_field_of_every_document_is_kept(hub: Settings, wire: Documents, fixtures_dir: Path) -> None:
    others = json.loads((fixtures_dir / "dqmsquare/doc_examples_other.json").read_text())
    bodies = [*(document for some in wire.values() for document in some), *others.values()]
    store_bodies("fu", *bodies)
    for document in bodies:
        assert whole(document["_id"]) == document


def test_the_delivery_of_the_real_run_is_the_recorded_one(hub: Settings, wire: Documents, fixtures_dir: Path) -> None:
    store_bodies("bu-c2f11-09-01", *wire["bu-c2f11-09-01"])
    expected = json.loads((fixtures_dir / "dqmsquare/truth_graph_358792.json").read_text())
    graph = Graph.get(Graph.run == 358792)
    assert (graph.key, graph.host, graph.global_start) == (expected[2], expected[6], expected[4])
    streams: dict[str, dict[str, list[Any]]] = {}
    for part in GraphPart.select().where(GraphPart.graph == graph).order_by(GraphPart.stream, GraphPart.part):
        stream = streams.setdefault(part.stream, {name: [] for name in documents.FILE_COLUMNS})
        for name, column in unpack_json(part.points).items():
            stream[name] += column
    assert streams == {stream: {name: arrays[name] for name in documents.FILE_COLUMNS} for stream, arrays in expected[5].items()}


def test_new_lumisections_change_the_version_of_their_part_alone(hub: Settings) -> None:
    def files(lumis: int) -> dict[str, Any]:
        arrays = {name: list(range(1, lumis + 1)) for name in documents.FILE_COLUMNS}
        return {"_id": "files", "type": "dqm-files", "run": 1, "extra": {"streams": {"DQM": arrays}, "global_start": 5.0}}

    store_bodies("bu", files(100))
    first = version_of("production")
    store_bodies("bu", files(101))
    assert version_of("production") == first + 1
    assert [(part.part, part.version) for part in GraphPart.select().order_by(GraphPart.part)] == [(0, first), (1, first + 1)]
    assert unpack_json(GraphPart.get(GraphPart.part == 1).points)["lumis"] == list(range(64, 102))
    store_bodies("bu", files(10))
    assert [(part.part, len(unpack_json(part.points)["lumis"])) for part in GraphPart.select()] == [(0, 10)]


def test_a_job_without_fields_is_a_row_of_nulls(hub: Settings) -> None:
    store_bodies("fu", {"_id": "bare", "type": "dqm-source-state"})
    job = Job.get(Job.key == "bare")
    nothing = ("run", "pid", "exit_code", "fi_state", "lumi", "events", "rate", "rss_kb", "data_run")
    assert [getattr(job, name) for name in nothing] == [None] * len(nothing)
    assert (job.tag, job.cmssw, job.runkey, job.path, job.host) == ("", "", "", "", "fu")
    assert (job.started, job.reported) == (NOW, NOW)


ODD: list[Any] = [
    None,
    True,
    [],
    {},
    "",
    "x",
    "\0",
    "\ud800",
    -1,
    10**30,
    "9" * 30,
    1e999,
    -1e999,
    "nan",
    [[]],
    {"VmRSS": []},
    "1" * 100_000,
    "\u202e",
]


def test_a_field_of_any_kind_is_stored_and_harms_no_other(hub: Settings) -> None:
    names = (
        "type",
        "hostname",
        "tag",
        "run",
        "pid",
        "exit_code",
        "fi_state",
        "cmssw_lumi",
        "events_total",
        "events_rate",
        "cmssw_run",
        "cmdline",
        "extra",
    )
    deeper = ("ps_info", "mem_info", "stdlog_start", "stdlog_end", "streams", "global_start", "lumi")
    for number, odd in enumerate(ODD):
        bodies = []
        for kind in ("dqm-source-state", "dqm-files"):
            start = {"type": kind, "run": number}
            bodies += [start | {"_id": f"{number} {kind} {name}", name: odd} for name in names]
            bodies += [start | {"_id": f"{number} {kind} {name}", "extra": {name: odd}} for name in deeper]
            streams = {"DQM": {"lumis": [odd, 3], "mtimes": odd}}
            bodies.append(start | {"_id": f"{number} {kind} arrays", "extra": {"streams": streams}})
            bodies.append(start | {"_id": f"{number} {kind} command", "cmdline": [odd, odd, "runkey=pp_run"]})
        before = Document.select().count()
        store_bodies("fu", *bodies)
        assert Document.select().count() - before == len(bodies), f"{odd!r:.50}"
        for document in bodies:
            json.dumps(whole(document["_id"]), allow_nan=False)


def test_storing_a_document_again_changes_its_state_and_not_its_beginning(hub: Settings) -> None:
    job = {"_id": "a", "type": "dqm-source-state", "run": 7, "tag": "beam", "timestamp": NOW}
    store_bodies("fu", job)
    store_bodies("fu", job | {"exit_code": 134, "timestamp": NOW + 30}, now=NOW + 30)
    row, stored, run = Job.get(), Document.get(), Run.get()
    assert (row.started, row.reported, row.exit_code) == (NOW, NOW + 30, 134)
    assert (stored.created, stored.received) == (NOW, NOW + 30)
    assert (run.jobs, run.crashed, run.first, run.last) == (1, 1, NOW, NOW + 30)
    assert row.version == stored.version == run.version == version_of("production") == 2


def test_a_run_of_files_alone_is_a_run(hub: Settings) -> None:
    store_bodies("bu", {"_id": "f", "type": "dqm-files", "run": "7", "timestamp": NOW, "extra": {"global_start": NOW - 60}})
    run = Run.get()
    assert (run.run, run.jobs, run.first, run.last, run.lumi) == (7, 0, NOW - 60, NOW, None)


@pytest.mark.parametrize(
    ("path", "release"),
    [
        ("/nfs/production_0909_CMSSW_12_4_8_39145/src/x_cfg.py", "12_4_8_39145"),
        ("/nfs/CMSSW_14_0_0/src/x_cfg.py", "14_0_0"),
        ("/home/user/x_cfg.py", ""),
        ("", ""),
    ],
)
def test_the_release_is_found_in_the_path(path: str, release: str) -> None:
    assert documents.release(path) == release


@pytest.mark.parametrize("huge", [1e308, -1e308, 1.7e308])
def test_huge_numbers_do_not_break_charts_and_tables(hub: Settings, client: FlaskClient, huge: float) -> None:
    arrays = {
        "lumis": [1, 2],
        "mtimes": [NOW + 40, huge],
        "ctimes": [huge, huge],
        "evt_processed": [1, huge],
        "evt_accepted": [7, huge],
        "fsize": [5, huge],
    }
    files = {
        "_id": "files",
        "type": "dqm-files",
        "run": 7,
        "hostname": "bu",
        "extra": {"streams": {"DQM": arrays}, "global_start": huge, "lumi": huge},
    }
    stats = {
        str(NOW): {"n": "1", "rate": "0.5"},
        str(NOW + 1): {"n": str(huge), "rate": str(-huge)},
        str(NOW + 2): {"n": "2", "rate": str(huge)},
    }
    extra = {"lumi_stats": stats, "mem_info": {str(NOW): f"1 {huge} 1", str(huge): "1 2 3"}}
    store_bodies("bu", files, {"_id": "job", "type": "dqm-source-state", "run": 7, "tag": "beam", "extra": extra})
    for chart in (
        "runs/7/delivery.svg?",
        "runs/7/rate.png?",
        "runs/7/rate.csv?",
        "statistics.csv?",
        "job/memory.svg?key=job&",
        "job/events.png?key=job&",
        "job?key=job&",
    ):
        assert client.get(f"/square/{chart}system=production").status_code == 200, chart
    found = client.get("/api/v1/square/runs/7/files").text
    assert "Infinity" not in found
    assert json.loads(found)["streams"]["DQM"]["accepted"] == [7, None]


def test_too_large_document_is_rejected(hub: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(values, "MAX_JSON_BYTES", 10_000)
    for extra in ({"environ": {"A": "x" * 10_000}}, {"stdlog_end": ["x" * 10_000]}):
        with pytest.raises(ValueError, match="it is larger than"):
            rows_of("production", "fu", {"_id": "a", "type": "dqm-source-state", "extra": extra}, 1, NOW, NOW)


def test_the_longest_texts_of_any_alphabet_can_be_stored_and_searched(hub: Settings) -> None:
    letters = "".join(chr(0x20000 + 7 * number) for number in range(1000))  # four bytes each, and nothing to compress
    streams = {letters: {name: [1] for name in documents.FILE_COLUMNS}}
    store_bodies("fu", {"_id": letters[:250], "type": letters, "hostname": letters[::-1], "run": 7, "tag": letters[1:]})
    store_bodies("fu", {"_id": "files", "type": "dqm-files", "hostname": letters, "run": 7, "tag": letters, "extra": {"streams": streams}})
    store_bodies("fu", {"_id": "job", "type": "dqm-source-state", "hostname": letters, "run": 7, "tag": letters})
    assert {row.key for row in Document.select()} == {letters[:250], "files", "job"}
    assert Document.get(Document.type == letters[:250]).tag == letters[1:251]
    assert Job.get(Job.tag == letters[:250]).key == "job"
