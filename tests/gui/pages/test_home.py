"""The home page without a browser: the latest runs, and the search for others."""

from __future__ import annotations

import re

import pytest
from flask.testing import FlaskClient

from app.queue import store
from tests.gui.pages.pages import HTMX, MUON, ZERO_BIAS, read, words


def test_home_lists_the_latest_runs_with_their_datasets(client: FlaskClient) -> None:
    page = read(client, "/")
    assert page.startswith("<!doctype html>")
    assert re.findall(r'scope="row"><a href="/\?run=(\d+)"', page) == ["367140", "367131", "367129", "367100", "1"]
    assert re.findall(r'class="stop" href="/browse/367129([^"]*)"', page) == [MUON, ZERO_BIAS]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("run=3671&dataset=zerob", "2 samples in 2 runs"),
        ("run=367140", "1 sample in 1 run"),
        ("dataset=nothing", "No runs found"),
        ("run=%25", "No runs found"),
    ],
)
@pytest.mark.both_databases
def test_the_search_shows_the_number_of_matching_samples(client: FlaskClient, query: str, expected: str) -> None:
    assert expected in words(read(client, f"/?{query}"))


def test_htmx_gets_the_results_alone_and_going_back_the_whole_page(client: FlaskClient) -> None:
    fragment = read(client, "/?run=367140", **HTMX)
    assert "<html" not in fragment
    assert "1 sample in 1 run" in fragment
    assert fragment.strip() in read(client, "/?run=367140")
    assert "<html" in read(client, "/?run=367140", **HTMX, **{"HX-History-Restore-Request": "true"})


def test_an_empty_hub_shows_how_to_register_files(client: FlaskClient) -> None:
    from app.gui.models import Sample

    Sample.delete().execute()
    assert "No files registered yet" in words(read(client, "/"))


def test_the_home_page_starts_no_jobs(client: FlaskClient) -> None:
    before = store.counts()
    read(client, "/")
    assert store.counts() == before
