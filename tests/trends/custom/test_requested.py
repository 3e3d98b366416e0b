"""Requested trends: the form, the values, the limits, and what becomes of files that cannot be read."""

from __future__ import annotations

import csv
import json
import re
import signal
import time
from collections.abc import Callable
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from app.gui.samples import SampleKey
from app.queue.models import BackgroundJob
from app.trends.computing_process import ComputingProcess, shared_process
from app.trends.custom.models import RequestedPoint, RequestedTrend
from app.trends.custom.store import COMPUTE, DAY_S, remove_unseen
from app.trends.extraction import extract
from app.trends.golden.store import store_golden
from app.trends.metrics.registry import METRICS
from app.trends.query.packed import unpack
from tests.security.conftest import HOME
from tests.support.processes import until
from tests.trends.conftest import FILES, Site
from tests.trends.custom.conftest import SignIn
from tests.trends.test_computing_process import signalled

pytestmark = pytest.mark.slow

V1, V2, NEXT_RUN, OTHER_ERA = FILES
C, D = "/ZeroBias/Run2022C-Express-v1/DQMIO", "/ZeroBias/Run2022D-Express-v2/DQMIO"
FORM = {"metric": "basic.BinCount(2)", "me": "DT/n", "dataset": C, "runs": "latest:50", "files": "100"}

Compute = Callable[[], list[str]]


def ask(client: FlaskClient, **fields: str) -> TestResponse:
    return client.post("/trends/new", data=FORM | fields, headers={"Origin": HOME})


def act(client: FlaskClient, address: str, action: str, **fields: str) -> TestResponse:
    return client.post(f"{address}/{action}", data=fields, headers={"Origin": HOME})


def points(client: FlaskClient, address: str) -> dict[tuple[str, int], float]:
    """The points of the chart by dataset and run."""
    header = unpack(client.get(f"{address}/points").data)
    runs = header["runs"]["run"].tolist()
    return {
        (f"/{series['pd']}/{series['ps']}", run): value
        for series in header["series"]
        for run, value in zip(runs, series["values"].tolist(), strict=True)
        if value == value
    }


def words(page: TestResponse) -> str:
    return unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", page.text)))


@pytest.mark.both_databases
def test_each_run_has_a_point_with_the_value_of_its_file(site: Site, signed_in: SignIn, compute: Compute) -> None:
    site.register(*site.add(V2, NEXT_RUN))
    shifter = signed_in("shifter")
    answer = ask(shifter, title="Hits")
    assert answer.status_code == 303
    address = answer.location.partition("?")[0]
    assert "waiting" in words(shifter.get(answer.location))
    assert compute() == ["done"]
    assert points(shifter, address) == {(C, 355555): 200, (C, 355556): 300}
    text = words(shifter.get(answer.location))
    assert "complete" in text
    assert "2 points of 2 files." in text
    assert " 355556 300 17.3 " in text, "the error is the square root"
    assert text.index("355556 ") < text.index("355555 "), "the newest run first"
    assert '<h1 class="sample"><bdi>Hits</bdi>' in shifter.get(answer.location).text


def test_further_datasets_are_series_of_their_own(site: Site, signed_in: SignIn, compute: Compute) -> None:
    site.register(*site.add(NEXT_RUN, OTHER_ERA))
    shifter = signed_in("shifter")
    address = ask(shifter, datasets="^/ZeroBias/.*-express-").location
    compute()
    assert points(shifter, address) == {(C, 355556): 300, (D, 355557): 400}
    assert points(shifter, ask(shifter).location) == {}, "the dataset alone is another request"


@pytest.mark.both_databases
@pytest.mark.parametrize(
    ("runs", "expected"),
    [("latest:1", {355557}), ("355555-355556", {355555, 355556}), ("355557,355555,1", {355555, 355557}), ("golden", {355556})],
)
def test_the_choice_of_runs_is_that_of_the_page_of_trends(
    site: Site, signed_in: SignIn, compute: Compute, runs: str, expected: set[int]
) -> None:
    site.register(*site.add(V2, NEXT_RUN, OTHER_ERA))
    if runs == "golden":
        runs = f"golden:{store_golden(json.dumps({'355556': [[1, 5]], '300000': [[1, 2]]}).encode()).hash}"
    shifter = signed_in("shifter")
    address = ask(shifter, datasets="ZeroBias", runs=runs).location
    compute()
    assert {run for _, run in points(shifter, address)} == expected


@pytest.mark.both_databases
def test_the_same_request_is_the_same_trend_whoever_sends_it(site: Site, signed_in: SignIn, compute: Compute) -> None:
    site.register(*site.add(V2))
    first, second = signed_in("shifter"), signed_in("operator")
    address = ask(first).location
    assert ask(second, runs=" latest:50 ").location == address
    assert (RequestedTrend.select().count(), BackgroundJob.select().where(BackgroundJob.kind == COMPUTE).count()) == (1, 1)
    compute()
    assert ask(second).location == address
    assert compute() == ["done"]
    assert points(second, address) == {(C, 355555): 200}


@pytest.mark.both_databases
def test_a_repeated_request_reads_new_and_changed_files_alone(site: Site, signed_in: SignIn, compute: Compute) -> None:
    (first,) = site.add(V2)
    site.register(first)
    shifter = signed_in("shifter")
    address = ask(shifter, runs="latest:1").location
    compute()
    version = RequestedTrend.get().version
    ask(shifter, runs="latest:1")
    compute()
    assert RequestedTrend.get().version == version + 1, "the choice of samples is stored again, and no point"
    site.register(*site.add(NEXT_RUN))
    ask(shifter, runs="latest:1")
    compute()
    assert points(shifter, address) == {(C, 355556): 300}, "the run that is no longer the latest has no point any more"


@pytest.mark.both_databases
def test_runs_without_a_value_have_a_reason(site: Site, signed_in: SignIn, compute: Compute) -> None:
    whole, broken = site.add(V2, NEXT_RUN)
    content = broken.read_bytes()
    broken.write_bytes(content[:200])
    site.register(whole, broken)
    shifter = signed_in("shifter")
    address = ask(shifter).location
    compute()
    assert points(shifter, address) == {(C, 355555): 200}
    assert "Why runs have no point 1 run : The file cannot be read: Cannot open run 355556" in words(shifter.get(address)).replace(
        "run:", "run :"
    )
    broken.write_bytes(content)
    assert act(shifter, address, "again").status_code == 303
    compute()
    assert points(shifter, address) == {(C, 355555): 200, (C, 355556): 300}
    for metric, me, reason in [
        ("basic.FractionInBin(1)", "DT/n", "The formula has no result"),
        ("basic.BinCount(2)", "DT/nan", "The value is not finite"),
        ("basic.RecoFraction(2)", "DT/n", "the configuration has no histo1Path"),
    ]:
        address = ask(shifter, metric=metric, me=me).location
        compute()
        assert points(shifter, address) == {}
        assert reason in words(shifter.get(address))


@pytest.mark.both_databases
def test_a_run_whose_reader_was_killed_from_outside_is_read_by_the_next_attempt(site: Site, signed_in: SignIn, compute: Compute) -> None:
    site.register(*site.add(V2, NEXT_RUN))
    shifter = signed_in("shifter")
    address = ask(shifter).location
    shared_process.close()
    with signalled(signal.SIGKILL, times=2):
        assert compute() == ["queued"]
    assert "1 file could not be read now" in BackgroundJob.get(BackgroundJob.kind == COMPUTE).error
    assert len(points(shifter, address)) == 1, "the other file was read"
    assert "ended twice from outside" in words(shifter.get(address))
    BackgroundJob.update(lease_until=0.0).execute()
    assert compute() == ["done"]
    assert points(shifter, address) == {(C, 355555): 200, (C, 355556): 300}


def test_a_file_without_the_monitor_element_is_named_as_the_reason(site: Site, signed_in: SignIn, compute: Compute) -> None:
    site.register(*site.add(V2))
    shifter = signed_in("shifter")
    ask(shifter)
    RequestedTrend.update(request=RequestedTrend.get().request.replace("DT/n", "DT/gone")).execute()
    compute()
    assert RequestedPoint.get().reason == "The file has no monitor element DT/gone"


@pytest.mark.both_databases
def test_the_limit_of_files_leaves_out_the_oldest_and_says_so(site: Site, signed_in: SignIn, compute: Compute) -> None:
    site.register(*site.add(V2, NEXT_RUN, OTHER_ERA))
    shifter = signed_in("shifter")
    address = ask(shifter, datasets="ZeroBias", files="2").location
    compute()
    assert {run for _, run in points(shifter, address)} == {355556, 355557}
    assert "The oldest file is left out: the limit is 2." in words(shifter.get(address))


@pytest.mark.both_databases
def test_a_user_has_a_bounded_number_of_trends_computed(site: Site, signed_in: SignIn, compute: Compute) -> None:
    site.register(*site.add(V2))
    shifter = signed_in("shifter")
    for number in (1, 2, 3):
        assert ask(shifter, metric=f"basic.BinCount({number})").status_code == 303
    refused = ask(shifter, metric="basic.BinCount(4)")
    assert refused.status_code == 429
    assert "3 of your trends are being computed, which is the limit" in words(refused)
    assert ask(shifter, metric="basic.BinCount(3)").status_code == 303, "one that is being computed may be asked for again"
    assert ask(signed_in("operator"), metric="basic.BinCount(4)").status_code == 303
    compute()
    assert ask(shifter, metric="basic.BinCount(5)").status_code == 303


@pytest.mark.parametrize(("role", "status"), [("viewer", 403), ("shifter", 303)])
def test_everybody_looks_at_a_trend_and_shifters_start_one(site: Site, signed_in: SignIn, compute: Compute, role: str, status: int) -> None:
    site.register(*site.add(V2))
    address = ask(signed_in("operator")).location
    compute()
    client = signed_in(role)
    assert [client.get(place).status_code for place in (address, f"{address}/points", "/trends/new", "/trends/configs")] == [200] * 4
    assert ask(client).status_code == status
    assert [act(client, address, action).status_code for action in ("cancel", "again")] == [status] * 2
    assert act(client, address, "keep").status_code == 403


@pytest.mark.both_databases
def test_a_cancelled_trend_keeps_its_points_and_goes_on_where_it_was(site: Site, signed_in: SignIn, compute: Compute) -> None:
    site.register(*site.add(V2, NEXT_RUN))
    shifter = signed_in("shifter")
    address = ask(shifter, runs="355556").location
    compute()
    ask(shifter, runs="355556")
    assert act(shifter, address, "cancel").status_code == 303
    assert compute() == []
    assert "cancelled" in words(shifter.get(address))
    assert points(shifter, address) == {(C, 355556): 300}
    act(shifter, address, "again")
    assert compute() == ["done"]
    assert act(shifter, address, "cancel").status_code == 303, "one that has ended stays as it is"
    assert "complete" in words(shifter.get(address))


@pytest.mark.both_databases
def test_a_trend_that_is_cancelled_while_it_is_computed_keeps_its_points_and_goes_on_there(
    site: Site, signed_in: SignIn, compute: Compute, monkeypatch: pytest.MonkeyPatch
) -> None:
    site.register(*site.add(V2, NEXT_RUN, OTHER_ERA))
    shifter = signed_in("shifter")
    address = ask(shifter, datasets="ZeroBias").location
    compute_first = ComputingProcess.compute

    def compute_and_cancel(*arguments: Any) -> Any:
        found = compute_first(*arguments)
        act(shifter, address, "cancel")
        return found

    with monkeypatch.context() as patched:
        patched.setattr(ComputingProcess, "compute", compute_and_cancel)
        assert compute() == ["cancelled"]
    assert points(shifter, address) == {(D, 355557): 400}, "the file that was being read still has its point"
    act(shifter, address, "again")
    assert compute() == ["done"]
    assert points(shifter, address) == {(D, 355557): 400, (C, 355556): 300, (C, 355555): 200}


def test_the_page_polls_by_version(site: Site, signed_in: SignIn, compute: Compute) -> None:
    site.register(*site.add(V2))
    shifter = signed_in("shifter")
    address = ask(shifter).location
    poll = unescape(re.search(r'hx-get="([^"]*since=[^"]*)"', shifter.get(address).text)[1])
    assert shifter.get(poll).status_code == 204
    compute()
    answer = shifter.get(poll, headers={"HX-Request": "true"})
    assert answer.status_code == 200
    assert answer.text.lstrip().startswith('<div id="requested"')
    assert "data-poll" not in answer.text, "a trend that is complete does not change"


WRONG = [
    ({"metric": "basic.BinCont(2)"}, "the nearest is basic.BinCount"),
    ({"metric": "__import__('os')"}, "right would be a metric and its arguments"),
    ({"metric": ""}, "Expected a metric"),
    ({"me": ""}, "Expected the path of a monitor element"),
    ({"me": "DT/nn"}, "similar names are DT/n"),
    ({"histo1": "DT/mapp"}, "similar names are DT/map"),
    ({"dataset": "/ZeroBias/none/DQMIO"}, "There is no dataset /ZeroBias/none/DQMIO on this hub"),
    ({"dataset": "ZeroBias"}, "Expected the name of a dataset"),
    ({"datasets": "("}, "Expected a regular expression"),
    ({"runs": "355556-355555"}, "The range of runs ends before it begins"),
    ({"runs": "golden:0123456789ab"}, "There is no golden JSON 0123456789ab"),
    ({"files": "0"}, "Expected a whole number from 1 to 1,000"),
    ({"files": "1001"}, "Expected a whole number from 1 to 1,000"),
    ({"title": "x" * 201}, "Expected at most 200 characters"),
    ({"me": "a\0b"}, "must not contain the character NUL"),
    ({"dataset": "/a\0/b/c"}, "must not contain the character NUL"),
]


@pytest.mark.both_databases
def test_each_wrong_field_is_named_with_what_would_be_right(site: Site, signed_in: SignIn) -> None:
    (file,) = site.add(V2)
    site.register(file)
    shifter = signed_in("shifter")
    shifter.get(f"/browse/355555{C}")  # the list of the file is read by the first page that shows it
    for fields, problem in WRONG:
        answer = ask(shifter, **fields)
        assert answer.status_code == 400, fields
        assert problem in words(answer), fields
        assert RequestedTrend.select().count() == 0, fields


def test_an_expression_is_checked_while_it_is_typed(client: FlaskClient) -> None:
    def check(metric: str) -> str:
        return words(client.get("/trends/new/check", query_string={"metric": metric}, headers={"HX-Request": "true"}))

    assert "There is no metric basic.Meen; the nearest is basic.Mean" in check("basic.Meen()")
    assert "basic.BinCount(bin: int | str, no_error: bool = False)" in check("basic.BinCount(")
    assert "The content of a bin" in check("basic.BinCount(2)")
    assert "right would be" not in check("basic.BinCount(2)")


def test_all_metrics_are_listed_with_what_they_compute(client: FlaskClient) -> None:
    text = client.get("/trends/new").text
    listed = re.findall(r'name="choose" value="([^"]+)"', text)
    assert sorted(listed) == sorted(METRICS)
    assert len(listed) == 67
    for name in listed:
        assert re.search(
            rf'name="metric"[^>]* value="{re.escape(name)}\(', client.get("/trends/new", query_string={"choose": name}).text
        ), name


@pytest.mark.both_databases
def test_trends_that_nobody_looks_at_are_removed(site: Site, signed_in: SignIn, compute: Compute) -> None:
    site.register(*site.add(V2))
    shifter = signed_in("shifter")
    old, seen, waiting = (ask(shifter, metric=f"basic.BinCount({number})").location for number in (1, 2, 3))
    compute()
    ask(shifter, metric="basic.BinCount(3)")
    RequestedTrend.update(seen=time.time() - 20 * DAY_S).execute()
    shifter.get(seen)
    assert remove_unseen(14) == 1
    assert [shifter.get(address).status_code for address in (old, seen, waiting)] == [404, 200, 200]
    assert "was removed 14 days after" in words(shifter.get(old))
    assert RequestedPoint.select().count() == 2


def test_the_plot_of_a_histogram_leads_to_its_trend(site: Site, client: FlaskClient) -> None:
    site.register(*site.add(V2))
    until(lambda: client.get(f"/browse/355555{C}").status_code == 200, "the file to be read")
    page = client.get(f"/browse/355555{C}", query_string={"plot": "DT/n"}).text
    address = unescape(re.search(r'href="([^"]*/trends/new[^"]*)">Trend of this', page)[1])
    form = client.get(address).text
    assert f'name="dataset" type="text" value="{C}"' in form
    assert 'name="me" type="text" value="DT/n"' in form
    assert "Over lumisections" not in page, "the run has no files of lumisections"


def test_a_point_of_the_chart_leads_to_its_plot(site: Site, signed_in: SignIn, compute: Compute) -> None:
    site.register(*site.add(V2))
    shifter = signed_in("shifter")
    address = ask(shifter).location
    compute()
    key = unpack(shifter.get(f"{address}/points").data)["series"][0]["key"]
    text = shifter.get(f"{address}/point", query_string={"series": key, "run": 355555}).text
    assert "/browse/355555/ZeroBias/Run2022C-Express-v1/DQMIO" in text
    assert shifter.get(f"{address}/point", query_string={"series": key, "run": 1}).status_code == 404


def test_a_job_whose_trend_was_removed_fails_with_the_reason(site: Site, signed_in: SignIn, compute: Compute) -> None:
    site.register(*site.add(V2))
    ask(signed_in("shifter"))
    RequestedTrend.delete().execute()
    assert compute() == ["failed"]
    assert BackgroundJob.get(BackgroundJob.kind == COMPUTE).error == "The requested trend was removed"


def test_a_request_of_another_version_of_the_product_is_refused_and_hides_no_others(
    site: Site, signed_in: SignIn, compute: Compute
) -> None:
    site.register(*site.add(V2))
    shifter = signed_in("shifter")
    address, other = (ask(shifter, metric=f"basic.BinCount({number})").location for number in (1, 2))
    RequestedTrend.update(kind="weeks").where(RequestedTrend.key == address.rpartition("/")[2]).execute()
    assert shifter.get(address).status_code == 400
    assert "of another version of DQM Hub" in words(shifter.get(address))
    assert re.findall(r"/trends/requested/\w+", shifter.get("/trends/new").text) == [other]
    assert compute() == ["failed", "done"]


def test_the_points_are_there_as_csv_with_reasons(site: Site, signed_in: SignIn, compute: Compute) -> None:
    site.register(*site.add(V2))
    shifter = signed_in("shifter")
    address = ask(shifter, title="a").location
    compute()
    link = unescape(re.search(r'href="([^"]*points.csv[^"]*)"', shifter.get(address).text)[1])
    answer = shifter.get(link)
    assert answer.content_type == "text/csv; charset=utf-8"
    head, line = csv.reader(answer.text.splitlines())
    assert head == ["dataset", "run", "lumisection", "value", "error", "reason"]
    assert line == [C, "355555", "0", "200.0", repr(200**0.5), ""]


@pytest.mark.both_databases
def test_a_title_of_an_address_is_cut(site: Site, signed_in: SignIn) -> None:
    """Titles that are longer than the form allows are in no address that the pages make."""
    site.register(*site.add(V2))
    shifter = signed_in("shifter")
    address = ask(shifter, title="a").location.partition("?")[0]
    page = shifter.get(f"{address}?title={'t' * 5000}").text
    assert f"<bdi>{'t' * 200}</bdi>" in page


@pytest.mark.both_databases
def test_a_worker_reads_files_of_configured_and_requested_trends_in_one_process(site: Site, signed_in: SignIn, compute: Compute) -> None:
    site.configure(n="basic.BinCount(2) DT/n")
    site.sync(*site.add(V2))
    ask(signed_in("shifter"))
    assert compute() == ["done"]
    assert extract(SampleKey(355555, 0, C), site.settings).state == "done"
    children = (child for task in Path("/proc/self/task").iterdir() for child in (task / "children").read_text().split())
    commands = [Path(f"/proc/{child}/cmdline").read_bytes() for child in children]
    assert sum(b"app.trends.computing_child" in command for command in commands) == 1
