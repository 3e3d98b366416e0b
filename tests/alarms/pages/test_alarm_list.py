"""The list of alarms, and what shifters do there."""

from __future__ import annotations

import re
import time
from datetime import datetime, timedelta

import pytest
from flask.testing import FlaskClient

from app.alarms.models import ACKNOWLEDGED, RECOVERED, AlarmMute, AlarmRule, PlotAlarm
from app.alarms.reading import open_mutes
from app.core.zones import CERN
from app.security.models import Audit
from tests.alarms.pages import seed
from tests.alarms.pages.conftest import Browse

POLL = {"HX-Request": "true", "HX-Target": "alarms"}


def swiss(hours: float) -> str:
    """A time ahead as the form has it."""
    return (datetime.now(CERN) + timedelta(hours=hours)).strftime("%Y-%m-%dT%H:%M")


def subjects(text: str) -> list[str]:
    """The plots of the rows of a page, in their order."""
    return [found.replace("<wbr>", "") for found in re.findall(r'<a class="stop" href="[^"]*"><bdi>(.*?)</bdi>', text)]


def test_alarms_that_nobody_acknowledged_come_first_and_errors_before_warnings(client: FlaskClient) -> None:
    known, warnings, errors = seed.rule("Known"), seed.rule("Warnings"), seed.rule("Errors")
    seed.alarm(known, "Pixel/known", state=ACKNOWLEDGED)
    seed.alarm(warnings, "Pixel/warning", is_error=False)
    seed.alarm(errors, "Pixel/error")
    seed.alarm(errors, "Pixel/gone", state=RECOVERED, recovered=time.time())
    page = client.get("/alarms").text
    assert subjects(page) == ["Pixel/error", "Pixel/warning", "Pixel/known"]
    assert page.index("Pixel/gone") > page.index("Recovered in the last 24 hours") > page.index("Pixel/known")


def test_texts_of_the_data_are_never_markup(client: FlaskClient) -> None:
    seed.alarm(seed.rule(seed.HOSTILE), f"Pixel/{seed.HOSTILE}")
    page = client.get("/alarms").text
    assert "<img" not in page
    assert page.count("&lt;img") >= 3


def test_a_link_leads_to_the_plot_as_the_layout_or_workspace_of_the_rule_shows_it(client: FlaskClient) -> None:
    seed.alarm(seed.rule("Folder", place="Pixel"), "Pixel/a#b")
    seed.alarm(seed.rule("Layout", place_kind="layout", place="00 Shift/Errors"), run=7)
    seed.alarm(seed.rule("Workspace", place_kind="workspace", place="Pixel & more"), "")
    page = client.get("/alarms").text.replace("&amp;", "&")
    assert 'href="/browse/0/Global/Online/ALL/Pixel?plot=Pixel%2Fa%23b"' in page
    assert 'href="/browse/7/Global/Online/ALL/00%20Shift/Errors?plot=Pixel%2FCharge%2Fcharge_PXLayer_1"' in page
    assert 'href="/browse/0/Global/Online/ALL?ws=Pixel+%26+more"' in page


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", {"a", "b", "c", "d"}),
        ("subsystem=pixel", {"a", "b", "c"}),
        ("state=unacknowledged", {"a", "d"}),
        ("state=acknowledged", {"b"}),
        ("state=muted", {"c"}),
        ("state=muted&subsystem=Hcal", set()),
    ],
)
def test_the_list_is_limited_to_a_subsystem_and_a_state(client: FlaskClient, query: str, expected: set[str]) -> None:
    pixel, hcal = seed.rule(), seed.rule("Hcal", subsystem="Hcal")
    seed.alarm(pixel, "a")
    seed.alarm(pixel, "b", state=ACKNOWLEDGED)
    seed.alarm(pixel, "c")
    seed.alarm(hcal, "d")
    now = time.time()
    AlarmMute.create(rule=pixel, subject="c", begins=now - 1, ends=now + 3600, reason="repair", user="ann")
    assert set(subjects(client.get(f"/alarms?{query}").text)) == expected


def test_a_wrong_field_of_the_address_is_named_and_left_out(client: FlaskClient) -> None:
    seed.alarm(seed.rule())
    page = client.get("/alarms?state=loud&nothing=1").text
    assert "is none of unacknowledged, acknowledged, muted" in page.replace("&#39;", "'")
    assert "no such field" in page
    assert subjects(page) == [seed.PLOT]


def test_a_rule_with_many_alarms_shows_the_first_and_all_of_them_alone(client: FlaskClient) -> None:
    rule = seed.rule()
    for number in range(25):
        seed.alarm(rule, f"Pixel/{number:02}")
    AlarmRule.update(more=3).execute()
    page = client.get("/alarms").text
    assert len(subjects(page)) == 20
    assert "Show all 25 alarms of this rule" in page
    assert "3 more plots break this rule" in page
    assert len(subjects(client.get(f"/alarms?rule={rule.id}").text)) == 25


def test_a_poll_has_no_content_until_something_changes(client: FlaskClient) -> None:
    rule = seed.rule()
    alarm = seed.alarm(rule)
    poll = re.search(r'hx-get="([^"]*)"', client.get("/alarms").text)
    assert poll
    assert client.get(poll[1], headers=POLL).status_code == 204
    seed.change(alarm, detail="too low")
    answer = client.get(poll[1], headers=POLL)
    assert "too low" in answer.text
    assert "<html" not in answer.text


def test_a_mute_that_ends_is_news_for_a_poll(client: FlaskClient) -> None:
    rule, now = seed.rule(), time.time()
    seed.alarm(rule)
    mute = AlarmMute.create(rule=rule, begins=now - 10, ends=now + 3600, reason="repair", user="ann")
    poll = re.search(r'hx-get="([^"]*)"', client.get("/alarms").text)
    assert poll
    AlarmMute.update(ends=now - 1).where(AlarmMute.id == mute.id).execute()
    assert client.get(poll[1], headers=POLL).status_code == 200


def test_a_shifter_acknowledges_the_ticked_alarms_with_a_note_and_takes_it_back(browse: Browse) -> None:
    shifter, rule = browse("shifter"), seed.rule()
    first, second, third = (seed.alarm(rule, name) for name in "abc")
    answer = shifter.post("/alarms/acknowledge?state=unacknowledged", data={"alarm": [first.id, second.id], "note": "known since noon"})
    assert (answer.status_code, answer.location) == (303, "/alarms?state=unacknowledged")
    page = shifter.get("/alarms").text
    assert page.count("known since noon") == 2
    assert subjects(shifter.get("/alarms?state=unacknowledged").text) == ["c"]
    shifter.post("/alarms/unacknowledge", data={"alarm": first.id})
    assert set(subjects(shifter.get("/alarms?state=unacknowledged").text)) == {"a", "c"}
    assert third.note == ""


def test_all_shown_alarms_are_acknowledged_at_once_and_no_later_one(browse: Browse) -> None:
    shifter, rule = browse("shifter"), seed.rule()
    shown = [seed.alarm(rule, name).id for name in "ab"]
    later = seed.alarm(rule, "c")
    shifter.post("/alarms/acknowledge", data={"shown": shown, "all": "1"})
    assert [row.subject for row in PlotAlarm.select().where(PlotAlarm.state != ACKNOWLEDGED)] == [later.subject]


def test_nothing_selected_is_said(browse: Browse) -> None:
    answer = browse("shifter").post("/alarms/acknowledge", data={"note": "x"})
    assert answer.status_code == 400
    assert "No alarm is selected" in answer.text


def test_a_shifter_mutes_one_alarm_or_the_whole_rule_until_a_time_and_ends_that(browse: Browse) -> None:
    shifter, rule = browse("shifter"), seed.rule()
    first = seed.alarm(rule, "a")
    seed.alarm(rule, "b")
    form = {"rule": rule.id, "until": swiss(2), "reason": "repair of the crate"}
    assert shifter.post("/alarms/mute", data=form | {"alarm": first.id}).status_code == 303
    assert subjects(shifter.get("/alarms?state=muted").text) == ["a"]
    assert shifter.post("/alarms/mute", data=form | {"whole": "1"}).status_code == 303
    page = shifter.get("/alarms?state=muted").text
    assert subjects(page) == ["a", "b"]
    assert "repair of the crate" in page
    for mute in open_mutes():
        assert shifter.post(f"/alarms/mutes/{mute.number}/end").status_code == 303
    assert subjects(shifter.get("/alarms?state=muted").text) == []


@pytest.mark.parametrize("until", ["", "soon", "2020-01-01T00:00", "2099-01-01T00:00"])
def test_a_mute_needs_an_end_that_is_ahead_and_not_far(browse: Browse, until: str) -> None:
    shifter, rule = browse("shifter"), seed.rule()
    answer = shifter.post("/alarms/mute", data={"rule": rule.id, "whole": "1", "until": until, "reason": "repair"})
    assert answer.status_code == 400
    assert "<b>Until</b>" in answer.text
    assert 'name="reason" value="repair"' in answer.text, "what was typed stays"
    assert AlarmMute.select().count() == 0


def test_the_fields_of_a_mute_are_in_no_form_that_acknowledges(browse: Browse) -> None:
    shifter, rule = browse("shifter"), seed.rule()
    alarm = seed.alarm(rule)
    assert 'name="reason"' not in shifter.get("/alarms").text
    page = shifter.post("/alarms/mute?subsystem=Pixel", data={"rule": rule.id, "alarm": alarm.id, "note": ""}).text
    assert "Mute 1 alarm" in page
    (form,) = re.findall(r"<form[^>]*>(?:(?!</form>).)*name=.reason.", page, re.S)
    assert 'action="/alarms/mute?subsystem=Pixel"' in form
    assert "formaction" not in form


def test_the_offered_end_of_a_mute_counts_from_the_moment_of_muting(browse: Browse) -> None:
    shifter, rule = browse("shifter"), seed.rule()
    page = shifter.post("/alarms/mute", data={"rule": rule.id, "whole": "1"}).text
    assert not AlarmMute.select().exists()
    until = re.search(r'name="until" value="([^"]*)" required', page)
    assert until
    assert until[1] in (swiss(1), swiss(1 - 1 / 60))


def test_muting_twice_replaces_the_mute_so_that_one_end_ends_it(browse: Browse) -> None:
    shifter, rule = browse("shifter"), seed.rule()
    alarms = [seed.alarm(rule, name).id for name in "ab"]
    for hours in (2, 3):
        shifter.post("/alarms/mute", data={"rule": rule.id, "alarm": alarms, "until": swiss(hours), "reason": "repair"})
    assert [mute.subject for mute in open_mutes()] == ["a", "b"]
    assert Audit.select().where(Audit.action == "mute alarms").count() == 2


def test_an_alarm_that_recovered_meanwhile_is_muted_and_one_that_is_gone_is_said(browse: Browse) -> None:
    shifter, rule = browse("shifter"), seed.rule()
    alarm = seed.alarm(rule, "a", state=RECOVERED, recovered=time.time())
    form = {"rule": rule.id, "until": swiss(2), "reason": "repair"}
    assert shifter.post("/alarms/mute", data=form | {"alarm": alarm.id}).location == "/alarms"
    assert [mute.subject for mute in open_mutes()] == ["a"]
    answer = shifter.post("/alarms/mute", data=form | {"alarm": [alarm.id, 77]})
    assert "1 of 2 selected alarms was changed" in shifter.get(answer.location).text
    assert "0 of 1 selected alarms were changed" in shifter.get(shifter.post("/alarms/mute", data=form | {"alarm": 77}).location).text


def test_an_alarm_that_was_acknowledged_already_is_said(browse: Browse) -> None:
    shifter, rule = browse("shifter"), seed.rule()
    alarms = [seed.alarm(rule, "a").id, seed.alarm(rule, "b", state=ACKNOWLEDGED).id]
    answer = shifter.post("/alarms/acknowledge?rule=1", data={"alarm": alarms, "note": "x"})
    assert answer.location == "/alarms?rule=1&changed=1&selected=2"
    page = shifter.get(answer.location).text
    assert "1 of 2 selected alarms was changed" in page
    assert "selected=2" not in page, "links do not say it again"


def test_a_subsystem_has_its_own_recovered_alarms_and_a_cut_list_is_said(client: FlaskClient) -> None:
    now, pixel, hcal = time.time(), seed.rule(), seed.rule("Hcal", subsystem="Hcal")
    seed.alarm(hcal, "Hcal/one", state=RECOVERED, recovered=now - 60)
    for number in range(51):
        seed.alarm(pixel, f"Pixel/{number}", state=RECOVERED, recovered=now - number / 10)
    page = client.get("/alarms?subsystem=hcal").text
    assert "Hcal/one" in page.replace("<wbr>", "")
    assert "are listed" not in page
    page = client.get("/alarms").text
    assert "Hcal/one" not in page.replace("<wbr>", "")
    assert "Only the last 50 are listed" in page


def test_a_viewer_sees_alarms_and_no_buttons(browse: Browse) -> None:
    viewer, rule = browse("viewer"), seed.rule()
    alarm = seed.alarm(rule)
    page = viewer.get("/alarms").text
    assert subjects(page) == [seed.PLOT]
    assert "Acknowledge" not in page
    assert viewer.post("/alarms/acknowledge", data={"alarm": alarm.id}).status_code == 403
