"""The list of alarms, and what shifters do with them: acknowledge and mute."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from flask import Blueprint, Response, make_response, redirect, render_template, request
from markupsafe import Markup
from werkzeug.wrappers import Response as AnyResponse

from app.alarms import reactions
from app.alarms.errors import InvalidAlarmRule
from app.alarms.models import COUNTER, AlarmRule
from app.alarms.pages.alarm_groups import alarm_list
from app.alarms.pages.open_count import forget_count
from app.alarms.pages.view_state import LARGEST_NUMBER, PATH, SHOWN_STATES, view_from_request
from app.alarms.reading import mute_count, subjects_of
from app.alarms.store import all_rules, rule_of
from app.core.counters import version_of
from app.core.zones import CERN
from app.notify.maintenance import FORM_TIME, parse_time
from app.security import Role, needs
from app.security.caller import current_user
from app.web import Problem, is_fragment, nothing_new, page
from app.web.arguments import parse_int
from app.web.fragment_cache import cached_fragment, fragment_response

pages = Blueprint("alarms", __name__, url_prefix=PATH)

POLL_S = 5
MAX_FORM_BYTES = 256 * 1024
MUTE_HOURS = 1
"""Length of a mute that the form offers."""

MUTE_LABELS = {"ends": "Until", "reason": "Reason"}
"""Labels of the fields of a mute."""


@pages.get("")
@needs(Role.VIEWER)
def alarms() -> Response:
    """The open alarms by rule, the worst first, and those that have recovered lately."""
    view, may_act = view_from_request(), current_user().role >= Role.SHIFTER
    version = f"{version_of(COUNTER)}-{mute_count()}"
    if answer := nothing_new(version):
        return answer

    def render() -> str:
        return render_template(
            "alarms/alarms_fragment.html",
            view=view,
            found=alarm_list(view),
            may_act=may_act,
            poll=view.link(since=version),
            poll_s=POLL_S,
        )

    fragment = cached_fragment((request.script_root, "alarms", view, may_act, version), render)
    if is_fragment():
        return fragment_response(fragment)
    template = "alarms/alarms.html"
    content = Markup(fragment.plain.decode())
    return page(template, template, view=view, fragment_html=content, states=SHOWN_STATES, **_frame(view.rule))


def _frame(number: int) -> dict[str, object]:
    """Values of the page around the list. number: of the only rule that it is about, 0 for all."""
    rules = all_rules()
    subsystems = sorted({rule.subsystem for rule in rules}, key=str.casefold)
    return {"subsystems": subsystems, "rule": next((rule for rule in rules if rule.id == number), None)}


@pages.post("/acknowledge")
@needs(Role.SHIFTER)
def acknowledge() -> AnyResponse:
    """Acknowledge alarms, with a note."""
    request.max_content_length = MAX_FORM_BYTES
    numbers = _chosen("shown" if request.form.get("all") else "alarm")
    return _back(reactions.acknowledge(numbers, current_user().name, request.form.get("note", "")), len(numbers))


@pages.post("/unacknowledge")
@needs(Role.SHIFTER)
def unacknowledge() -> AnyResponse:
    """Take an acknowledgement back."""
    request.max_content_length = MAX_FORM_BYTES
    numbers = _chosen("alarm")
    return _back(reactions.unacknowledge(numbers, current_user().name), len(numbers))


@pages.post("/mute")
@needs(Role.SHIFTER)
def mute() -> AnyResponse:
    """Mute the chosen alarms of a rule, or the rule with all that it watches, until a time; without one, ask for it by a form."""
    request.max_content_length = MAX_FORM_BYTES
    form = request.form
    rule = rule_of(parse_int(form.get("rule", ""), LARGEST_NUMBER) or 0)
    numbers = [] if form.get("whole") else _chosen("alarm")
    subjects = subjects_of(rule.id, numbers) if numbers else None
    if numbers and not subjects:
        return _back(0, len(numbers))
    problems = []
    if "until" in form:  # else it is only chosen what to mute
        try:
            reactions.mute(rule.id, subjects, _end(form["until"]), form.get("reason", ""), current_user().name)
            return _back(0 if subjects is None else len(subjects), len(numbers))
        except InvalidAlarmRule as error:
            problems = [(MUTE_LABELS[field], problem) for field, problem in error.fields]
    return _mute_page(rule, numbers, subjects, problems)


def _end(text: str) -> float:
    if (ends := parse_time(text, 1)) is None:
        raise InvalidAlarmRule([("ends", "expected a time such as 2026-10-25T14:30, Swiss time")])
    return ends


def _mute_page(rule: AlarmRule, numbers: Sequence[int], subjects: Sequence[str] | None, problems: Sequence[tuple[str, str]]) -> Response:
    """The form of a mute with what was typed; the offered end counts from now."""
    offered = datetime.now(CERN) + timedelta(hours=MUTE_HOURS)
    text = render_template(
        "alarms/mute.html",
        view=view_from_request(),
        rule=rule,
        numbers=numbers,
        subjects=subjects,
        until=request.form.get("until", offered.strftime(FORM_TIME)),
        reason=request.form.get("reason", ""),
        problems=problems,
    )
    return make_response(text, 400 if problems else 200)


@pages.post("/mutes/<int:number>/end")
@needs(Role.SHIFTER)
def end_mute(number: int) -> AnyResponse:
    """End a mute now."""
    reactions.end_mute(min(number, LARGEST_NUMBER), current_user().name)
    return _back()


def _chosen(field: str) -> list[int]:
    numbers = sorted({number for text in request.form.getlist(field) if (number := parse_int(text, LARGEST_NUMBER))})
    if not numbers:
        raise Problem(400, "No alarm is selected: go back and tick at least one")
    return numbers


def _back(changed: int = 0, selected: int = 0) -> AnyResponse:
    """Back to the list, which says so if not all that was selected was changed."""
    forget_count()
    view = view_from_request()
    return redirect(view.link(changed=changed, selected=selected) if changed < selected else view.link(), 303)
