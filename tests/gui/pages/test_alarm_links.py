"""Links between alarms and the plots that they are about."""

from __future__ import annotations

import re
from html import unescape

import pytest
from flask.testing import FlaskClient

from app.core.settings import Settings
from app.gui.layouts.importing.bulk_import import import_all
from app.gui.layouts.layout import Layout, PlotCell
from tests.alarms.pages import seed
from tests.gui.pages.pages import COSMICS, read, words

RUN, DATASET = int(COSMICS.split("/")[2]), "/" + COSMICS.split("/", 3)[3]
FIRST, SECOND = (f"PixelPhase1/Tracks/PXBarrel/charge_PXLayer_{layer}" for layer in (1, 2))
NUMBER = "EcalBarrel/EventInfo/reportSummary"


@pytest.fixture(autouse=True)
def layouts(hub: Settings) -> None:
    import_all(
        [
            Layout("00 Shift/Errors/A", ("offline",), ((PlotCell(FIRST), PlotCell(SECOND, "Look at the mean")),)),
            Layout("00 Shift/Errors too", ("offline",), ((PlotCell(FIRST),),)),
        ]
    )


@pytest.mark.parametrize("place", ["00 Shift/Errors", "00 Shift/Errors/A"])
def test_the_link_of_an_alarm_opens_the_plot_in_the_layout_below_the_folder_of_its_rule(client: FlaskClient, place: str) -> None:
    rule = seed.rule(place_kind="layout", place=place, dataset=DATASET)
    seed.alarm(rule, SECOND, run=RUN)
    notice = seed.notice(rule, run=RUN, subjects=f'[{{"subject": "{SECOND}", "detail": "", "is_new": true}}]')
    for source in ("/alarms", f"/alarms/notices/{notice.id}"):
        addresses = re.findall(r'href="(/browse/[^"]*plot=[^"]*)"', client.get(source).text)
        assert addresses
        page = words(read(client, unescape(addresses[0])))
        assert "2 of 2" in page
        assert "Look at the mean" in page


def test_a_plot_that_no_layout_of_the_rule_shows_any_more_opens_at_the_place_of_the_rule(client: FlaskClient) -> None:
    seed.alarm(seed.rule(place_kind="layout", place="00 Shift/Errors", dataset=DATASET), NUMBER, run=RUN)
    assert f'href="{COSMICS}/00%20Shift/Errors?plot={NUMBER.replace("/", "%2F")}"' in client.get("/alarms").text


def test_the_page_of_a_number_names_its_alarms_and_offers_no_trend(client: FlaskClient) -> None:
    rule = seed.rule(dataset=DATASET)
    page = read(client, f"{COSMICS}?plot={NUMBER}")
    assert "Alarm since" not in page
    seed.alarm(rule, NUMBER, run=RUN)
    page = read(client, f"{COSMICS}?plot={NUMBER}")
    assert "Alarm since" in page
    assert "Trend of this" not in page
    assert "Trend of this" in read(client, f"{COSMICS}?plot={FIRST}")
