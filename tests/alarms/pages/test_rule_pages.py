"""The pages of alarm rules and of notices."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from flask.testing import FlaskClient

from app import create_app
from app.alarms import store
from app.alarms.conditions import conditions
from app.alarms.models import AlarmRule, PlotAlarm
from app.alarms.pages.rules_page import NOTICES
from app.alarms.ready_rules import ready_rules
from app.alarms.status import status_lines
from app.alarms.store import save_rule
from app.core.settings import Settings
from app.gui.files.entries import Entry
from app.gui.files.register import register
from tests.alarms.pages import seed
from tests.alarms.pages.conftest import Browse

FORM: dict[str, Any] = {
    "condition": "quality",
    "name": "Charge",
    "subsystem": "Pixel",
    "limits.statuses": ["error", "warning"],
    "dataset": seed.ONLINE,
    "place_kind": "workspace",
    "place": "Pixel",
    "raise_after": "2",
    "recover_after": "3",
    "calm_min": "15",
    "remind_min": "30",
    "max_reminders": "4",
    "channels": ["mail", "sound"],
    "enabled": "1",
}


def fields_of(page: str) -> dict[str, str]:
    """Values of the text fields of a form."""
    return dict(re.findall(r'<input id="[^"]*" name="([^"]*)"(?: type="number")? value="([^"]*)"', page))


def changed_in(page: str) -> str:
    """The time of the last change of the rule in a form."""
    found = re.search(r'name="changed" value="([^"]*)"', page)
    assert found
    return found[1]


def test_an_expert_adds_a_rule_and_finds_all_of_it_in_its_form(browse: Browse) -> None:
    expert = browse("expert:Pixel")
    answer = expert.post("/alarms/rules/new", data=FORM)
    assert answer.status_code == 303
    rule = AlarmRule.get()
    assert answer.location == f"/alarms/rules/{rule.id}"
    assert (rule.raise_after, rule.recover_after, rule.calm_s, rule.remind_s, rule.max_reminders) == (2, 3, 900, 1800, 4)
    assert (json.loads(rule.limits), rule.channels, rule.enabled) == ({"statuses": ["error", "warning"]}, "mail sound", True)
    page = expert.get(f"/alarms/rules/{rule.id}/edit").text
    assert {name: FORM[name] for name in fields_of(page) if name != "csrf"} == fields_of(page)
    assert re.findall(r'name="limits.statuses" value="(\w+)" checked', page) == ["error", "warning"]
    assert re.findall(r'name="channels" value="(\w+)" checked', page) == ["mail", "sound"]
    assert "<option selected>workspace</option>" in page


def test_what_is_wrong_with_a_rule_is_named_by_the_labels_and_stays_in_the_form(browse: Browse) -> None:
    expert = browse("expert")
    answer = expert.post("/alarms/rules/new", data=FORM | {"name": "", "limits.statuses": [], "remind_min": "often", "raise_after": "0"})
    assert answer.status_code == 400
    assert not AlarmRule.select().exists()
    named = re.findall(r"<li><b>(.*?)</b>: ", answer.text)
    assert set(named) == {"Name", "Statuses", "Time between reminders, minutes", "Judgements in a row before an alarm"}
    assert "<b>Time between reminders, minutes</b>: <bdi>expected a number from 0 to 10080<" in answer.text, "a week, as the form has it"
    assert fields_of(answer.text)["remind_min"] == "often"


@pytest.mark.parametrize("name", sorted(conditions()))
def test_each_condition_has_a_form_whose_defaults_can_be_stored(browse: Browse, name: str) -> None:
    expert = browse("expert")
    page = expert.get(f"/alarms/rules/new?condition={name}&place=Pixel").text
    ticked = re.findall(r'name="([^"]*)" value="([^"]*)" checked', page)
    form = fields_of(page) | {"condition": name, "place_kind": "folder", "name": "A", "subsystem": "Pixel"} | dict(ticked)
    answer = expert.post("/alarms/rules/new", data=form)
    assert answer.status_code == 303, answer.text
    rule = AlarmRule.get()
    assert (rule.condition, rule.place, rule.enabled) == (name, "Pixel", True)
    assert conditions()[name].title in expert.get(f"/alarms/rules/{rule.id}").text


def test_an_expert_of_another_subsystem_changes_nothing(browse: Browse) -> None:
    rule, expert = seed.rule(), browse("expert:Hcal")
    page = expert.get("/alarms/rules").text
    assert "Experts of <bdi>Pixel</bdi> can change it" in page
    assert f"/alarms/rules/{rule.id}/edit" not in page
    assert expert.get(f"/alarms/rules/{rule.id}/edit").status_code == 403
    for action in ("edit", "switch", "delete"):
        assert expert.post(f"/alarms/rules/{rule.id}/{action}", data=FORM | {"subsystem": "Hcal"}).status_code == 403
    assert expert.post("/alarms/rules/new", data=FORM).status_code == 403
    assert [row.name for row in AlarmRule.select()] == ["Pixel errors"]


def test_a_rule_that_somebody_else_changed_meanwhile_is_not_replaced_unseen(browse: Browse) -> None:
    rule, expert = seed.rule(), browse("expert")
    page = expert.get(f"/alarms/rules/{rule.id}/edit").text
    save_rule(store.definition_of(rule)._replace(name="By ben"), number=rule.id, user="ben")
    form = FORM | {"name": "Mine", "changed": changed_in(page)}
    answer = expert.post(f"/alarms/rules/{rule.id}/edit", data=form)
    assert answer.status_code == 409
    assert "ben has changed the rule meanwhile" in answer.text
    assert fields_of(answer.text)["name"] == "Mine"
    assert AlarmRule.get().name == "By ben"
    assert expert.post(f"/alarms/rules/{rule.id}/edit", data=form | {"changed": changed_in(answer.text)}).status_code == 303
    assert AlarmRule.get().name == "Mine"


def test_a_rule_is_switched_off_and_on_and_only_deleted_when_it_is_off(browse: Browse) -> None:
    rule, expert = seed.rule(place_kind="layout", limits={"statuses": ["warning"]}), browse("expert")
    expert.post(f"/alarms/rules/{rule.id}/switch", data={"on": "0"})
    assert ">off<" in expert.get("/alarms/rules").text
    expert.post(f"/alarms/rules/{rule.id}/switch", data={"on": "1"})
    found = AlarmRule.get()
    assert (found.enabled, found.place_kind, json.loads(found.limits)) == (True, "layout", {"statuses": ["warning"]})
    assert f"/alarms/rules/{rule.id}/delete" not in expert.get("/alarms/rules").text
    seed.alarm(found)
    answer = expert.post(f"/alarms/rules/{rule.id}/delete")
    assert (answer.status_code, AlarmRule.select().count(), PlotAlarm.select().count()) == (409, 1, 1)
    assert "switch it off before you delete it" in answer.text
    expert.post(f"/alarms/rules/{rule.id}/switch", data={"on": "0"})
    for page in ("/alarms/rules", f"/alarms/rules/{rule.id}"):
        assert f'action="/alarms/rules/{rule.id}/delete"' in expert.get(page).text
    assert expert.post(f"/alarms/rules/{rule.id}/delete").location == "/alarms/rules"
    assert expert.get(f"/alarms/rules/{rule.id}").status_code == 404


def test_a_ready_rule_is_added_once_by_a_click(browse: Browse) -> None:
    expert = browse("expert")
    name = ready_rules()[0].name
    assert f'aria-label="Add: {name}"' in expert.get("/alarms/rules").text
    answer = expert.post("/alarms/rules/ready", data={"name": name})
    rule = AlarmRule.get()
    assert answer.location == f"/alarms/rules/{rule.id}"
    assert (rule.dataset, rule.place, rule.max_reminders, rule.remind_s) == (seed.ONLINE, "00 Shift/Errors", 3, 3600)
    assert f'aria-label="Add: {name}"' not in expert.get("/alarms/rules").text


def test_the_list_says_what_state_each_rule_is_in(client: FlaskClient) -> None:
    for name, fields in {
        "a": {"judged": None},
        "b": {"judged": 1.0},
        "c": {"judged": 1.0, "problem": "There is no layout 00 Shift/Gone"},
        "d": {"judged": 1.0},
    }.items():
        rule = seed.rule(name)
        AlarmRule.update(fields).where(AlarmRule.id == rule.id).execute()
    seed.alarm(rule)
    page = client.get("/alarms/rules").text
    assert re.findall(r'<span class="badge-text">(.*?)</span>', page) == ["not judged yet", "no alarm", "cannot be judged", "1 alarm"]
    assert "There is no layout 00 Shift/Gone" in page


def test_the_page_of_a_rule_lists_its_notices_and_mutes(browse: Browse) -> None:
    shifter, rule = browse("shifter"), seed.rule()
    notice = seed.notice(rule)
    shifter.post("/alarms/mute", data={"rule": rule.id, "whole": "1", "until": "", "reason": "x"})
    page = shifter.get(f"/alarms/rules/{rule.id}").text
    assert f'href="/alarms/notices/{notice.id}"' in page
    assert "There is one DQM alarm." in page


def test_a_notice_leads_to_its_plots_also_when_its_rule_is_gone(client: FlaskClient) -> None:
    rule = seed.rule(place_kind="layout", place="00 Shift/Errors")
    address = f"/alarms/notices/{seed.notice(rule).id}"
    page = client.get(address).text
    assert f'href="/alarms/rules/{rule.id}"' in page
    assert 'href="/browse/367140/Global/Online/ALL/00%20Shift/Errors?plot=Pixel%2FCharge%2Fcharge_PXLayer_1"' in page
    assert "2 further plots, not listed" in page
    assert seed.HOSTILE not in page
    rule.delete_instance()
    page = client.get(address).text
    assert "(deleted)" in page
    assert 'href="/browse/367140/Global/Online/ALL/Pixel/Charge?plot=Pixel%2FCharge%2Fcharge_PXLayer_1"' in page


def test_a_notice_of_the_ongoing_run_leads_to_this_run_as_soon_as_it_has_a_file(client: FlaskClient) -> None:
    address = f"/alarms/notices/{seed.notice(seed.rule(), run=0, run_number=367140, lumi=12).id}"
    page = client.get(address).text
    assert "367140, lumisection 12" in page
    assert "the links lead to the run that is ongoing now" in page
    assert 'href="/browse/0/Global/Online/ALL/Pixel' in page
    register([Entry(seed.ONLINE, 367140, 0, "/data/run367140.root", "tdirectory")])
    page = client.get(address).text
    assert 'href="/browse/367140/Global/Online/ALL/Pixel' in page
    assert "ongoing now" not in page


def test_numbers_of_a_rule_stay_as_they_are_when_something_else_is_changed(browse: Browse) -> None:
    rule = seed.rule(condition="stale", limits={"seconds": 1234567}, calm_s=86399.0, place="")
    summary = seed.rule("Summary", condition="summary", limits={"below": 0.99999995, "until": 0.99999996}, place="")
    expert = browse("expert")
    for each in (rule, summary):
        page = expert.get(f"/alarms/rules/{each.id}/edit").text
        form = fields_of(page) | {"condition": each.condition, "place_kind": "folder", "changed": changed_in(page), "name": each.name + "!"}
        answer = expert.post(f"/alarms/rules/{each.id}/edit", data=form)
        assert answer.status_code == 303, answer.text
        saved = AlarmRule.get_by_id(each.id)
        assert (saved.name, saved.limits, saved.calm_s) == (each.name + "!", each.limits, each.calm_s)
    assert "1234567 s" in expert.get(f"/alarms/rules/{rule.id}").text


def test_a_rule_that_is_limited_to_a_channel_that_nobody_set_up_says_so(browse: Browse, hub: Settings) -> None:
    rule = seed.rule(channels=("sound",))
    expert = browse("expert")
    for address in ("/alarms/rules", f"/alarms/rules/{rule.id}"):
        assert "No channel sound is subscribed to alarms" in expert.get(address).text
    assert "sound <span" in expert.get(f"/alarms/rules/{rule.id}/edit").text.replace("\n     ", "")
    assert "No channel is subscribed to alarms" in expert.get("/alarms/rules").text
    assert "No channel sound is subscribed to alarms" in next(status_lines(hub)).detail
    with_sound = hub.replace(notify_sound="127.0.0.1:9")
    assert not [line.detail for line in status_lines(with_sound) if line.detail]
    page = create_app(with_sound).test_client().get("/alarms/rules").text
    assert "is subscribed to alarms" not in page


def test_a_rule_can_be_muted_before_it_has_alarms(browse: Browse) -> None:
    rule, shifter = seed.rule(), browse("shifter")
    page = shifter.get(f"/alarms/rules/{rule.id}").text
    assert 'action="/alarms/mute"' in page
    assert "Mute the whole rule" in shifter.post("/alarms/mute", data={"rule": rule.id, "whole": "1"}).text
    assert 'action="/alarms/mute"' not in browse("viewer").get(f"/alarms/rules/{rule.id}").text


def test_the_history_of_a_rule_goes_on_in_older_pages(client: FlaskClient) -> None:
    rule = seed.rule()
    numbers = [seed.notice(rule).id for _ in range(NOTICES + 2)]
    page = client.get(f"/alarms/rules/{rule.id}").text
    older = f"/alarms/rules/{rule.id}?before={numbers[2]}"
    assert f'href="{older}"' in page
    page = client.get(older).text
    assert re.findall(r'href="/alarms/notices/(\d+)"', page) == [str(numbers[1]), str(numbers[0])]
    assert "Older notices" not in page


def test_an_unknown_rule_or_notice_is_said_to_be_gone(client: FlaskClient) -> None:
    for address in ("/alarms/rules/7", "/alarms/notices/7", f"/alarms/rules/{10**18}"):
        answer = client.get(address)
        assert answer.status_code == 404
        assert "There is no" in answer.text
