"""The page of a notice: what people were told at one moment."""

from __future__ import annotations

from typing import NamedTuple

from flask import Blueprint, render_template

from app.alarms.models import FOLDER, AlarmRule
from app.alarms.pages.plot_links import subject_link
from app.alarms.pages.view_state import LARGEST_NUMBER, PATH, view_from_request
from app.alarms.reading import ShownNotice, notice_of
from app.security import Role, needs

pages = Blueprint("alarm_notices", __name__, url_prefix=f"{PATH}/notices")


@pages.get("/<int:number>")
@needs(Role.VIEWER)
def notice(number: int) -> str:
    """A notice with links to its plots in the run that it was about; its rule may be gone."""
    found = notice_of(min(number, LARGEST_NUMBER))
    rule = AlarmRule.get_or_none(AlarmRule.id == found.rule)
    return render_template("alarms/notice.html", view=view_from_request(), notice=found, rule=rule, links=_links(found, rule))


def _links(found: ShownNotice, rule: AlarmRule | None) -> list[str]:
    """The address of the plot of each subject, as its rule showed it; of a rule that is gone, in the folder of the plot."""
    place = _Place(found.dataset, rule.place_kind if rule else FOLDER, rule.place if rule else "")
    return [subject_link(place, found.run, told.subject) for told in found.subjects]


class _Place(NamedTuple):
    dataset: str  # that of the notice: the rule may have another one by now
    place_kind: str
    place: str
