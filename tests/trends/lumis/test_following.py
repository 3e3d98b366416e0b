"""The ongoing run: each new snapshot gives the value of what was filled since the one before, while somebody looks."""

from __future__ import annotations

import os
import re
import signal
from collections.abc import Callable
from html import unescape
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.cli.files import store_entries
from app.gui.files.entries import ONLINE_DATASET, Entry
from app.queue.models import BackgroundJob
from app.trends.computing_process import shared_process
from app.trends.custom.models import FollowedSnapshot, RequestedPoint, RequestedTrend
from app.trends.custom.store import COMPUTE, FOLLOWED_S, remove_unseen
from app.trends.lumis.following import MOST_FOLLOWED, follow_all
from app.trends.query.packed import unpack
from tests.security.conftest import HOME
from tests.support.processes import until
from tests.trends.conftest import Site
from tests.trends.custom.conftest import SignIn
from tests.trends.custom.test_requested import words
from tests.trends.lumis.test_lumis import points
from tests.trends.lumis.write_snapshots import RUN
from tests.trends.test_computing_process import signalled

pytestmark = pytest.mark.slow

FORM = {"run": str(RUN), "dataset": ONLINE_DATASET, "me": "DT/n", "metric": "basic.Count()"}

Show = Callable[[str], None]


@pytest.fixture
def show(site: Site, lumi_files: Path) -> Show:
    """Puts a snapshot in the place of the one before, and looks until it was read."""
    target, times = site.folder / "live.pb", iter(range(1, 100))

    def put(name: str) -> None:
        new = site.folder / "new"
        new.write_bytes((lumi_files / name).read_bytes())
        at = 1_700_000_000 + next(times)
        os.utime(new, (at, at))
        new.replace(target)
        lumi = int(name.removesuffix(".pb").rpartition("-")[2])

        def is_read() -> bool:
            follow_all(site.settings)
            found = FollowedSnapshot.get_or_none()
            return found is not None and found.lumi == lumi

        if RequestedTrend.select().exists():
            until(is_read, "the snapshot to be read")

    put("sum-1.pb")
    store_entries([Entry(ONLINE_DATASET, RUN, 0, str(target), "protobuf")])
    return put


def ask(client: FlaskClient, **fields: str) -> str:
    return client.post("/trends/lumis", data=FORM | fields, headers={"Origin": HOME}).location


def values(client: FlaskClient, address: str) -> dict[int, float]:
    return {lumi: value for lumi, (value, _) in points(client, address).items()}


@pytest.mark.both_databases
def test_each_new_snapshot_has_the_value_of_what_was_filled_since_the_one_before(show: Show, signed_in: SignIn) -> None:
    shifter = signed_in("shifter")
    address = ask(shifter)
    assert BackgroundJob.select().where(BackgroundJob.kind == COMPUTE).count() == 0, "a worker would be occupied for hours"
    show("sum-1.pb")
    page = words(shifter.get(address))
    assert "A point comes with each new snapshot" in page
    assert "The first value comes with the next lumisection." in page
    show("sum-2.pb")
    show("sum-4.pb")
    assert values(shifter, address) == {2: 20, 4: 40}
    assert f"Run {RUN}, lumisection 4." in words(shifter.get(address))
    show("sum-4.pb")
    assert values(shifter, address) == {2: 20, 4: 40}, "a later snapshot of the same lumisection"


def test_a_new_run_begins_a_new_series(site: Site, show: Show, signed_in: SignIn) -> None:
    shifter = signed_in("shifter")
    address = ask(shifter)
    show("sum-1.pb")
    show("sum-2.pb")
    FollowedSnapshot.update(run=RUN - 1).execute()
    show("sum-4.pb")
    assert values(shifter, address) == {}, "the points of the run before are gone"


@pytest.mark.both_databases
def test_a_restarted_client_has_a_reason_in_place_of_a_negative_value(show: Show, signed_in: SignIn) -> None:
    shifter = signed_in("shifter")
    address = ask(shifter)
    show("sum-2.pb")
    FollowedSnapshot.update(lumi=1).execute()
    show("each-2.pb")
    assert values(shifter, address) == {}
    assert "fewer entries than in the lumisection before: its client was restarted" in words(shifter.get(address))


@pytest.mark.both_databases
def test_a_trend_is_followed_while_somebody_looks(site: Site, show: Show, signed_in: SignIn) -> None:
    shifter = signed_in("shifter")
    address = ask(shifter)
    show("sum-1.pb")
    RequestedTrend.update(seen=RequestedTrend.seen - FOLLOWED_S - 1).execute()
    version = FollowedSnapshot.get().sample_version
    follow_all(site.settings)
    assert FollowedSnapshot.get().sample_version == version
    shifter.get(address)
    show("sum-2.pb")
    RequestedTrend.update(seen=0).execute()
    assert remove_unseen(14) == 1
    assert FollowedSnapshot.select().count() + RequestedPoint.select().count() == 0


def test_the_page_of_an_ongoing_run_says_that_points_come_with_snapshots(show: Show, client: FlaskClient) -> None:
    text = words(client.get("/trends/lumis", query_string=FORM))
    assert "This run is ongoing" in text
    assert "Golden JSON" not in text.partition("This run is ongoing")[2].partition("All 67 metrics")[0]


def test_a_snapshot_without_the_monitor_element_says_so(show: Show, signed_in: SignIn) -> None:
    shifter = signed_in("shifter")
    address = ask(shifter, me="DT/gone")
    show("sum-1.pb")
    assert "The snapshot has no monitor element DT/gone." in words(shifter.get(address))


@pytest.mark.both_databases
def test_followed_trends_count_for_the_limit_of_a_user(show: Show, signed_in: SignIn) -> None:
    shifter = signed_in("shifter")
    for number in (1, 2, 3):
        ask(shifter, metric=f"basic.BinCount({number})")
    refused = shifter.post("/trends/lumis", data=FORM | {"metric": "basic.BinCount(4)"}, headers={"Origin": HOME})
    assert refused.status_code == 429
    RequestedTrend.update(seen=RequestedTrend.seen - FOLLOWED_S - 1).where(RequestedTrend.id == RequestedTrend.get().id).execute()
    assert "/trends/requested/" in ask(shifter, metric="basic.BinCount(4)")


def test_a_restarted_client_with_more_entries_gives_no_negative_bins(site: Site, show: Show, signed_in: SignIn) -> None:
    shifter = signed_in("shifter")
    address = ask(shifter, metric="basic.BinCount(12)")  # the values of lumisection 1 are from 1.05 on: 10 bins from bin 11
    show("sum-1.pb")
    show("each-4.pb")
    assert values(shifter, address) == {}, "4 has 40 entries, more than the 10 of 1, but none in the bins of 1"
    assert "A bin has less than in the lumisection before: its client was restarted" in words(shifter.get(address))


@pytest.mark.both_databases
def test_one_trend_that_cannot_be_followed_leaves_the_others(site: Site, show: Show, signed_in: SignIn) -> None:
    shifter = signed_in("shifter")
    good, odd = ask(shifter), ask(shifter, metric="basic.BinCount(1)")
    changed = RequestedTrend.request.contains('"basic.BinCount(1)"')
    RequestedTrend.update(request='{"metric": "basic.BinCount(1)", "of another version": 1}', seen=2**33).where(changed).execute()
    show("sum-1.pb")
    show("sum-2.pb")
    assert values(shifter, good) == {2: 20}
    assert "of another version" in RequestedTrend.get(RequestedTrend.key == odd.rpartition("/")[2]).note


@pytest.mark.both_databases
def test_a_snapshot_that_its_reader_does_not_survive_is_read_once(site: Site, show: Show, signed_in: SignIn) -> None:
    shifter = signed_in("shifter")
    address = ask(shifter)
    show("sum-1.pb")
    first = FollowedSnapshot.get()
    show("sum-2.pb")
    second = FollowedSnapshot.get().sample_version
    FollowedSnapshot.update(sample_version=first.sample_version, lumi=1, elements=first.elements).execute()
    RequestedPoint.delete().execute()
    follow_all(site.settings.replace(import_cpu_s=0))  # no file can be read in this time
    assert "The snapshot cannot be read" in words(shifter.get(address))
    assert (FollowedSnapshot.get().sample_version, FollowedSnapshot.get().lumi) == (second, 1)
    follow_all(site.settings)
    assert values(shifter, address) == {}, "the same snapshot is not read again"
    show("sum-4.pb")
    assert values(shifter, address) == {4: 20 + 40}, "all that was filled since the last snapshot that was read"


def test_a_snapshot_whose_reader_was_killed_from_outside_is_read_again(site: Site, show: Show, signed_in: SignIn) -> None:
    """As when the machine has no memory left: no property of the snapshot."""
    shifter = signed_in("shifter")
    address = ask(shifter)
    show("sum-1.pb")
    first = FollowedSnapshot.get()
    show("sum-2.pb")
    FollowedSnapshot.update(sample_version=first.sample_version, lumi=1, elements=first.elements).execute()
    RequestedPoint.delete().execute()
    shared_process.close()
    with signalled(signal.SIGKILL, times=2):
        follow_all(site.settings)
    assert "ended twice from outside" in words(shifter.get(address))
    assert FollowedSnapshot.get().sample_version == first.sample_version
    follow_all(site.settings)
    assert values(shifter, address) == {2: 20}


@pytest.mark.both_databases
def test_elements_stored_by_another_version_let_values_begin_anew(site: Site, show: Show, signed_in: SignIn) -> None:
    shifter = signed_in("shifter")
    address = ask(shifter)
    show("sum-1.pb")
    FollowedSnapshot.update(elements=b"of another version").execute()
    show("sum-2.pb")
    show("sum-4.pb")
    assert values(shifter, address) == {4: 40}


def test_points_of_an_ongoing_run_lead_to_its_plot_and_name_the_run(site: Site, show: Show, signed_in: SignIn) -> None:
    store_entries([Entry(ONLINE_DATASET, 0, 0, str(site.folder / "live.pb"), "protobuf")])
    shifter = signed_in("shifter")
    address = ask(shifter, run="0")
    show("sum-1.pb")
    show("sum-2.pb")
    table = shifter.get(address).text.partition('id="points-title"')[2]
    link = re.search(r'<th scope="row"><a href="([^"]*)">2</a>', table)
    assert link
    assert shifter.get(unescape(link[1])).status_code == 200
    series = unpack(shifter.get(f"{address}/points").data)["series"][0]["key"]
    point = shifter.get(f"{address}/point", query_string={"series": series, "run": 2})
    assert f"Lumisection 2 of run {RUN}" in words(point), "as its EventInfo says"


def test_a_trend_beyond_those_that_are_followed_says_so(site: Site, show: Show, signed_in: SignIn) -> None:
    address = ask(signed_in("shifter"))
    row = RequestedTrend.get()
    for number in range(MOST_FOLLOWED):
        fields = {"kind": row.kind, "request": row.request.replace("basic.Count()", f"basic.BinCount({number + 1})")}
        RequestedTrend.create(key=f"other {number}", user="ann", created=row.created, seen=row.seen + 100, **fields)
    follow_all(site.settings)
    page = words(signed_in("shifter").get(address))
    assert f"Not followed now: {MOST_FOLLOWED} trends are followed at a time" in page
    RequestedTrend.update(seen=0).where(RequestedTrend.id != row.id).execute()
    show("sum-1.pb")
    assert "Not followed now" not in words(signed_in("shifter").get(address))


@pytest.mark.both_databases
def test_an_ongoing_run_can_be_followed_whatever_the_limit_of_files(site: Site, show: Show, app: Flask, signed_in: SignIn) -> None:
    app.config["HUB"] = site.settings.replace(trend_request_files=50)
    shifter = signed_in("shifter")
    assert "/trends/requested/" in ask(shifter)
    assert "/trends/requested/" in ask(shifter, files="1000", metric="basic.BinCount(1)")
    for page in ("/trends/lumis", "/trends/new"):
        assert re.search(r'name="files"[^>]* value="50"|value="50"[^>]* name="files"', shifter.get(page).text), page
