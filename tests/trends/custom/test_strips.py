"""Strip charts: the values of a quantity in the last runs, what is computed when, and where the points lead."""

from __future__ import annotations

import os
import re
import shutil
from html import unescape
from pathlib import Path
from urllib.parse import urlencode

import pytest
import uproot
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from app.formats import Kind
from app.gui.files.register import IMPORT
from app.gui.samples import SampleKey
from app.queue.models import BackgroundJob
from app.trends.custom.models import RequestedPoint, RequestedTrend
from app.trends.custom.quantities import quantities_of
from app.trends.custom.requests import StripRequest
from app.trends.custom.store import COMPUTE
from app.trends.strips.chart import StripPoint, strip_chart
from app.trends.strips.reader import StripReader
from tests.security.conftest import HOME
from tests.support import gui
from tests.support.uproot_mes import read_mes
from tests.trends.conftest import FILES, Site
from tests.trends.custom.test_requested import Compute, words

V1, V2, NEXT_RUN, _ = FILES
DATASET = "/ZeroBias/Run2022C-Express-v1/DQMIO"
NAMES = {0: "–", 100: "ok", 200: "warning", 300: "error"}
DEMO = "/ZeroBias/Run2023C-Demo-v1/DQMIO"


def address(me: str = "DT/n", run: int = 355556, dataset: str = DATASET, **fields: object) -> str:
    return f"/trends/strip?{urlencode({'dataset': dataset, 'me': me, 'run': run, **fields})}"


def ask(client: FlaskClient, **fields: object) -> TestResponse:
    values = {"dataset": DATASET, "me": "DT/n", "run": 355556} | fields
    answer = client.post("/trends/strip", data=values, headers={"Origin": HOME})
    assert answer.status_code == 303, answer.text
    return answer


def table(page: TestResponse) -> dict[int, tuple[str, str]]:
    """Value and reason by run, in the order of the table."""
    assert page.status_code == 200, page.text
    lines = re.findall(
        r'<th scope="row"><a href="[^"]*"[^>]*>(\d+)</a></th>\s*<td[^>]*>([^<]*)</td>\s*<td[^>]*><bdi>([^<]*)</bdi>', page.text
    )
    return {int(run): (value, unescape(reason)) for run, value, reason in lines}


def test_a_viewer_gets_the_values_of_the_last_runs_by_the_queue(site: Site, client: FlaskClient, compute: Compute) -> None:
    site.register(*site.add(V2, NEXT_RUN))
    assert "2 runs not computed yet" in words(client.get(address()))
    after = ask(client).location
    assert "It waits for a worker" in words(client.get(after))
    assert compute() == ["done"]
    page = client.get(after)
    assert table(page) == {355556: ("300", ""), 355555: ("200", "")}, "the entries"
    assert len(re.findall("<circle", page.text)) == 2
    ask(client, quantity="Mean")
    compute()
    reason = "The histogram has no Mean: it has no sums of values within its axes"
    assert table(client.get(address(quantity="Mean")))[355556] == ("–", reason), "only bins are set"
    ask(client, me="DT/empty", quantity="Mean")
    compute()
    empty = table(client.get(address("DT/empty", quantity="Mean")))[355556]
    assert empty == ("–", "The histogram has no Mean: nothing was filled")


def test_the_content_of_a_bin_is_a_quantity_of_histograms_with_one_axis(site: Site, client: FlaskClient, compute: Compute) -> None:
    site.register(*site.add(V2, NEXT_RUN))
    ask(client, quantity="Bin", bin=2)
    compute()
    assert table(client.get(address(quantity="Bin", bin=2))) == {355556: ("300", ""), 355555: ("200", "")}
    assert "Bin" not in re.findall(r"<option[^>]*>([^<]*)", client.get(address("DT/map")).text)


@pytest.fixture
def demo(site: Site, tmp_path_factory: pytest.TempPathFactory) -> dict[int, Path]:
    """Files of two runs with numbers and quality tests, by run; they are registered."""
    files = {int(file.name[11:20]): file for file in gui.demo_files(tmp_path_factory) if "__ZeroBias__" in file.name}
    copies = {run: Path(shutil.copy(file, site.folder)) for run, file in files.items()}
    site.register(*copies.values())
    return copies


def number_in(file: Path, start: str) -> float:
    """The number in the name of the object of a file whose name has this in it."""
    with uproot.open(file) as opened:
        (name,) = [key for key in opened.keys(cycle=False) if start in key]
    return float(name.partition(start)[2].partition("<")[0])


def test_quality_statuses_and_numbers_are_those_of_the_files(
    site: Site, client: FlaskClient, compute: Compute, demo: dict[int, Path]
) -> None:
    status = "EcalBarrel/EBTimingTask/EBTMT timing EB+02"
    read = {run: {me.path: me.status for me in read_mes(file)}[status] for run, file in demo.items()}
    assert len(read) == 2
    ask(client, me=status, dataset=DEMO, run=367129, quantity="Quality status")
    compute()
    page = client.get(address(status, 367129, DEMO, quantity="Quality status"))
    assert {run: value for run, (value, _) in table(page).items()} == {run: NAMES[code] for run, code in read.items()}
    number = "EcalBarrel/EventInfo/reportSummary"
    ask(client, me=number, dataset=DEMO, run=367129)
    assert re.findall(r"<option[^>]*>([^<]*)", client.get(address(number, 367129, DEMO)).text) == ["Value", "Quality status"]
    compute()
    values = {run: number_in(file, "EcalBarrel/Run summary/EventInfo/<reportSummary>f=") for run, file in demo.items()}
    shown = {run: float(value) for run, (value, _) in table(client.get(address(number, 367129, DEMO))).items()}
    assert shown == pytest.approx(values, rel=1e-5)


@pytest.mark.both_databases
def test_a_second_look_computes_only_new_files(site: Site, client: FlaskClient, compute: Compute) -> None:
    site.register(*site.add(V1))
    ask(client)
    compute()
    stored = RequestedPoint.get().file
    site.register(*site.add(NEXT_RUN))
    assert "1 run not computed yet" in words(client.get(address()))
    ask(client, runs=50)
    compute()
    assert table(client.get(address())) == {355556: ("300", ""), 355555: ("100", "")}
    assert {(point.run, point.file) for point in RequestedPoint.select() if point.run == 355555} == {(355555, stored)}
    assert RequestedTrend.select().count() == 1, "more runs are the same trend"
    (newer,) = site.add(V2)
    site.register(newer)
    replaced = client.get(address())
    assert "1 run not computed yet" in words(replaced), "although nobody has opened the other file"
    assert table(replaced)[355555] == ("100", "Of an earlier version of its file.")
    ask(client)
    compute()
    assert table(client.get(address()))[355555] == ("200", "")
    os.utime(newer, (1, 1))
    assert table(client.get(address()))[355555] == ("200", "Of an earlier version of its file."), "it was written again in place"


@pytest.mark.both_databases
def test_the_chart_ends_at_the_newest_run_or_at_that_of_its_page_if_this_is_older(site: Site, client: FlaskClient) -> None:
    runs = list(range(355001, 355007))
    for run in runs:
        (site.folder / f"DQM_V0001_R000{run}__ZeroBias__Run2022C-Express-v1__DQMIO.root").write_bytes(b"never read")
    site.register(*site.folder.iterdir())
    assert list(table(client.get(address(run=355004, runs=3)))) == [355006, 355005, 355004]
    older = client.get(address(run=355003, runs=3))
    assert list(table(older)) == [355003, 355002, 355001]
    assert "The runs up to run 355003, which is older than the last 3" in words(older)
    assert list(table(client.get(address(run=0, runs=200)))) == runs[::-1]


def test_a_run_without_the_element_says_so(site: Site, client: FlaskClient, compute: Compute) -> None:
    site.register(*site.add(V2))
    ask(client, me="DT/gone")
    compute()
    page = client.get(address("DT/gone"))
    assert table(page) == {355555: ("–", "The file has no monitor element DT/gone")}
    assert "Read again" not in words(page), "the file was read"


def test_a_file_that_could_not_be_read_is_read_again_on_request(site: Site, client: FlaskClient, compute: Compute) -> None:
    (file,) = site.add(V2)
    content = file.read_bytes()
    file.write_bytes(content[:200])
    site.register(file)
    ask(client)
    compute()
    assert "1 run could not be read. Read again" in words(client.get(address()))
    file.write_bytes(content)
    ask(client)
    compute()
    assert table(client.get(address())) == {355555: ("200", "")}


def test_points_lead_to_the_plot_of_their_run_as_it_is_drawn(site: Site, client: FlaskClient, compute: Compute) -> None:
    site.register(*site.add(V2, NEXT_RUN))
    ask(client)
    compute()
    page = f"{HOME}/browse/355556{DATASET}/DT?plot=DT/n&ytype=log"
    fragment = client.get(address(), headers={"HX-Request": "true", "HX-Current-URL": page})
    assert f'href="/browse/355555{DATASET}/DT?plot=DT%2Fn&amp;ytype=log"' in fragment.text
    assert f'href="/browse/355555{DATASET}?plot=DT%2Fn"' in client.get(address()).text


def test_an_opened_panel_computes_at_once_and_a_poll_with_nothing_new_is_empty(site: Site, client: FlaskClient) -> None:
    site.register(*site.add(V2))
    htmx = {"HX-Request": "true"}
    at_once = 'hx-trigger="submit, every 200ms"'
    assert at_once in client.get(address(compute=1), headers=htmx).text
    assert at_once not in client.get(address(), headers=htmx).text, "it asks once"
    fragment = client.get(ask(client).location, headers=htmx).text
    poll = re.search(r'data-poll hx-get="([^"]*)"', fragment)
    assert poll
    assert client.get(unescape(poll[1]), headers=htmx).status_code == 204


def test_lists_that_are_wanted_soon_are_read_by_other_processes_of_the_worker(site: Site) -> None:
    site.register(*site.add(V2, NEXT_RUN))
    keys = [SampleKey(run, 0, DATASET) for run in (355555, 355556, 1)]
    StripReader(StripRequest("Entries", "DT/n", DATASET), site.settings).prepare(keys)
    assert [job.state for job in BackgroundJob.select().where(BackgroundJob.kind == IMPORT)] == ["queued", "queued"]


@pytest.mark.parametrize(
    ("kind", "quantities"),
    [
        (Kind.TPROFILE2D, ["Entries", "Mean z", "RMS z", "Quality status"]),
        (Kind.TPROFILE, ["Entries", "Mean y", "RMS y", "Bin", "Quality status"]),
        (Kind.TH3F, ["Entries", "Mean x", "RMS x", "Quality status"]),
        (Kind.TH2D, ["Entries", "Mean x", "RMS x", "Mean y", "RMS y", "Quality status"]),
        (Kind.TH1S, ["Entries", "Mean", "RMS", "Bin", "Quality status"]),
    ],
)
def test_a_histogram_offers_the_quantities_that_its_kind_has_with_the_axis_of_its_mean(kind: Kind, quantities: list[str]) -> None:
    assert list(quantities_of(kind)) == quantities


def test_the_mean_of_a_profile_with_two_axes_is_that_of_its_content(
    site: Site, client: FlaskClient, compute: Compute, demo: dict[int, Path]
) -> None:
    path = next(me.path for me in read_mes(demo[367129]) if me.class_name == "TProfile2D")
    subsystem, _, name = path.partition("/")
    with uproot.open(demo[367129]) as opened:
        profile = opened[f"DQMData/Run 367129/{subsystem}/Run summary/{name}"]
        mean = profile.member("fTsumwz") / profile.member("fTsumw")
    ask(client, me=path, dataset=DEMO, run=367129, quantity="Mean z")
    compute()
    assert float(table(client.get(address(path, 367129, DEMO, quantity="Mean z")))[367129][0]) == pytest.approx(mean, rel=1e-5)


@pytest.fixture
def three_charts(site: Site, client: FlaskClient) -> None:
    """Three charts of one reader that wait for a worker, as many as may."""
    site.register(*site.add(V2))
    for quantity in ("Entries", "Mean", "RMS"):
        ask(client, quantity=quantity)


def post(client: FlaskClient, at: str = "127.0.0.1", **fields: object) -> TestResponse:
    """A panel asks for a chart from this address."""
    values = {"dataset": DATASET, "me": "DT/n", "run": 355556} | fields
    headers = {"Origin": HOME, "HX-Request": "true"}
    return client.post("/trends/strip", data=values, headers=headers, environ_overrides={"REMOTE_ADDR": at})


@pytest.mark.usefixtures("three_charts")
def test_a_panel_beyond_the_limit_keeps_its_form_and_asks_again(client: FlaskClient, compute: Compute) -> None:
    waiting = post(client, quantity="Quality status")
    assert waiting.status_code == 200
    assert "Other charts of yours are being computed. This one follows." in words(waiting)
    assert '<select name="quantity">' in waiting.text
    assert 'hx-trigger="submit, shown, every 3s"' in waiting.text
    compute()
    assert post(client, quantity="Quality status").status_code == 303


@pytest.mark.usefixtures("three_charts")
def test_another_choice_in_a_panel_ends_the_computation_of_the_one_before(client: FlaskClient, compute: Compute) -> None:
    panel = client.get(address(quantity="RMS"), headers={"HX-Request": "true"}).text
    (before,) = set(re.findall(r'name="instead" value="([^"]*)"', panel))
    assert post(client, quantity="Quality status", instead=before).status_code == 303
    assert sorted(job.state for job in BackgroundJob.select().where(BackgroundJob.kind == COMPUTE)) == ["cancelled", *["queued"] * 3]


@pytest.mark.usefixtures("three_charts")
def test_readers_without_an_account_have_limits_of_their_own(client: FlaskClient) -> None:
    assert post(client, at="127.0.0.2", quantity="Quality status").status_code == 303
    asked = RequestedTrend.get(RequestedTrend.user == "anonymous at 127.0.0.2")
    post(client, quantity="Bin", instead=asked.key)
    assert BackgroundJob.get(BackgroundJob.key == asked.key).state == "queued", "nobody else ends it"


def test_values_as_far_apart_as_numbers_go_are_drawn() -> None:
    points = [StripPoint(run, value, "", "", "") for run, value in enumerate((1e308, -1e308, 0.0))]
    chart = strip_chart(points, 0, False)
    assert chart
    assert [dot.y for dot in chart.dots] == [10, 130, 70]


def test_the_table_is_there_as_csv(site: Site, client: FlaskClient, compute: Compute) -> None:
    site.register(*site.add(V2, NEXT_RUN))
    ask(client)
    compute()
    assert client.get(address(csv=1)).text == "run,value,reason\n355555,200.0,\n355556,300.0,\n"


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ({"runs": 201}, "from 2 to 200"),
        ({"runs": 1}, "from 2 to 200"),
        ({"quantity": "Median"}, "Expected one of Entries, Mean, RMS"),
        ({"me": ""}, "path of a monitor element"),
        ({"quantity": "Bin", "bin": "x"}, "number of a bin"),
        ({"run": "x"}, "number of a run"),
    ],
)
def test_what_cannot_be_shown_is_refused_with_what_can(client: FlaskClient, fields: dict[str, object], problem: str) -> None:
    answer = client.get(f"/trends/strip?{urlencode({'dataset': DATASET, 'me': 'DT/n', 'run': 1} | fields)}")
    assert answer.status_code == 400
    assert problem in words(answer)


def test_the_page_of_a_plot_has_a_closed_strip_chart(site: Site, client: FlaskClient, compute: Compute) -> None:
    site.register(*site.add(V2))
    ask(client)
    compute()
    page = client.get(f"/browse/355555{DATASET}?plot=DT/n").text
    assert "<summary>Strip chart over runs</summary>" in page
    assert '<a href="/trends/strip?dataset=' in page, "without scripts it is a page"


def test_the_page_of_its_trend_leads_to_the_strip_chart(site: Site, client: FlaskClient) -> None:
    site.register(*site.add(V2))
    ask(client, quantity="Bin", bin=2)
    answer = client.get(f"/trends/requested/{RequestedTrend.get().key}")
    assert answer.status_code == 302
    assert "quantity=Bin&bin=2" in answer.location
    assert "DT/n" not in words(client.get("/trends/new")), "it is not among the latest trends"
