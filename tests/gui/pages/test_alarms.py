"""Errors and warnings of quality tests: counted when a file is imported, shown on the home page, and listed by sample."""

from __future__ import annotations

import os
import re
import shutil
from collections import defaultdict
from collections.abc import Iterator
from html import unescape
from pathlib import Path

import pytest
import uproot
from flask.testing import FlaskClient

from app.core.settings import Settings
from app.gui.catalog.alarms import Alarms, alarms_of, count_missing
from app.gui.models import Sample
from tests.support.upgrades import upgraded_database

pytestmark = pytest.mark.slow

DATASET = "/ZeroBias/Run2023C-Demo-v1/DQMIO"
RUN = 400000
BROWSE = f"/browse/{RUN}{DATASET}"
CODES = {"error": "300", "warning": "200"}


def failing_mes(file: Path) -> dict[str, set[str]]:
    """The MEs by the worst code of their quality tests, 300 before 200, as uproot reads their keys `<ME.test>qr=st:code:...`."""
    codes: dict[str, set[str]] = defaultdict(set)
    with uproot.open(file) as opened:
        for key in opened.keys(cycle=False):
            if test := re.fullmatch(r"DQMData/Run \d+/([^/]+)/Run summary/((?:[^<]*/)?)<(.*)\.[^.>]*>qr=st:(\d+):.*", key):
                codes[f"{test[1]}/{test[2]}{test[3]}"].add(test[4])
    errors = {me for me, found in codes.items() if "300" in found}
    return {"error": errors, "warning": {me for me, found in codes.items() if "200" in found} - errors}


def counts_of(file: Path) -> Alarms:
    return Alarms(*map(len, failing_mes(file).values()))


def alarms_on(page: str) -> dict[str, str]:
    """The addresses by the words of the alarms in the row of the run RUN on the home page; "" without a link."""
    (row,) = re.findall(rf'<tr>\s*<th scope="row"><a [^>]*>{RUN}</a>.*?</tr>', page, re.S)
    found = re.findall(r'<(?:a|span) class="alarm [^"]*"(?: href="([^"]*)")?\s+title="([^"]*)"', row)
    return {words: unescape(address) for address, words in found}


def listed_mes(page: str) -> set[str]:
    """Folder and name of each tile of a list."""
    tiles = re.findall(r'<bdi class="name" title="([^"]*)".*?<a class="where"[^>]*><bdi>(.*?)</bdi>', page.replace("<wbr>", ""), re.S)
    return {f"{unescape(folder)}/{unescape(name)}" for name, folder in tiles}


@pytest.mark.both_databases
def test_the_home_page_counts_errors_and_warnings_of_a_run_and_leads_to_the_failing_plots(client: FlaskClient, own_file: Path) -> None:
    assert alarms_on(client.get("/").text) == {}, "nothing is known before the import"
    assert client.get(BROWSE).status_code == 200
    failing = failing_mes(own_file)
    shown = alarms_on(client.get("/").text)
    assert [*shown] == [f"{len(failing['error'])} plots with errors", f"{len(failing['warning'])} plots with warnings"]
    for address, kind in zip(shown.values(), CODES, strict=True):
        page = client.get(address).text
        assert listed_mes(page) == failing[kind]
        assert f"{len(failing[kind])} plots with {kind}s" in page


def test_a_search_among_failing_plots_keeps_those_with_all_words(client: FlaskClient, own_file: Path) -> None:
    failing = failing_mes(own_file)["warning"]
    word = min(failing).rpartition("/")[2][:12]
    assert listed_mes(client.get(f"{BROWSE}?status=warning&q={word.upper()}").text) == {me for me in failing if word in me}
    assert "0 plots with warnings" in client.get(f"{BROWSE}?status=warning&q=nothing-like-this").text


def test_the_steps_of_a_failing_plot_go_through_the_failing_plots(client: FlaskClient, own_file: Path) -> None:
    failing = failing_mes(own_file)["error"]
    first = re.findall(r'<a class="stop" href="([^"]*plot=[^"]*)"', client.get(f"{BROWSE}?status=error").text)[0]
    assert f"1 of {len(failing)}" in client.get(unescape(first)).text


def test_a_run_without_alarms_looks_calm(client: FlaskClient, own_file: Path) -> None:
    assert client.get(BROWSE).status_code == 200
    Sample.update(errors=0, warnings=0).where(Sample.run == RUN).execute()
    page = client.get("/").text
    assert alarms_on(page) == {"0 plots with errors": "", "0 plots with warnings": ""}
    (row,) = re.findall(rf'<tr>\s*<th scope="row"><a [^>]*>{RUN}</a>.*?</tr>', page, re.S)
    assert re.findall(r'class="alarm ([^"]*)"', row) == ["alarm-none", "alarm-none"]


def test_new_data_of_a_run_replace_its_alarms(client: FlaskClient, own_file: Path, demo_files: list[Path]) -> None:
    assert client.get(BROWSE).status_code == 200
    assert alarms_of([RUN])[RUN, DATASET] == counts_of(own_file)
    other = next(file for file in demo_files if "__ZeroBias__" not in file.name and counts_of(file) not in (counts_of(own_file), (0, 0)))
    shutil.copy(other, own_file)
    os.utime(own_file, ns=(1, 1))
    assert client.get(BROWSE).status_code == 200
    assert alarms_of([RUN])[RUN, DATASET] == counts_of(other)


@pytest.mark.both_databases
def test_alarms_of_lists_from_an_older_version_are_counted_by_a_job(client: FlaskClient, own_file: Path) -> None:
    assert client.get(BROWSE).status_code == 200
    Sample.update(errors=None, warnings=None).execute()
    assert alarms_of([RUN]) == {}
    assert alarms_on(client.get("/").text) == {}
    assert count_missing() == 1
    assert alarms_of([RUN]) == {(RUN, DATASET): counts_of(own_file)}
    assert count_missing() == 0


OLD_ROWS = (
    "INSERT INTO dataset (id, name) VALUES (1, '/A/B/C')",
    "INSERT INTO file (id, url, format, state, error, tried, unreadable, registered) VALUES (1, '/f', 'dqmio', 'new', '', '', 0, 1)",
    "INSERT INTO sample (dataset_id, run, lumi, file_id, version, first) VALUES (1, 5, 0, 1, 3, TRUE)",
)


@pytest.fixture(params=["sqlite", "postgresql"])
def upgraded(request: pytest.FixtureRequest, settings: Settings) -> Iterator[None]:
    with upgraded_database(request, settings, "0023_control", OLD_ROWS):
        yield


@pytest.mark.slow
def test_an_upgrade_keeps_samples_without_alarms(upgraded: None) -> None:
    sample = Sample.get()
    assert (sample.run, sample.version, sample.errors, sample.warnings) == (5, 3, None, None)
    assert count_missing() == 0
