"""A view with a long address has a short link: the same view the same link, and nothing but views."""

from __future__ import annotations

import html
import re

import pytest
from flask.testing import FlaskClient

from app.gui.addresses import MAX_ADDRESS
from app.gui.models import ShortLink
from app.gui.short_links import DAY_S, LONG_ADDRESS, MAX_LINKS, ROOM
from tests.gui.pages.pages import ZERO_BIAS, read

FOLDER = f"/browse/367129{ZERO_BIAS}/EcalBarrel/EBTimingTask"
LONG = (
    f"{FOLDER}?"
    + "&".join(f"ref=367100&label{number}={'x' * 198}{number}" for number in range(1, 10))
    + "&compare=stacked&size=l&ytype=log"
)


def fill_the_table(count: int) -> None:
    """Links made one after the other: link1, link2, ..."""
    numbers = f"WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < {count})"
    rows = f"{numbers} SELECT 'link' || n, '/browse/1/A/B/C?page=' || n, n, n FROM numbers"
    ShortLink._meta.database.execute_sql(f"INSERT INTO short_link (name, address, created, used) {rows}")


def made(client: FlaskClient, address: str) -> str:
    """The short link to an address, as the page shows it."""
    answer = client.post("/s", data={"address": address})
    assert answer.status_code == 200, answer.text
    found = re.search(r'id="short-link" value="([^"]*)"', answer.text)
    assert found
    return html.unescape(found[1])


def test_a_long_address_has_a_button_that_makes_a_short_link_to_the_same_view(client: FlaskClient) -> None:
    assert len(FOLDER) < LONG_ADDRESS < len(LONG)
    assert 'action="/s"' not in read(client, FOLDER)
    button = re.search(r'action="/s"><input type="hidden" name="address" value="([^"]*)"', read(client, LONG))
    assert button
    link = made(client, html.unescape(button[1]))
    assert len(link) < 60
    answer = client.get(link.removeprefix("http://127.0.0.1:8889"))
    assert answer.status_code == 302
    assert answer.location == html.unescape(button[1])


@pytest.mark.parametrize(
    ("query", "status"), [("plot=Not/There", 404), ("failing=1", 200), ("slide=5", 200), (f"mark={'y' * 300}&show=marked", 200)]
)
def test_every_page_of_a_view_with_a_long_address_has_the_button(client: FlaskClient, query: str, status: int) -> None:
    page = read(client, f"{LONG}&{query}", status)
    (address,) = re.findall(r'action="/s"><input type="hidden" name="address" value="([^"]*)"', page)
    assert made(client, html.unescape(address)) == made(client, f"{LONG}&{query}")


def test_the_same_view_has_the_same_link_however_it_is_written(client: FlaskClient) -> None:
    link = made(client, f"{FOLDER}?size=l&ytype=log&ref=367100")
    assert made(client, f"{FOLDER}?ref=367100&label1=&ytype=log&size=l&compare=overlay") == link
    assert made(client, f"http://127.0.0.1:8889{FOLDER}?size=l&ytype=log&ref=367100") == link
    assert made(client, f"{FOLDER}?size=l&ytype=log&ref=367101") != link
    assert ShortLink.select().count() == 2


@pytest.mark.parametrize(
    "address",
    [
        "",
        "/",
        "/account/audit",
        "//evil.example/browse/1/A/B/C",
        "https://evil.example/browse/1/A/B/C",
        "/browse/x",
        "/browse/1/A",
        f"{FOLDER}?next=//evil",
    ],
)
def test_a_link_to_anything_but_a_view_is_refused(client: FlaskClient, address: str) -> None:
    answer = client.post("/s", data={"address": address})
    assert answer.status_code == 400
    assert ShortLink.select().count() == 0


def test_a_longer_address_than_browsers_can_open_is_refused_with_the_limit(client: FlaskClient) -> None:
    answer = client.post("/s", data={"address": f"{FOLDER}?q={'x' * MAX_ADDRESS}"})
    assert answer.status_code == 400
    assert f"at most {MAX_ADDRESS:,} are possible" in answer.text


def test_the_length_of_an_address_is_checked_before_its_fields_are_read(client: FlaskClient) -> None:
    unknown = "&".join(f"unknown{number}=1" for number in range(1000))
    answer = client.post("/s", data={"address": f"{FOLDER}?{unknown}"})
    assert answer.status_code == 400
    assert "letters; at most 8,000 are possible" in answer.text
    assert "unknown1" not in answer.text


def test_a_form_that_is_larger_than_any_address_is_not_read(client: FlaskClient) -> None:
    numbered = "&".join(f"me{number}=a&label{number}=b" for number in range(1, 1000))
    unknown = "&".join(f"x{number}=1" for number in range(10_000))
    answer = client.post("/s", data={"address": f"{FOLDER}?{numbered}&{unknown}"})
    assert answer.status_code == 413
    assert ShortLink.select().count() == 0


def test_the_longest_address_has_a_link_though_the_form_encodes_each_letter(client: FlaskClient) -> None:
    start, stop = f"{FOLDER}?plot=", "%C3%A9" * 1000
    address = start + stop + "%C3%A9" * ((MAX_ADDRESS - len(start) - len(stop)) // 6)
    assert MAX_ADDRESS - 6 < len(address) <= MAX_ADDRESS
    made(client, f"http://127.0.0.1:8889{address}")


def test_a_refused_address_names_all_wrong_fields_and_each_once(client: FlaskClient) -> None:
    answer = client.post("/s", data={"address": f"{FOLDER}?size=huge&xtype=square&status=bad"})
    assert answer.status_code == 400
    fields = re.findall(r"<li><b>(\w+)</b>: ([^<]*)</li>", answer.text)
    assert sorted(name for name, _ in fields) == ["size", "status", "xtype"]
    for _, problem in fields:
        assert answer.text.count(problem) == 1
    elsewhere = client.post("/s", data={"address": "/account/audit"}).text
    assert elsewhere.count("expected that of a page of a sample") == 1


@pytest.mark.both_databases
def test_when_there_are_too_many_links_those_make_room_that_nobody_opens(client: FlaskClient) -> None:
    fill_the_table(MAX_LINKS)
    ShortLink.update(used=ShortLink.created + DAY_S).where(ShortLink.created <= 10).execute()
    link = made(client, f"{FOLDER}?size=l")
    assert client.get(link.removeprefix("http://127.0.0.1:8889")).status_code == 302
    for number, status in ((1, 302), (10, 302), (11, 404), (10 + ROOM, 404), (11 + ROOM, 302), (MAX_LINKS, 302)):
        assert client.get(f"/s/link{number}").status_code == status, number
    assert ShortLink.select().count() == MAX_LINKS - ROOM + 1


def test_a_user_is_told_how_long_a_link_is_kept(client: FlaskClient) -> None:
    assert "deleted when nobody has opened it for 730 days" in client.post("/s", data={"address": FOLDER}).text
    assert "one that nobody opens for 730 days is deleted" in read(client, "/s/abc", 404)


def test_an_unknown_link_is_not_found(client: FlaskClient) -> None:
    assert "There is no short link abc on this instance" in read(client, "/s/abc", 404)
