"""Publishing of DQM^2: every public item is published once, and again only when its content changes."""

from __future__ import annotations

import json
import re
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from peewee import fn

from app.core.counters import advance
from app.core.database import rows
from app.core.settings import Settings
from app.publish import revisions
from app.publish.areas import item_key_at
from app.publish.models import Piece, PublishedItem, RevisionSeries
from app.publish.publisher import HEARTBEAT_S, Publisher
from app.publish.redactions import REDACTIONS
from app.square.models import Graph, GraphPart, Job, Log, Run
from app.square.published import PUBLISHED
from app.square.states import STUCK_S
from protocol.snapshot import ItemKey
from tests.publish.copies import contents
from tests.square import data
from tests.support.processes import until
from tests.support.site import bound
from tests.support.stopped_clock import StoppedClock

pytestmark = [pytest.mark.both_databases, pytest.mark.slow]


def complete(publisher: Publisher) -> None:
    """Publish everything."""
    publisher.step()
    until(lambda: publisher.step() or not publisher.incomplete, "everything to be published")


def publisher_of(hub: Settings, **settings: Any) -> Publisher:
    return Publisher(hub.replace(publish_folder="/nowhere", **settings), [PUBLISHED, REDACTIONS])


@pytest.fixture(scope="module")
def published_once(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path, fixtures_dir: Path) -> Path:
    """A data folder with three runs that are published completely."""
    folder = tmp_path_factory.mktemp("published") / "var"
    shutil.copytree(sqlite_template, folder)
    with bound(Settings(data_dir=str(folder))):
        data.fill(fixtures_dir)
        complete(publisher_of(Settings(data_dir=str(folder))))
    return folder


@pytest.fixture
def publisher(published_once: Path, tmp_path: Path, clock: StoppedClock) -> Iterator[Publisher]:
    """A publisher that has published the three runs; its clock stands still."""
    shutil.copytree(published_once, tmp_path / "var")
    settings = Settings(data_dir=str(tmp_path / "var"))
    with bound(settings):
        data.report_again(358792)
        complete(publisher_of(settings))
        publisher = publisher_of(settings)
        complete(publisher)  # the numbers of redactions, which change by the pages of this run
        yield publisher


def changed_since(revision: int) -> set[tuple[str, str, int]]:
    query = PublishedItem.select(PublishedItem.kind, PublishedItem.system, PublishedItem.run).where(PublishedItem.revision > revision)
    return {(kind, system, run) for kind, system, run in rows(query)}


def page(run: int, kind: str = "run") -> str:
    return contents()[ItemKey(kind, "production", run, "page")].decode()


def some_job(run: int = 358792) -> Job:
    found: Job = Job.select().where(Job.run == run).order_by(Job.tag).first()
    return found


def leave_few_logs() -> dict[int, int]:
    """Delete all but two logs of each run, because many take long; returns the number of logs by run."""
    counts = {}
    for (run,) in rows(Run.select(Run.run)):
        keys = [key for (key,) in rows(Job.select(Job.key).where(Job.run == run).order_by(Job.tag))]
        Log.delete().where(Log.key.in_(keys[2:])).execute()
        counts[run] = len(keys[:2])
    return counts


def test_each_kind_of_item_is_published(filled: Settings) -> None:
    logs = leave_few_logs()
    complete(publisher_of(filled))
    found = contents()
    runs = (358788, 358791, 358792)
    assert [run for run in runs if ItemKey("run", "production", run, "page") in found] == list(runs)
    for run in runs:
        charts = {key.name for key in found if (key.kind, key.run) == ("chart", run)}
        assert charts == {f"{chart}.{form}" for chart in ("delivery", "rate") for form in ("svg", "png", "csv")}
        for kind in ("log", "logtext"):
            assert sum(1 for key in found if (key.kind, key.run) == (kind, run)) == logs[run]
    assert json.loads(found[ItemKey("index", "production", 0, "runs")]) == list(runs)
    assert json.loads(found[ItemKey("index", "playback", 0, "runs")]) == []
    assert {key.kind for key in found if key.system == "all"} == {"help", "redactions"}
    assert ItemKey("timeline", "production", 358700, "page") in found
    machines = json.loads(found[ItemKey("cluster", "production", 0, "data")])
    assert [(host, up) for host, up, _, _ in machines] == [("dqmfu-c2b03-..", True), ("dqmfu-c2b04-..", False)]


def test_the_data_of_a_run_are_those_of_the_older_mirror(publisher: Publisher, fixtures_dir: Path) -> None:
    data = json.loads(contents()[ItemKey("run", "production", 358791, "data")])
    rows_of_run = [row for row in json.loads((fixtures_dir / "dqmsquare" / "runs.json").read_bytes()) if str(row["run"]) == "358791"]
    assert (data["runkey"], data["cmssw"], data["run"]) == ("cosmic_run", "12_4_8_39145_39162_39341_39326_39353", 358791)
    expected = sorted(
        (
            row["client"].removesuffix("_dqm_sourceclient-live"),
            int(row["exit_code"]),
            int(row["cmssw_lumi"]),
            int(row["events_total"]),
            row["vmrss"],
        )
        for row in rows_of_run
    )
    assert sorted((name, code, lumi, events, rss) for _, _, code, name, lumi, rss, events, _, _, _ in data["clients"]) == expected
    assert {host for _, host, *_ in data["clients"]} == {"fu..01", "fu..02", "fu..03", "fu..04"}
    assert {state for *_, state in data["clients"]} == {str(row["fi_state"]) for row in rows_of_run}


def test_the_graph_equals_that_of_the_original_mirror_without_names_of_machines(publisher: Publisher, fixtures_dir: Path) -> None:
    run, _, identifier, _, start, streams, host = json.loads(contents()[ItemKey("graph", "production", 358788, "data")])
    (known,) = [row for row in json.loads((fixtures_dir / "dqmsquare" / "graphs.json").read_bytes()) if int(row["run"]) == run]
    assert start == float(known["global_start_epoch"])
    assert {name: of["lumis"] for name, of in streams.items()} == {
        name.partition("_")[0]: of["lumis"] for name, of in known["stream_data"].items()
    }
    assert re.fullmatch("[0-9a-f]{20}", identifier)
    assert host == "bu..01"


def test_no_item_contains_a_machine_name_an_identifier_or_a_path(publisher: Publisher, fixtures_dir: Path) -> None:
    known = [row for row in json.loads((fixtures_dir / "dqmsquare" / "runs.json").read_bytes()) if row["run"] is not None]
    graphs = [row for row in json.loads((fixtures_dir / "dqmsquare" / "graphs.json").read_bytes()) if row["stream_data"]]
    words = {row[name] for row in known for name in ("id", "hostname", "client_path")} | {
        row[name] for row in graphs for name in ("id", "hostname")
    }
    words |= {stream for row in graphs for stream in row["stream_data"]} | {
        "dqmfu-c2b03-45-01",
        "dqm-prod-local",
        "/nfshome0",
        "cmsnfsdqmdata",
        "sm-c2a11",
    }
    pattern = re.compile("|".join(map(re.escape, sorted(words))).encode())
    for key, body in contents().items():
        assert not (found := pattern.search(body)), (key, found)
        assert not (found := pattern.search(repr(key).encode())), (key, found)


def test_links_and_images_of_the_pages_lead_to_published_items(publisher: Publisher) -> None:
    found, hashes = contents(), {(row.kind, row.run, row.name): row.sha256 for row in PublishedItem.select()}
    checked = set()
    for key, body in found.items():
        for address in re.findall(r'(?:href|src)="([^"#]*)', body.decode()) if key.name == "page" or key.kind == "log" else ():
            item = item_key_at([PUBLISHED, REDACTIONS], address.replace("&amp;", "&"))
            assert item, address
            assert item in found, (key, address)
            if "v=" in address:
                assert hashes[item.kind, item.run, item.name].startswith(address.partition("v=")[2])
            checked.add(item.kind)
    assert checked >= {"run", "log", "logtext", "chart", "help", "redactions"}


def test_a_step_without_changes_renders_and_reads_nothing(publisher: Publisher) -> None:
    before = revisions.current().revision
    for _ in range(20):
        publisher.step()
    assert changed_since(before) == set()
    another = publisher_of(publisher.settings)
    complete(another)
    assert changed_since(before) <= {("events", "production", 0)}, "a restarted publisher knows the published items"


def test_revisions_without_content_are_a_heartbeat_whatever_the_clock_does(publisher: Publisher) -> None:
    for moment in (time.time() - 20, time.time() + 3600):
        before = revisions.current().revision
        RevisionSeries.update(at=moment).execute()
        publisher.step()
        assert revisions.current().revision == before + 1
        assert revisions.current().at == pytest.approx(time.time(), abs=60)


def test_a_report_of_a_job_changes_the_newest_run_only(publisher: Publisher, clock: StoppedClock) -> None:
    before = revisions.current().revision
    job = some_job()
    data.change(job.key, events=123_456_789, reported=time.time())
    complete(publisher)
    clock.advance(HEARTBEAT_S)
    complete(publisher)  # the timeline, which changes now and then
    changed = {change for change in changed_since(before) if change[0] != "events"}
    assert changed == {("live", "production", 0), ("run", "production", 358792), ("timeline", "production", 358700)}
    assert "123,456,789" in page(358792)
    assert "123,456,789" in page(0, "live")


def test_only_a_log_that_grew_is_published_again(publisher: Publisher) -> None:
    before, job = revisions.current().revision, some_job()
    with data.proxy.atomic():
        version = advance("production")
        lines = {"stdlog_start": ["%MSG-e Trouble\n", "on fu-c2f11-11-04.cms at /nfshome0/dqmpro/secret\n"], "stdlog_end": []}
        Log.update(version=version, body=data.pack_json(lines)).where(Log.key == job.key).execute()
    complete(publisher)
    (key,) = [
        ItemKey(row.kind, row.system, row.run, row.name)
        for row in PublishedItem.select().where((PublishedItem.revision > before) & (PublishedItem.kind == "log"))
    ]
    html = contents()[key].decode()
    assert '<li id="L1" class="error">' in html
    assert "path-" in html


def test_a_new_run_is_linked_from_the_one_before(publisher: Publisher) -> None:
    assert 'href="runs/358793' not in page(358792)
    job = some_job()
    with data.proxy.atomic():
        version = advance("production")
        values = {name: getattr(job, name) for name in Job._meta.sorted_field_names if name not in ("id", "key", "run", "version")}
        Job.create(**values, key="dqm-source-state-run358793-hostfu-c2f11-11-04-pid000001", run=358793, version=version)
        data.summed(358793, version)
    complete(publisher)
    assert 'href="runs/358793?db=production" aria-label="Next run: 358793"' in page(358792)
    assert "Previous run: 358792" in page(358793)
    assert "Previous run: 358792" in page(0, "live")


def test_runs_and_logs_beyond_the_newest_are_removed(publisher: Publisher) -> None:
    complete(publisher_of(publisher.settings, publish_keep_runs=2, publish_log_runs=1))
    found = contents()
    assert {key.run for key in found if key.run and key.kind != "timeline"} == {358791, 358792}
    assert {key.run for key in found if key.kind in ("log", "logtext")} == {358792}
    assert "logs/" not in page(358791)
    assert "runs/358788" not in page(358791)
    assert PublishedItem.select().where(PublishedItem.body.is_null()).count() > 100, "removals are stored"
    assert not Piece.select().where(Piece.run == 358788).count()


def test_data_deleted_in_the_hub_are_removed(publisher: Publisher) -> None:
    job = some_job(358788)
    Log.delete().where(Log.key == job.key).execute()
    for graph in Graph.select().where(Graph.run == 358788):
        GraphPart.delete().where(GraphPart.graph == graph).execute()
        graph.delete_instance()
    complete(publisher_of(publisher.settings))
    found = contents()
    assert sum(1 for key in found if (key.kind, key.run) == ("log", 358788)) == Job.select().where(Job.run == 358788).count() - 1
    assert not [key for key in found if key.run == 358788 and key.kind in ("chart", "graph")]
    assert "charts/" not in page(358788)


def test_a_job_becomes_stuck_by_time_alone(publisher: Publisher, clock: StoppedClock) -> None:
    data.change(some_job().key, reported=time.time() - STUCK_S + 2)
    complete(publisher)
    assert "1 stuck" not in page(358792)
    clock.advance(3)
    complete(publisher)
    assert "1 stuck" in page(358792)
    assert "1 stuck" in page(0, "live")


def test_a_machine_without_status_reports_becomes_unknown(publisher: Publisher, clock: StoppedClock) -> None:
    assert re.search(r'badge-text">up</span></span> <bdi>dqmfu-c2b03-..</bdi>', page(0, "live"))
    data.HostStatus.update(last=time.time() - 118).execute()
    clock.advance(3)
    complete(publisher)
    assert page(0, "live").count('badge-text">unknown<') == 2


def test_an_unreadable_log_does_not_delay_other_items(publisher: Publisher) -> None:
    before, job = revisions.current().revision, some_job()
    with data.proxy.atomic():
        Log.update(body=b"no zstd", version=advance("production")).where(Log.key == job.key).execute()
    data.change(job.key, events=1)
    complete(publisher)
    found = contents()
    assert sum(1 for key in found if (key.kind, key.run) == ("log", 358792)) == Job.select().where(Job.run == 358792).count() - 1
    assert ("run", "production", 358792) in changed_since(before)


def test_an_oversized_item_is_skipped_and_does_not_delay_other_items(publisher: Publisher, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.publish.rendering.MAX_CONTENT_BYTES", 200_000)
    before, job = revisions.current().revision, some_job()
    with data.proxy.atomic():
        lines = {"stdlog_start": [f"line {number} of many\n" for number in range(3000)], "stdlog_end": []}
        Log.update(body=data.pack_json(lines), version=advance("production")).where(Log.key == job.key).execute()
    data.change(job.key, events=1)
    complete(publisher)
    gone = PublishedItem.select().where(PublishedItem.revision > before, PublishedItem.body.is_null())
    assert sorted((row.kind, row.run) for row in gone) == [("log", 358792), ("logtext", 358792)]
    assert ("run", "production", 358792) in changed_since(before)


def test_the_first_publication_takes_several_revisions_with_current_data_first(
    publisher: Publisher, monkeypatch: pytest.MonkeyPatch
) -> None:
    leave_few_logs()
    for table in (PublishedItem, Piece, RevisionSeries):
        table.delete().execute()
    monkeypatch.setattr("app.publish.publisher.REVISION_BYTES", 20_000)
    complete(publisher_of(publisher.settings))
    assert revisions.current().revision > 3

    def first(kind: str, run: int) -> int:
        ((revision,),) = rows(
            PublishedItem.select(fn.MIN(PublishedItem.revision)).where(PublishedItem.kind == kind, PublishedItem.run == run)
        )
        return int(revision)

    assert first("live", 0) <= first("run", 358792) <= first("run", 358791) <= first("run", 358788)


def test_changed_code_renders_everything_again_and_publishes_differences_only(publisher: Publisher) -> None:
    before = revisions.current().revision
    Piece.update(token=fn.REPLACE(Piece.token, publisher.fingerprint, "other")).where(Piece.run == 358791).execute()
    PublishedItem.update(sha256="other").where(PublishedItem.kind == "log", PublishedItem.run == 358791).execute()
    complete(publisher_of(publisher.settings))
    assert {change for change in changed_since(before) if change[0] != "events"} == {("log", "production", 358791)}


def test_a_form_of_tags_in_the_settings_names_its_clients_on_all_pages(publisher: Publisher) -> None:
    leave_few_logs()
    data.change(some_job().key, tag="ecal_jqdoe_private")
    complete(publisher)
    assert "jqdoe" not in page(358792) + page(0, "live") + page(358700, "timeline")
    assert "<bdi>client-1</bdi>" in page(358792)
    complete(publisher_of(publisher.settings, square_published_clients="ecal_[a-z]+_private"))
    assert "<bdi>ecal_jqdoe_private</bdi>" in page(358792)


def test_a_chart_that_changed_has_another_address(publisher: Publisher) -> None:
    def image() -> str:
        return re.findall(r'src="(charts/[^"]*)', page(358792))[0]

    before = image()
    with data.proxy.atomic():
        version = advance("production")
        part = GraphPart.select().join(Graph).where(Graph.run == 358792).first()
        part.delete_instance()
        Graph.update(version=version).where(Graph.run == 358792).execute()
        Run.update(version=version).where(Run.run == 358792).execute()
    complete(publisher)
    assert image() != before


def test_a_crash_and_a_second_attempt_are_on_all_pages(publisher: Publisher) -> None:
    job = some_job()
    data.change(job.key, exit_code=134, reported=time.time())
    with data.proxy.atomic():
        version = advance("production")
        values = {name: getattr(job, name) for name in Job._meta.sorted_field_names if name not in ("id", "key", "started", "version")}
        Job.create(**values, key=job.key.replace("pid", "pid9"), started=job.started + 60, version=version)
        data.summed(358792, version)
    complete(publisher_of(publisher.settings))
    for html in (page(358792), page(0, "live")):
        assert re.search(r'<tr class="job-running">.*?<bdi>beam</bdi> <span class="fine">attempt 2</span>', html, re.S)
        assert re.search(r'<tr class="job-crashed minor">.*?<b class="exit">134 SIGABRT</b>', html, re.S)
        assert "0 down" in html
        assert "1 earlier attempt failed" in html
    cell = re.search(r'<td class="cell-running" title="([^"]*\n[^"]*)">(.*?)</td>', page(358700, "timeline"), re.S)
    assert cell
    assert [line.partition(",")[0] for line in cell[1].splitlines()] == ["fu..04: running", "fu..04: crashed 134 SIGABRT"]
    assert cell[2].endswith("601K ×2")
    events = json.loads(contents()[ItemKey("events", "production", 0, "data")])
    assert [event["title"] for event in events if event["kind"] == "crash"] == ["beam crashed in run 358792"]
    assert all(re.fullmatch("[0-9a-f]{20}", event["id"]) and "c2f11" not in event["text"] for event in events)


def test_a_report_from_the_future_says_so(publisher: Publisher) -> None:
    data.change(some_job().key, reported=time.time() + 3600)
    complete(publisher_of(publisher.settings))
    assert page(358792).count("clock ahead") == 1
    assert page(0, "live").count("clock ahead") == 2, "and for the run"


def test_the_page_of_the_newest_run_shows_since_when_p5_is_unreachable_without_names(publisher: Publisher) -> None:
    data.Host.update(last_ok=time.time() - 100).execute()
    complete(publisher_of(publisher.settings))
    assert re.search(r'badge-text">P5 unreachable<.*?No response from P5 for <span data-since="\d+"></span>', page(0, "live"), re.S)
    assert "P5 unreachable" not in page(358792)


def test_streams_of_two_machines_are_numbered(publisher: Publisher, fixtures_dir: Path) -> None:
    known = [row for row in json.loads((fixtures_dir / "dqmsquare" / "graphs.json").read_bytes()) if str(row["run"]) == "358788"]
    with data.proxy.atomic():
        version = advance("production")
        data.graph(known[0] | {"id": "dqm-files-other", "hostname": "bu-c2f11-09-99"}, version)
        data.summed(358788, version)
    complete(publisher_of(publisher.settings))
    svg = contents()[ItemKey("chart", "production", 358788, "delivery.svg")].decode()
    names = re.findall(r">(streamDQM[^<]*)<", svg)
    assert len(names) == 2 * len(known[0]["stream_data"]) == len(set(names))
    assert "streamDQMHistograms 2" in names
    assert "c2f11" not in svg


def test_a_system_without_a_run_has_a_page(publisher: Publisher) -> None:
    html = contents()[ItemKey("live", "playback", 0, "page")].decode()
    assert "No run yet" in html
    assert "No run has been reported yet." in html
