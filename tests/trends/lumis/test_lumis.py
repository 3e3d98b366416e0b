"""Trends over the lumisections of a run, from files of their own and from differences of snapshots."""

from __future__ import annotations

import json
import re
from html import unescape

import numpy as np
import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from app.cli.files import store_entries
from app.gui.files.entries import Entry
from app.queue.models import BackgroundJob
from app.trends.configs.sources import load_all_configs
from app.trends.custom.store import COMPUTE
from app.trends.golden.store import store_golden
from app.trends.query.packed import unpack
from app.trends.versions import sync
from tests.security.conftest import HOME
from tests.trends.conftest import FILES, Site
from tests.trends.custom.conftest import SignIn
from tests.trends.custom.test_requested import Compute, words
from tests.trends.lumis.conftest import EACH, SUM
from tests.trends.lumis.write_snapshots import LUMIS, RUN, values

pytestmark = pytest.mark.slow

FORM = {"run": str(RUN), "dataset": EACH, "me": "DT/n", "metric": "basic.Mean()", "files": "1000"}


def ask(client: FlaskClient, **fields: str) -> TestResponse:
    return client.post("/trends/lumis", data=FORM | fields, headers={"Origin": HOME})


def points(client: FlaskClient, address: str) -> dict[int, tuple[float, float]]:
    """Value and error by lumisection."""
    header = unpack(client.get(f"{address}/points").data)
    (series,) = header["series"]
    lumis, found, errors = (each.tolist() for each in (header["runs"]["run"], series["values"], series["errors"]))
    return {lumi: (value, error) for lumi, value, error in zip(lumis, found, errors, strict=True) if value == value}


def mean(lumi: int) -> tuple[float, float]:
    """Mean and its error, RMS / sqrt(n), of what is filled in a lumisection."""
    filled = np.array(values(lumi))
    return float(filled.mean()), float(filled.std() / np.sqrt(len(filled)))


def flat_line(lumi: int) -> tuple[float, float]:
    """The mean of the two bins of the profile weighted with 1/e², e being RMS / sqrt(n) of each, and its error."""
    filled = np.array(values(lumi))
    bins = [filled[filled <= lumi + 0.5], filled[filled > lumi + 0.5]]
    weights = [len(part) / part.var() for part in bins]
    return float(sum(weight * part.mean() for weight, part in zip(weights, bins, strict=True)) / sum(weights)), float(sum(weights) ** -0.5)


EXPECTED = {
    ("basic.Mean()", "DT/n"): mean,
    ("basic.Count()", "DT/n"): lambda lumi: (10 * lumi, 0),
    ("basic.MaxExcursion()", "DT/n"): lambda lumi: (lumi, np.sqrt(lumi)),
    ("basic.MeanYAxis()", "DT/p"): mean,
    ("fits.FlatLine(0, 0, 2, 0)", "DT/p"): flat_line,
}
"""Value and error of a lumisection by formula, by metric and monitor element."""


@pytest.mark.parametrize(("metric", "me"), EXPECTED)
@pytest.mark.parametrize("dataset", [EACH, SUM], ids=["files of lumisections", "differences of snapshots"])
def test_each_lumisection_has_the_value_of_what_was_filled_in_it(
    lumis: Site, signed_in: SignIn, compute: Compute, metric: str, me: str, dataset: str
) -> None:
    shifter = signed_in("shifter")
    address = ask(shifter, metric=metric, me=me, dataset=dataset, differences="1" if dataset == SUM else "").location
    assert compute() == ["done"]
    found = points(shifter, address)
    assert list(found) == list(LUMIS)
    for lumi, measured in found.items():
        assert measured == pytest.approx(EXPECTED[metric, me](lumi), rel=1e-6, abs=1e-12), lumi
    page = shifter.get(address).text
    assert 'data-x="lumisection"' in page
    assert f"lumisections of run {RUN}" in words(shifter.get(address))


def test_snapshots_without_differences_have_the_sum_so_far(lumis: Site, signed_in: SignIn, compute: Compute) -> None:
    shifter = signed_in("shifter")
    address = ask(shifter, metric="basic.Count()", dataset=SUM).location
    compute()
    assert {lumi: value for lumi, (value, _) in points(shifter, address).items()} == {1: 10, 2: 30, 4: 70}


@pytest.mark.both_databases
def test_a_restarted_client_has_a_reason_in_place_of_a_negative_difference(lumis: Site, signed_in: SignIn, compute: Compute) -> None:
    fewer, more = (lumis.folder / f"sum-{lumi}.pb" for lumi in (1, 4))
    more.write_bytes(fewer.read_bytes())
    shifter = signed_in("shifter")
    address = ask(shifter, dataset=SUM, differences="1", metric="basic.Count()").location
    compute()
    assert {lumi: value for lumi, (value, _) in points(shifter, address).items()} == {1: 10, 2: 20}
    assert "fewer entries than in the lumisection before: its client was restarted" in words(shifter.get(address))


@pytest.mark.both_databases
def test_a_golden_json_restricts_the_lumisections(lumis: Site, signed_in: SignIn, compute: Compute) -> None:
    golden = store_golden(json.dumps({str(RUN): [[2, 3], [4, 9]], "1": [[1, 1]]}).encode()).hash
    shifter = signed_in("shifter")
    address = ask(shifter, dataset=SUM, differences="1", metric="basic.Count()", golden=golden[:12]).location
    compute()
    assert {lumi: value for lumi, (value, _) in points(shifter, address).items()} == {2: 20, 4: 40}, "differences from all files"
    assert "1 lumisection is not in the golden JSON." in words(shifter.get(address))
    other = store_golden(b'{"1": [[1, 1]]}').hash
    address = ask(shifter, golden=other).location
    compute()
    assert points(shifter, address) == {}
    assert f"Run {RUN} of {EACH} has no files of lumisections that match." in words(shifter.get(address))


def test_the_limit_of_files_leaves_out_the_last_lumisections(lumis: Site, signed_in: SignIn, compute: Compute) -> None:
    shifter = signed_in("shifter")
    address = ask(shifter, files="2").location
    compute()
    assert list(points(shifter, address)) == [1, 2]
    assert "The last file is left out: the limit is 2." in words(shifter.get(address))


@pytest.mark.both_databases
def test_a_run_without_files_of_lumisections_says_so(lumis: Site, signed_in: SignIn, client: FlaskClient) -> None:
    lumis.register(*lumis.add(next(iter(FILES))))
    whole = "/ZeroBias/Run2022C-Express-v1/DQMIO"
    sentence = f"Run {RUN} of {whole} has no files of lumisections: its file has the sum of the whole run alone"
    assert sentence in words(client.get("/trends/lumis", query_string=FORM | {"dataset": whole}))
    answer = ask(signed_in("shifter"), dataset=whole)
    assert answer.status_code == 400
    assert sentence in words(answer)
    assert BackgroundJob.select().where(BackgroundJob.kind == COMPUTE).count() == 0


def test_a_run_without_any_file_is_not_said_to_have_one(lumis: Site, client: FlaskClient) -> None:
    page = words(client.get("/trends/lumis", query_string=FORM | {"run": "1"}))
    assert f"There is no file of run 1 of {EACH}" in page
    assert "the sum of the whole run" not in page


WRONG: list[tuple[dict[str, str], str]] = [
    ({"run": "x"}, "Expected the number of a run"),
    ({"run": "1"}, f"There is no file of run 1 of {EACH}"),
    ({"dataset": "/a/b/c"}, "There is no dataset /a/b/c"),
    ({"golden": "0123456789ab"}, "There is no golden JSON 0123456789ab"),
    ({"metric": "basic.Maen()"}, "the nearest is basic.Mean"),
    ({"files": "-1"}, "Expected a whole number from 1 to 1,000"),
]


def test_each_wrong_field_is_named_with_what_would_be_right(lumis: Site, signed_in: SignIn) -> None:
    shifter = signed_in("shifter")
    for fields, problem in WRONG:
        answer = ask(shifter, **fields)
        assert answer.status_code == 400, fields
        assert problem in words(answer), fields


def test_the_configured_trends_that_files_of_lumisections_have_are_listed(lumis: Site, client: FlaskClient) -> None:
    lumis.configure(n="basic.Mean() DT/n", profile="basic.MeanYAxis() DT/p", absent="basic.Mean() DT/other")
    sync(load_all_configs(lumis.settings))
    client.get(f"/browse/{RUN}:1{EACH}")  # the list of the file is read by the first page that shows it
    page = client.get("/trends/lumis", query_string={"run": RUN, "dataset": EACH})
    assert re.findall(r"<bdi>(DT/\w+)</bdi>", page.text) == ["DT/n", "DT/profile"]
    assert "3 lumisections with files, from 1 to 4." in words(page)
    assert re.findall(r"<bdi>(DT/\w+)</bdi>", client.get("/trends/lumis", query_string=FORM | {"search": "PROF"}).text) == ["DT/profile"]
    address = unescape(re.search(r'href="([^"]*)"><bdi>DT/profile', page.text)[1])
    assert 'name="metric" type="text" value="basic.MeanYAxis()"' in client.get(address).text


@pytest.mark.both_databases
def test_the_plot_of_a_run_with_lumisections_leads_to_its_trend_over_them(lumis: Site, client: FlaskClient) -> None:
    client.get(f"/browse/{RUN}:1{EACH}")
    page = client.get(f"/browse/{RUN}:1{EACH}", query_string={"plot": "DT/n"}).text
    address = unescape(re.search(r'href="([^"]*)">Over lumisections', page)[1])
    assert 'name="me" type="text" value="DT/n"' in client.get(address).text


@pytest.mark.both_databases
def test_a_point_of_a_configured_trend_leads_to_the_lumisections_of_its_run(lumis: Site, client: FlaskClient) -> None:
    lumis.configure(n="basic.BinCount(2) DT/n")
    lumis.extract(*lumis.add(*list(FILES)[:1], list(FILES)[2]))
    dataset = "/ZeroBias/Run2022C-Express-v1/DQMIO"
    store_entries([Entry(dataset, RUN, 3, str(lumis.folder / "each-1.pb"), "protobuf")])
    point = client.get("/trends/point", query_string={"series": "DT/n/ZeroBias/Express", "run": RUN}).text
    address = unescape(re.search(r'href="([^"]*)">Over lumisections of this run', point)[1])
    form = client.get(address).text
    assert f'name="dataset" type="text" value="{dataset}"' in form
    assert 'name="metric" type="text" value="basic.BinCount(2)"' in form
    other = client.get("/trends/point", query_string={"series": "DT/n/ZeroBias/Express", "run": RUN + 1})
    assert other.status_code == 200
    assert "Over lumisections" not in other.text, "that run has no files of lumisections"
