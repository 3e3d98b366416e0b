"""The list of failing quality tests over all datasets of a run; right values are those of uproot."""

from __future__ import annotations

import html
import re
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from app.gui.files import register
from app.gui.files.entries import Entry
from app.gui.models import Sample
from app.gui.pages import failing_mes
from tests.gui.pages.test_failing import HTMX, demo_file, in_words, read, rows, words
from tests.support.processes import until
from tests.support.queries import queries
from tests.support.uproot_mes import WORST, read_failing

MUON, ZERO_BIAS = "/Muon/Run2023C-Demo-v1/DQMIO", "/ZeroBias/Run2023C-Demo-v1/DQMIO"


def run_page(client: FlaskClient, run: int) -> str:
    """The page of a run once all its files are read."""
    until(lambda: "being read" not in read(client, f"/runs/{run}/failing"), "the files of the run")
    return read(client, f"/runs/{run}/failing")


def test_the_list_of_a_run_has_the_failing_tests_of_all_its_datasets(client: FlaskClient, demo_files: list[Path]) -> None:
    page = run_page(client, 367129)
    found = {name: read_failing(demo_file(demo_files, f"367129{name.replace('/', '__')}")) for name in (MUON, ZERO_BIAS)}
    expected = sorted((WORST.index(me.status), me.path.encode(), name) for name, listed in found.items() for me in listed)
    assert [path for path, _ in rows(page)] == [path.decode() for _, path, _ in expected]
    assert re.findall(r'data-label="Dataset"><a href="/browse/367129([^"?]*)\?failing=1"', page) == [name for _, _, name in expected]
    assert f"All datasets: {in_words([me for listed in found.values() for me in listed])}" in words(page)
    for name, listed in found.items():
        assert f"{name} {in_words(listed)}" in words(page)
    assert "hx-get" not in page, "nothing changes, so nothing is polled"
    assert 'href="/runs/367129/failing"' in read(client, f"/browse/367129{MUON}")


def test_the_list_of_a_run_names_datasets_that_cannot_be_read_and_polls_for_those_to_come(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    register.register([Entry("/A/B/C", 367129, 0, "/nowhere/missing.root", "tdirectory")])
    assert "/A/B/C no list missing.root is in none of the folders that may be read" in words(run_page(client, 367129))
    monkeypatch.setattr(failing_mes, "LOOKUP_S", -1.0)
    client.application.extensions["failing"].found.clear()
    page = read(client, "/runs/367129/failing")
    assert words(page).count("being read") == 3
    poll = re.search(r'data-poll hx-get="([^"]*)" hx-trigger="every 1s, shown"', page)
    assert poll
    read(client, html.unescape(poll[1]), 204, **HTMX)
    monkeypatch.setattr(failing_mes, "LOOKUP_S", 1000.0)
    until(lambda: client.get(html.unescape(poll[1]), headers=HTMX).status_code == 200, "something new")


def test_a_run_without_datasets_is_not_found(client: FlaskClient) -> None:
    assert "No dataset of run 5 is registered" in words(read(client, "/runs/5/failing", 404))


def test_the_list_of_a_run_takes_one_query_of_its_samples_however_many_datasets_it_has(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(failing_mes, "CHECK_S", 1000.0)
    register.register([Entry(f"/A/B{number}/C", 367129, 0, f"/nowhere/{number}.root", "tdirectory") for number in range(20)])
    assert words(run_page(client, 367129)).count("in none of the folders that may be read") == 20
    made = queries(lambda: read(client, "/runs/367129/failing?since=other", **HTMX))
    assert len([query for query in made if '"sample"' in query]) == 1


@pytest.mark.both_databases
def test_datasets_with_lumisections_alone_are_in_the_list_of_their_run(client: FlaskClient, demo_files: list[Path]) -> None:
    file = demo_file(demo_files, "__StreamExpress__")
    register.register([Entry(name, 367131, 5, str(file), "dqmio") for name in ("/A/B/C", "/A/B/D")])
    Sample.update(run=5).where(Sample.lumi == 5).execute()
    page = run_page(client, 5)
    assert re.findall(r'<li><a href="(/browse/[^"?]*)[^"]*">([^<]*)</a>', page) == [
        ("/browse/5:5/A/B/C", "/A/B/C, lumisection 5"),
        ("/browse/5:5/A/B/D", "/A/B/D, lumisection 5"),
    ]
    sample_page = client.get("/browse/5:5/A/B/C").text
    assert 'href="/runs/5/failing">Failing tests of all datasets' in sample_page
