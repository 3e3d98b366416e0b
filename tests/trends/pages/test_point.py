"""The page of one point: its value, why runs beside it have none, its file and configuration, and its plots in the DQM GUI."""

from __future__ import annotations

import html
import re
import time
from urllib.parse import unquote

import pytest
from flask.testing import FlaskClient

from app.runs import store
from app.runs.models import KNOWN, RunRecord
from app.square.models import Run
from app.trends.models import TrendDataset, TrendPoint
from app.trends.points import file_id
from tests.trends.conftest import FILES, Site

pytestmark = pytest.mark.slow

V1, V2, NEXT_RUN, OTHER_ERA = FILES
COUNT = "basic.BinCount(2) DT/n"
HTMX = {"HX-Request": "true", "HX-Target": "trend-point"}


def point(name: str, run: int) -> str:
    """The address of a point of the runs of `FILES`."""
    return f"/trends/point?series=DT/{name}/ZeroBias/Express&run={run}"


def read(client: FlaskClient, address: str, status: int = 200, **headers: str) -> str:
    answer = client.get(address, headers=headers)
    assert answer.status_code == status, answer.text
    return answer.text


def words(page: str) -> str:
    """The text of a page without its tags."""
    return " ".join(html.unescape(re.sub(r"<[^>]*>", " ", page.replace("<wbr>", ""))).split()).replace(" .", ".").replace(" ,", ",")


def test_a_point_has_its_value_with_the_digits_of_its_error_and_the_exact_numbers(client: FlaskClient, site: Site) -> None:
    site.configure(n=COUNT)
    site.extract(*site.add(NEXT_RUN))
    text = words(read(client, point("n", 355556)))
    assert "300 ± 17" in text, "the error of a content of 300 is its square root"
    assert f"Exact: 300.0, error {300**0.5!r}" in text


@pytest.mark.both_databases
def test_a_point_names_its_dataset_its_file_and_the_versions_of_the_file_that_lost(client: FlaskClient, site: Site) -> None:
    site.configure(n=COUNT)
    site.extract(*site.add(V1, V2))
    text = words(read(client, point("n", 355555)))
    assert "200 ± 14" in text
    assert f"File {V2}" in text.replace(str(site.folder) + "/", "")
    assert f"Older versions {V1}" in text
    assert "Dataset /ZeroBias/Run2022C-Express-v1/DQMIO" in text
    assert "Era, version Run2022C, 1" in text


def test_the_configuration_is_shown_with_its_metric_and_monitor_elements(client: FlaskClient, site: Site) -> None:
    site.configure(n=COUNT)
    site.extract(*site.add(V1))
    text = words(read(client, point("n", 355555)))
    assert "Metric basic.BinCount(2) Main DT/n" in text
    assert re.search(r"Version [0-9a-f]{12}, current, since 20", text)


def test_the_value_of_an_older_configuration_is_shown_as_such(client: FlaskClient, site: Site) -> None:
    site.configure(n=COUNT)
    site.extract(*site.add(V1))
    site.configure(n="basic.Count() DT/map")
    site.extract()
    text = words(read(client, point("n", 355555)))
    assert "Metric basic.Count() Main DT/map" in text
    assert "With an older configuration: 100 ± 10 by basic.BinCount(2) of DT/n" in text


@pytest.mark.both_databases
def test_a_point_of_few_entries_is_marked(client: FlaskClient, site: Site) -> None:
    site.configure(n=COUNT)
    config = site.settings.data / "trends" / "DT" / "a.ini"
    config.write_text(config.read_text() + "threshold = 1000\n")
    site.extract(*site.add(V1))
    assert "100 ± 10 Few entries: fewer than the threshold of 1,000" in words(read(client, point("n", 355555)))


def test_a_run_without_result_says_why_in_place_of_the_value(client: FlaskClient, site: Site) -> None:
    site.configure(n="basic.Mean() DT/nan", gone="basic.Mean() DT/gone")
    site.extract(*site.add(V1))
    assert "No point Run 355555 has no point: The value is not finite." in words(read(client, point("n", 355555)))
    assert "No point Run 355555 has no point: its file lacks a monitor element" in words(read(client, point("gone", 355555)))
    assert "No point Run 355000 has no file of ZeroBias (Express)." in words(read(client, point("n", 355000)))


@pytest.mark.both_databases
def test_a_run_whose_points_are_stored_is_not_said_to_be_unextracted_for_the_part_that_cannot_be_read(
    client: FlaskClient, site: Site
) -> None:
    site.configure(n=COUNT, gone="basic.Mean() DT/gone")
    site.extract(*site.add(V1))
    (broken,) = site.add(V2)
    broken.write_bytes(broken.read_bytes()[:100])
    site.extract(broken)
    assert "100 ± 10" in words(read(client, point("n", 355555)))
    text = words(read(client, point("gone", 355555)))
    assert "Run 355555 has no point: a part of its file cannot be read, perhaps that with a monitor element of the trend: " in text
    assert "The next try is at 20" in text
    assert "not extracted" not in text
    table = read(client, "/trends/chart.csv?series=DT/gone/ZeroBias/Express&runs=355555")
    assert "not extracted" not in table


def test_the_runs_before_and_after_say_why_they_have_no_point(client: FlaskClient, site: Site) -> None:
    """The middle one of three runs is broken, and waits while it is not tried."""
    site.configure(n=COUNT)
    first, broken, last = site.add(V1, NEXT_RUN, OTHER_ERA)
    broken.write_bytes(broken.read_bytes()[:100])
    site.extract(first, last)
    site.sync(broken)
    text = words(read(client, point("n", 355555)))
    assert "Next point: run 355557 Run 355556 is not extracted yet: its file is waiting." in text
    site.extract()
    text = words(read(client, point("n", 355557)))
    assert re.search(r"Previous point: run 355555 Run 355556 is not extracted: .*The next try is at 20", text)
    assert "Next point: none" in text
    assert str(site.folder) not in text, "viewers see the name of a file without its folder"


@pytest.mark.both_databases
def test_a_significant_run_without_file_is_named_between_two_points(client: FlaskClient, site: Site) -> None:
    site.configure(n=COUNT)
    site.extract(*site.add(V1, OTHER_ERA))
    store.enroll([355554, 355555, 355556])
    RunRecord.update(oms_state=KNOWN, rr_state=KNOWN, run_class="Collisions22", recorded_lumi=10.0, end=2.0).execute()
    RunRecord.update(recorded_lumi=0.0).where(RunRecord.run == 355554).execute()
    text = words(read(client, point("n", 355555)))
    assert "Next point: run 355557 Run 355556 has no file of ZeroBias (Express)." in text
    assert "Run 355554" not in text, "it is not significant"


@pytest.mark.both_databases
def test_of_two_datasets_that_count_as_one_the_point_of_the_newer_file_is_shown(client: FlaskClient, site: Site) -> None:
    """The same run in two eras, as after a reprocessing that kept the name of its processing."""
    site.configure(n=COUNT)
    site.extract(*site.add(V1, OTHER_ERA))
    other = TrendDataset.get(TrendDataset.era == "Run2022D")
    series = TrendPoint.get(TrendPoint.run == 355557).series
    file = file_id("/data/DQM_V0003_R000355555__ZeroBias__Run2022D-Express-v2__DQMIO.root", 1, time.time_ns())
    TrendPoint.create(series=series, run=355555, value=700.0, error=7.0, file=file)
    text = words(read(client, point("n", 355555)))
    assert "700.0 ± 7.0" in text
    assert f"Dataset {other.name}" in text
    assert f"Also in {V1} of /ZeroBias/Run2022C-Express-v1/DQMIO" in text


@pytest.mark.both_databases
def test_each_monitor_element_has_its_plot_and_leads_to_its_page(client: FlaskClient, site: Site) -> None:
    site.configure(n=COUNT)
    config = site.settings.data / "trends" / "DT" / "a.ini"
    config.write_text(config.read_text() + "histo1Path = DT/map\n")
    site.extract(*site.add(V1))
    page = read(client, point("n", 355555))
    images = [html.unescape(src) for src in re.findall(r'<img class="plot" src="([^"]*)"', page)]
    sample = "355555/ZeroBias/Run2022C-Express-v1/DQMIO"
    assert images == [f"/api/v1/render/{sample}/DT/{name}?w=400&h=300" for name in ("n", "map")]
    links = re.findall(r'<figcaption>.*?href="([^"]*)"', page, re.S)
    assert [unquote(link) for link in links] == [f"/browse/{sample}/DT?plot=DT/{name}" for name in ("n", "map")]
    for link in links:
        assert "Plot" in read(client, html.unescape(link))


def test_a_file_that_is_gone_is_a_sentence_and_no_broken_picture(client: FlaskClient, site: Site) -> None:
    site.configure(n=COUNT)
    (file,) = site.add(V1)
    site.extract(file)
    file.unlink()
    page = read(client, point("n", 355555))
    assert "<img" not in page
    assert "The file of run 355555 of /ZeroBias/Run2022C-Express-v1/DQMIO cannot be read" in words(page)


@pytest.mark.both_databases
def test_the_facts_of_the_run_are_beside_the_point(client: FlaskClient, site: Site, hub: object) -> None:
    client.application.config["HUB"] = site.settings.replace(runs_oms_url="http://127.0.0.1:1", runs_rr_url="http://127.0.0.1:1")
    site.configure(n=COUNT)
    site.extract(*site.add(V1))
    store.enroll([355555])
    RunRecord.update(
        oms_state=KNOWN,
        rr_state=KNOWN,
        oms_at=time.time() - 7200,
        start=1683194400.0,
        end=1683203400.0,
        fill=8736,
        run_class="Collisions23",
        recorded_lumi=174.6,
        energy=6800.0,
        b_field=3.8,
        duration=9000.0,
    ).execute()
    text = words(read(client, point("n", 355555)))
    for fact in ("2023-05-04 12:00:00", "Fill 8736", "174.6 /pb", "6,800 GeV", "3.8 T", "2 h 30 min", "Class Collisions23"):
        assert fact in text
    assert "Significance here yes: The recorded luminosity is at least 0.1 /pb." in text
    assert "OMS: fetched 2 h ago" in text


def test_a_point_links_to_its_run_in_oms_and_run_registry(client: FlaskClient, site: Site) -> None:
    site.configure(n=COUNT)
    site.extract(*site.add(V1))
    page = html.unescape(read(client, point("n", 355555)))
    assert "https://cmsoms.cern.ch/cms/runs/report?cms_run=355555" in page
    assert "run_number=355555" in page


@pytest.mark.both_databases
def test_a_point_links_to_its_run_in_dqm2(client: FlaskClient, site: Site) -> None:
    site.configure(n=COUNT)
    site.extract(*site.add(V1))
    assert "/square/runs/355555" not in read(client, point("n", 355555))
    Run.create(system="production", run=355555, first=1.0, last=2.0, jobs=0, version=1)
    assert '<a href="/square/runs/355555">DQM^2 (Production)</a>' in read(client, point("n", 355555))


@pytest.mark.both_databases
def test_a_quantity_of_runs_is_a_point_like_others(client: FlaskClient, site: Site) -> None:
    store.enroll([355555])
    RunRecord.update(oms_state=KNOWN, delivered_lumi=12.5).execute()
    assert "12.5 /pb" in words(read(client, "/trends/point?series=oms/delivered_lumi&run=355555"))
    assert "has no value of run 355555" in words(read(client, "/trends/point?series=oms/energy&run=355555"))


@pytest.mark.parametrize(
    ("query", "status"), [("series=DT/n/ZeroBias/Express", 400), ("series=DT&run=1", 400), ("series=A/b/c/d&run=1", 404)]
)
def test_a_point_that_cannot_be_is_an_error_that_says_why(client: FlaskClient, site: Site, query: str, status: int) -> None:
    read(client, f"/trends/point?{query}", status)


@pytest.mark.both_databases
def test_a_chosen_point_is_in_the_address_of_its_chart(client: FlaskClient, site: Site) -> None:
    site.configure(n=COUNT)
    site.extract(*site.add(V1))
    current = "http://127.0.0.1:8889/trends/chart?series=DT/n/ZeroBias/Express&run=1&x=time"
    answer = client.get(point("n", 355555), headers=HTMX | {"HX-Current-URL": current})
    assert unquote(answer.headers["HX-Replace-Url"]) == "/trends/chart?series=DT/n/ZeroBias/Express&x=time&run=355555"
    assert "<html" not in answer.text
    assert "HX-Replace-Url" not in client.get(point("n", 355555), headers=HTMX | {"HX-Current-URL": "http://127.0.0.1:8889/trends"}).headers


@pytest.mark.parametrize("current", ["http://[", "http://127.0.0.1]/trends/chart", "//[x]y/trends"])
def test_a_point_is_shown_whatever_page_the_browser_says_that_it_shows(client: FlaskClient, site: Site, current: str) -> None:
    site.configure(n=COUNT)
    site.extract(*site.add(V1))
    assert "100 ± 10" in words(read(client, point("n", 355555), **HTMX, **{"HX-Current-URL": current}))
