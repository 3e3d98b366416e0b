"""What holds for every page: errors, reports, the policy of the content, addresses of assets and behind a prefix."""

from __future__ import annotations

import html
import re

import pytest
from flask.testing import FlaskClient

from app import create_app
from app.core.settings import Settings
from tests.gui.pages.pages import COSMICS, HTMX, read, words


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        (f"{COSMICS}/Nowhere", "has no folder Nowhere"),
        ("/browse/367140/A/B/C", "There is no run 367140 of /A/B/C; run 367140 has /Cosmics/Run2023C-Demo-v1/DQMIO"),
        ("/browse/5", "The address of a sample is /browse/<run>"),
        ("/help/nothing", "There is no help on nothing; topics: gui"),
    ],
)
def test_errors_of_missing_things_name_existing_ones(client: FlaskClient, address: str, expected: str) -> None:
    page = read(client, address, 404)
    assert expected in words(page)
    assert "Report a problem" in page
    assert "<html" not in read(client, address, 404, **HTMX)


def test_a_report_names_instance_version_address_and_run(client: FlaskClient) -> None:
    page = read(client, f"{COSMICS}/EcalBarrel?size=l")
    link = re.search(r'href="(/help/report\?from=[^"]*)"', page)
    assert link
    report = html.unescape(read(client, html.unescape(link[1])))
    assert "Instance: Test (127.0.0.1:8889)" in report
    assert f"Address: http://127.0.0.1:8889{COSMICS}/EcalBarrel?size=l" in report
    assert "Run: 367140 of /Cosmics/Run2023C-Demo-v1/DQMIO" in report


@pytest.mark.parametrize(
    "target", ["//evil.example/", "https://evil.example/", "javascript:alert(1)", "/\\evil.example", "/\t/evil.example"]
)
def test_a_report_leads_back_to_this_site_only(client: FlaskClient, target: str) -> None:
    page = client.get("/help/report", query_string={"from": target}).text
    assert 'href="/">Back to the page' in page


@pytest.mark.parametrize("address", ["/", COSMICS, f"{COSMICS}/EcalBarrel/EventInfo", "/help", "/help/gui", "/help/report", "/status"])
def test_pages_comply_with_the_content_security_policy(client: FlaskClient, address: str) -> None:
    page = client.get(address).text
    assert not re.search(r"\sstyle=|\son[a-z]+=|hx-on|<style|javascript:", page)
    assert all(" src=" in script for script in re.findall(r"<script[^>]*>", page))
    assert not re.search(r"""(?:src|href|action)="(?:https?:)?//""", page), "nothing is loaded from another site"


def test_assets_have_versioned_addresses_and_are_cached_for_a_year(client: FlaskClient) -> None:
    page = read(client, "/")
    style = re.search(r'href="(/bundles/web.css\?v=[0-9a-f]+)"', page)
    assert style
    with client.get(style[1]) as answer:
        assert "max-age=31536000" in answer.headers["Cache-Control"]


def test_with_a_url_prefix_every_address_of_a_page_has_it(hub: Settings) -> None:
    app = create_app(hub.replace(url_prefix="/dqm/hub"))
    for address in [
        "/",
        COSMICS,
        f"{COSMICS}/EcalBarrel/EventInfo",
        f"{COSMICS}?plot=DT/EventInfo/reportSummaryMap",
        f"{COSMICS}?failing=1",
        "/runs/367129/failing",
        "/help/gui",
        "/status",
    ]:
        answer = app.test_client().get(f"/dqm/hub{address}", base_url="http://127.0.0.1:8889")
        assert answer.status_code == 200
        found = re.findall(r'\s(?:href|src|action|hx-get)="([^"]*)"', answer.text)
        assert len(found) > 5
        assert [link for link in found if not link.startswith(("/dqm/hub/", "#"))] == []


MAP = "EcalBarrel/EventInfo/reportSummaryMap"


@pytest.mark.parametrize(
    "address",
    [
        f"{COSMICS}/EcalBarrel/EventInfo",
        f"{COSMICS}/EcalBarrel?q=EventInfo",
        f"{COSMICS}/EcalBarrel?failing=1",
        f"{COSMICS}/EcalBarrel/EventInfo?plot={MAP}&table=1&ref=367129",
        f"{COSMICS}/EcalBarrel/EventInfo?mark={MAP}&show=marked",
        f"{COSMICS}/EcalBarrel/EventInfo?show=marked",
        f"{COSMICS}/EcalBarrel/EventInfo?slide=5",
        "/runs/367140/failing",
        "/?run=3671",
    ],
)
def test_a_key_has_one_meaning_on_a_page(client: FlaskClient, address: str) -> None:
    keys = re.findall(r'\sdata-key="([^"]*)"', read(client, address))
    assert sorted(keys) == sorted(set(keys))


def test_from_marked_plots_the_key_u_leads_back_to_their_list(client: FlaskClient) -> None:
    page = read(client, f"{COSMICS}/EcalBarrel/EventInfo?mark={MAP}&show=marked")
    [link] = re.findall(r'data-key="u"\s+href="([^"]*)"', page)
    assert link.startswith(f"{COSMICS}/EcalBarrel/EventInfo?mark=")
    assert "show=" not in link
