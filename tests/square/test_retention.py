"""Data are deleted by age except those of pinned runs; the growth per day is counted."""

from __future__ import annotations

import re
import time
from typing import Any

import pytest

from app import create_app
from app.core.settings import Settings
from app.square.documents import rows_of
from app.square.models import DeadLetter, Document, Graph, GraphPart, Host, HostStatus, Job, Log, Pin, Run
from app.square.poller import retention, store
from app.square.systems import SYSTEMS

pytestmark = [pytest.mark.both_databases, pytest.mark.usefixtures("clock")]  # days do not end in the middle of a test

DAY_S = 86400.0


def fill(system: str, run: int, days_ago: float) -> None:
    """A job with a log, and the files of a run, received so many days ago."""
    now = time.time() - days_ago * DAY_S
    arrays = {name: [1, 2, 100] for name in ("lumis", "mtimes", "ctimes", "evt_processed", "evt_accepted", "fsize")}
    documents: list[dict[str, Any]] = [
        {"_id": f"job-{run}", "type": "dqm-source-state", "run": run, "extra": {"stdlog_start": ["-- begin\n"]}},
        {"_id": f"files-{run}", "type": "dqm-files", "run": run, "extra": {"streams": {"DQM": arrays}}},
        {"_id": f"stats-{run}", "type": "dqm-stats"},
    ]
    host, _ = Host.get_or_create(system=system, name="fu", defaults={"role": "fu"})
    store.save(
        host,
        [rows_of(system, "fu", document, 1, now, now) for document in documents],
        [store.RejectedDocument(f"bad-{run}", 1, "cut", b"{")],
        now,
    )
    HostStatus.create(system=system, name=f"fu{run}", up=True, first=now, last=now, version=1)


def clean(settings: Settings, **days: int) -> dict[str, int]:
    kept = {f"square_keep_{kind}_days": number for kind, number in days.items()}
    return retention.delete_old(settings.replace(**kept), lambda _: None)


def keys(table: Any) -> set[str]:
    return {row.key for row in table.select()}


@pytest.mark.parametrize("system", SYSTEMS)
def test_each_kind_is_deleted_by_its_own_age_and_runs_and_jobs_stay(hub: Settings, system: str) -> None:
    for run, days_ago in ((1, 50.0), (2, 20.0), (3, 0.0)):
        fill(system, run, days_ago)
    removed = clean(hub, documents=40, logs=10, graphs=30, statuses=10)
    assert removed == {"logs": 2, "graphs": 1, "documents": 3, "statuses": 2, "dead letters": 1}
    assert keys(Document) == {f"{kind}-{run}" for kind in ("job", "files", "stats") for run in (2, 3)}
    assert keys(Log) == {"job-3"}
    assert keys(Graph) == {"files-2", "files-3"}
    assert GraphPart.select().count() == 4
    assert {status.name for status in HostStatus.select()} == {"fu3"}
    assert keys(DeadLetter) == {"bad-2", "bad-3"}
    assert keys(Job) == {"job-1", "job-2", "job-3"}
    assert Run.select().count() == 3
    assert set(clean(hub, documents=40, logs=10, graphs=30, statuses=10).values()) == {0}


def test_pinned_run_is_kept_and_the_same_run_of_another_system_is_not(hub: Settings) -> None:
    for system in SYSTEMS:
        fill(system, 7, 100)
    Pin.create(system="production", run=7, user="shifter", at=time.time(), reason="for the report")
    clean(hub, documents=1, logs=1, graphs=1, statuses=1)
    for table in (Document, Log, Graph):
        assert {row.system for row in table.select()} == {"production"}
    assert keys(Document) == {"job-7", "files-7"}


def test_run_pinned_after_deletion_keeps_its_remaining_data(hub: Settings) -> None:
    for run in (7, 8):
        fill("production", run, 100)
    clean(hub, documents=10, logs=1000, graphs=1000)
    Pin.create(system="production", run=7, user="shifter", at=time.time(), reason="")
    clean(hub, documents=1, logs=1, graphs=1)
    assert (keys(Document), keys(Log), keys(Graph)) == (set(), {"job-7"}, {"files-7"})
    assert GraphPart.select().count() == 2


def test_thousands_of_rows_are_deleted_in_reported_steps(hub: Settings) -> None:
    now = time.time()
    host, _ = Host.get_or_create(system="production", name="fu", defaults={"role": "fu"})
    old = now - 100 * DAY_S
    documents = [
        rows_of("production", "fu", {"_id": f"d{number}", "type": "dqm-stats"}, 1, old, old) for number in range(2 * retention.BATCH + 1)
    ]
    store.save(host, documents, [], now)
    reports: list[str] = []
    assert retention.delete_old(hub, reports.append)["documents"] == 1001
    assert [text for text in reports if "documents" in text] == [f"0 logs, 0 graphs, {count} documents" for count in (500, 1000, 1001)]


def test_growth_per_day_is_counted_by_system_and_listed_on_the_status_page(hub: Settings) -> None:
    fill("production", 1, 1)
    fill("production", 2, 0)
    fill("playback", 3, 0)
    days = {(each.day, each.system, each.type): each for each in retention.daily_growth()}
    today, yesterday = (time.strftime("%Y-%m-%d", time.gmtime(time.time() - days_ago * DAY_S)) for days_ago in (0, 1))
    assert len(days) == 9
    assert days[yesterday, "production", "dqm-source-state"].documents == 1
    stored = Document.get(Document.key == "files-3")
    assert days[today, "playback", "dqm-files"].bytes == stored.bytes > len(bytes(stored.body))
    page = create_app(hub).test_client().get("/status", base_url="http://127.0.0.1:8889").text
    assert re.search(rf'{today}</th>\s*<td class="number">6</td>', page)
    assert re.search(rf'{yesterday}</th>\s*<td class="number">3</td>', page)
