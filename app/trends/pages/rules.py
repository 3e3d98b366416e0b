"""The pages of rules: the list with their state, and the form of a rule."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import NamedTuple

from flask import Blueprint, Response, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from app.security import Role, needs
from app.security.caller import current_user
from app.security.subsystems import check_may_edit, may_edit
from app.trends.pages.chart_options import exact_text
from app.trends.query.selection import selections
from app.trends.rules import store
from app.trends.rules.definition import RuleDefinition, definition_from_form
from app.trends.rules.errors import InvalidRule
from app.trends.rules.event_source import chart_path
from app.trends.rules.models import TrendRule, TrendViolation
from app.trends.rules.status import last_step, state_of
from app.web.arguments import LARGEST_RUN, parse_int
from app.web.badges import Badge
from app.web.frame import href

blueprint = Blueprint("trend_rules", __name__, url_prefix="/trends/rules")

MAX_FORM_BYTES = 32 * 1024

BADGES = {
    "ok": Badge("ok", "ok", "inside"),
    "violated": Badge("error", "error", "outside"),
    "problem": Badge("warning", "warning", "cannot be evaluated"),
    "new": Badge("idle", "unsure", "not evaluated yet"),
    "off": Badge("idle", "off", "off"),
}
"""Badges of the states of rules, see app.trends.rules.status."""

LABELS = {"pd": "Primary dataset", "ps": "Processing", "names": "Trends", "band": "Reference runs", "in_a_row": "Runs in a row"}
"""Labels of fields whose name says less."""


class RuleRow(NamedTuple):
    """A rule of the list."""

    rule: TrendRule
    badge: Badge
    violations: list[tuple[TrendViolation, str]]  # that go on, each with the address of its chart
    may_edit: bool


@blueprint.get("")
@needs(Role.VIEWER)
def rule_list() -> str:
    """All rules with their state."""
    ongoing = store.open_violations()
    rows = [_row(rule, ongoing.get(rule.id, [])) for rule in store.all_rules()]
    last = last_step()
    age = None if last is None else max(0.0, time.time() - last)
    return render_template("trends/rules.html", rows=rows, age=age, may_add=current_user().role >= Role.EXPERT)


@blueprint.get("/new")
@needs(Role.EXPERT)
def new() -> Response:
    """The form of a new rule; its fields may be in the address."""
    usual = RuleDefinition("", "", "", "", "")
    return _form_page(_fields(usual) | {name: value for name, value in request.args.items() if name in _fields(usual)})


@blueprint.post("/new")
@needs(Role.EXPERT)
def add() -> AnyResponse:
    """Store a new rule."""
    form = _posted()
    try:
        definition = definition_from_form(form)
    except InvalidRule as error:
        return _form_page(form, error.fields, status=400)
    check_may_edit(definition.subsystem)
    return _back(store.add_rule(definition, current_user().name))


@blueprint.get("/<int:number>")
@needs(Role.EXPERT)
def edit(number: int) -> Response:
    """The form of a rule."""
    rule = _editable(number)
    return _form_page(_fields(store.definition_of(rule)), rule=rule)


@blueprint.post("/<int:number>")
@needs(Role.EXPERT)
def save(number: int) -> AnyResponse:
    """Store another definition of a rule."""
    form, rule = _posted(), _editable(number)
    try:
        definition = definition_from_form(form)
    except InvalidRule as error:
        return _form_page(form, error.fields, rule=rule, status=400)
    check_may_edit(definition.subsystem)
    store.change_rule(rule, definition, parse_int(form.get("version", ""), LARGEST_RUN) or 0, current_user().name)
    return _back(rule)


@blueprint.post("/<int:number>/switch")
@needs(Role.EXPERT)
def switch(number: int) -> AnyResponse:
    """Switch a rule on or off."""
    form, rule = _posted(), _editable(number)
    store.switch_rule(rule, form.get("on") == "1", current_user().name)
    return _back(rule)


@blueprint.post("/<int:number>/delete")
@needs(Role.EXPERT)
def delete(number: int) -> AnyResponse:
    """Delete a rule."""
    store.delete_rule(_editable(number), current_user().name)
    return redirect(url_for("trend_rules.rule_list"), 303)


def _row(rule: TrendRule, ongoing: list[TrendViolation]) -> RuleRow:
    state = state_of(rule.enabled, rule.evaluated, rule.problem, bool(ongoing))
    charts = [(violation, href(chart_path(violation))) for violation in ongoing]
    return RuleRow(rule, BADGES[state], charts, may_edit(rule.subsystem))


def _editable(number: int) -> TrendRule:
    """The rule, if the sender of the request may edit it. Raises UnknownRule and Problem 403."""
    rule = store.rule_of(number)
    check_may_edit(rule.subsystem)
    return rule


def _posted() -> dict[str, str]:
    request.max_content_length = MAX_FORM_BYTES
    return dict(request.form.items())


def _fields(definition: RuleDefinition) -> dict[str, str]:
    """A definition as the fields of the form; those of new rules that the address of a chart has, too, have its names."""
    return {
        "subsystem": definition.subsystem,
        "pd": definition.primary_dataset,
        "ps": definition.processing,
        "names": definition.names,
        "band": definition.reference,
        "sigma": exact_text(definition.sigmas),
        "in_a_row": str(definition.in_a_row),
        "least_points": str(definition.least_points),
        "robust": "1" if definition.is_robust else "",
        "note": definition.note,
    }


def _form_page(
    form: Mapping[str, str], problems: list[tuple[str, str]] | None = None, rule: TrendRule | None = None, status: int = 200
) -> Response:
    known = selections()
    mine = [subsystem for subsystem in known if may_edit(subsystem)]
    page = render_template(
        "trends/rule_form.html",
        form=form,
        rule=rule,
        problems=[(LABELS.get(field, field.replace("_", " ").capitalize()), problem) for field, problem in problems or []],
        subsystems=mine,
        datasets=sorted({dataset for subsystem in mine for dataset in known[subsystem]}),
        processings=sorted({each for subsystem in mine for found in known[subsystem].values() for each in found}),
    )
    return make_response(page, status)


def _back(rule: TrendRule) -> AnyResponse:
    return redirect(url_for("trend_rules.rule_list") + f"#rule-{rule.id}", 303)
