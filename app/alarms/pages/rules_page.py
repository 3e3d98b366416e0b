"""The pages of alarm rules: the list, one rule with its notices, and the form."""

from __future__ import annotations

from typing import Any, NamedTuple

from flask import Blueprint, Response, make_response, redirect, render_template, request
from werkzeug.wrappers import Response as AnyResponse

from app.alarms import reading, ready_rules, store
from app.alarms.conditions import conditions
from app.alarms.conditions.base import Condition
from app.alarms.definition import PLACES, AlarmRuleDefinition
from app.alarms.errors import InvalidAlarmRule
from app.alarms.models import AlarmMute, AlarmRule
from app.alarms.pages import rule_form
from app.alarms.pages.alarm_groups import row_of
from app.alarms.pages.plot_links import place_link, place_text
from app.alarms.pages.view_state import LARGEST_NUMBER, PATH, view_from_request
from app.alarms.subscriptions import channel_problem, subscribed_channels
from app.notify.channel_folders import channel_kinds
from app.security import Role, needs
from app.security.caller import current_user
from app.security.subsystems import check_may_edit, may_edit
from app.web import request_settings
from app.web.badges import Badge

RULES_PATH = f"{PATH}/rules"
pages = Blueprint("alarm_rules", __name__, url_prefix=RULES_PATH)

MAX_FORM_BYTES = 64 * 1024

NOTICES = 100
"""Notices of a rule in one page."""

OFF = Badge("idle", "off", "off")
PROBLEM = Badge("warning", "warning", "cannot be judged")
WAITING = Badge("idle", "unsure", "not judged yet")
KEPT = Badge("ok", "ok", "no alarm")


class AlarmRuleRow(NamedTuple):
    """A rule in the list."""

    rule: AlarmRule
    condition: str  # its title
    place: str
    place_address: str
    badge: Badge
    channel_problem: str  # what is wrong with its channels, "" for nothing
    may_edit: bool


@pages.get("")
@needs(Role.VIEWER)
def rule_list() -> str:
    """All rules with their state, and those that come with the product."""
    opened = reading.open_counts()
    rules = store.all_rules()
    names = {rule.name for rule in rules}
    return render_template(
        "alarms/rules.html",
        view=view_from_request(),
        rows=[_row(rule, opened.get(rule.id, 0)) for rule in rules],
        ready=[each for each in ready_rules.ready_rules() if each.name not in names and may_edit(each.subsystem)],
        conditions=conditions(),
        subscribed=subscribed_channels(request_settings()),
        may_add=current_user().role >= Role.EXPERT,
    )


@pages.get("/<int:number>")
@needs(Role.VIEWER)
def rule(number: int) -> str:
    """One rule: what it watches, its mutes and notices."""
    view, found = view_from_request(), store.rule_of(min(number, LARGEST_NUMBER))
    definition = store.definition_of(found)
    notices = reading.notices(found.id, NOTICES + 1, view.before)
    return render_template(
        "alarms/rule.html",
        view=view,
        row=_row(found, reading.open_counts().get(found.id, 0)),
        definition=definition,
        limits=rule_form.limit_texts(definition),
        mutes=reading.open_mutes(AlarmMute.rule == found.id),
        notices=notices[:NOTICES],
        are_older=len(notices) > NOTICES,
        recovered=[row_of(alarm) for alarm in reading.recovered_alarms(50, found.id)],
        may_act=current_user().role >= Role.SHIFTER,
    )


@pages.get("/new")
@needs(Role.EXPERT)
def new() -> Response:
    """The form of a new rule for the condition `condition`; its fields may be in the address."""
    condition = rule_form.condition_of(request.args.get("condition", ""))
    fields = rule_form.fields_of(AlarmRuleDefinition("", "", condition.name))
    return _form_page(fields | {name: value for name, value in request.args.items() if name in rule_form.TEXTS}, condition)


@pages.post("/new")
@needs(Role.EXPERT)
def add() -> AnyResponse:
    """Store a new rule."""
    return _save(None, rule_form.condition_of(_form().get("condition", "")))


@pages.get("/<int:number>/edit")
@needs(Role.EXPERT)
def edit(number: int) -> Response:
    """The form of a rule."""
    found = _editable(number)
    return _form_page(rule_form.fields_of(store.definition_of(found)), rule_form.condition_of(found.condition), found)


@pages.post("/<int:number>/edit")
@needs(Role.EXPERT)
def save(number: int) -> AnyResponse:
    """Store another definition of a rule; one that somebody else has changed since the form was opened is shown first."""
    found = _editable(number)
    condition = rule_form.condition_of(found.condition)
    if _form().get("changed") != str(found.changed):
        problem = f"{found.user} has changed the rule meanwhile. Look at it in another tab; Save replaces it with what is here"
        return _form_page(rule_form.posted_fields(_form(), condition), condition, found, [("rule", problem)], 409)
    return _save(found, condition)


@pages.post("/<int:number>/switch")
@needs(Role.EXPERT)
def switch(number: int) -> AnyResponse:
    """Switch a rule on or off."""
    found, is_on = _editable(number), _form().get("on") == "1"
    store.save_rule(store.definition_of(found)._replace(enabled=is_on), number=found.id, user=current_user().name)
    return _back(found.id)


@pages.post("/<int:number>/delete")
@needs(Role.EXPERT)
def delete(number: int) -> AnyResponse:
    """Delete a rule that is switched off."""
    store.delete_rule(min(number, LARGEST_NUMBER), current_user().name)
    return redirect(view_from_request().page_link(RULES_PATH), 303)


@pages.post("/ready")
@needs(Role.EXPERT)
def add_ready() -> AnyResponse:
    """Add a rule that comes with the product."""
    return _back(ready_rules.add_ready_rule(_form().get("name", ""), current_user().name).id)


def _row(found: AlarmRule, alarms: int) -> AlarmRuleRow:
    condition = rule_form.condition_of(found.condition)
    problem = channel_problem(found, subscribed_channels(request_settings())) if found.channels else ""
    badge, may = _badge(found, alarms), may_edit(found.subsystem)
    return AlarmRuleRow(found, condition.title, place_text(found), place_link(found, 0), badge, problem, may)


def _badge(found: AlarmRule, alarms: int) -> Badge:
    if not found.enabled:
        return OFF
    if alarms:
        return Badge("error", "error", f"{alarms} alarm{'s' if alarms > 1 else ''}")
    if found.problem:
        return PROBLEM
    return WAITING if found.judged is None else KEPT


def _editable(number: int) -> AlarmRule:
    """The rule, if the sender of the request may edit it. Raises UnknownAlarm and Problem 403."""
    found = store.rule_of(min(number, LARGEST_NUMBER))
    check_may_edit(found.subsystem)
    return found


def _form() -> Any:
    request.max_content_length = MAX_FORM_BYTES
    return request.form


def _save(found: AlarmRule | None, condition: Condition) -> AnyResponse:
    fields = rule_form.posted_fields(_form(), condition)
    try:
        saved = store.save_rule(rule_form.definition_in(fields, condition), number=found.id if found else None, user=current_user().name)
    except InvalidAlarmRule as error:
        return _form_page(fields, condition, found, error.fields, 400)
    return _back(saved.id)


def _form_page(
    fields: rule_form.FormFields,
    condition: Condition,
    found: AlarmRule | None = None,
    problems: list[tuple[str, str]] | None = None,
    status: int = 200,
) -> Response:
    page = render_template(
        "alarms/rule_form.html",
        view=view_from_request(),
        form=fields,
        rule=found,
        condition=condition,
        conditions=conditions(),
        places=PLACES,
        channels=channel_kinds(),
        subscribed=subscribed_channels(request_settings()),
        problems=rule_form.labelled(problems or [], condition),
        subsystems=sorted({each.subsystem for each in store.all_rules() if may_edit(each.subsystem)}),
    )
    return make_response(page, status)


def _back(number: int) -> AnyResponse:
    return redirect(view_from_request().page_link(f"{RULES_PATH}/{number}"), 303)
