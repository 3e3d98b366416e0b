"""The page of a notice: the alarms that people were notified of at one moment."""

from __future__ import annotations

from typing import NamedTuple

from flask import Blueprint, render_template

from app.alarms.models import FOLDER, AlarmRule
from app.alarms.pages.plot_links import subject_link
from app.alarms.pages.view_state import LARGEST_NUMBER, PATH, view_from_request
from app.alarms.reading import ShownNotice, notice_of
from app.gui.catalog.stored import find_sample
from app.gui.samples import SampleKey
from app.security import Role, needs

pages = Blueprint("alarm_notices", __name__, url_prefix=f"{PATH}/notices")


@pages.get("/<int:number>")
@needs(Role.VIEWER)
def notice(number: int) -> str:
    """A notice with links to its plots in the run that it was about; its rule may be gone."""
    found = notice_of(min(number, LARGEST_NUMBER))
    rule = AlarmRule.get_or_none(AlarmRule.id == found.rule)
    run = _linked_run(found)
    return render_template("alarms/notice.html", view=view_from_request(), notice=found, rule=rule, run=run, links=_links(found, rule, run))


def _linked_run(found: ShownNotice) -> int:
    """The run of the links: that of the notice if it has a file; 0 for the ongoing run."""
    is_stored = found.run_number and find_sample(SampleKey(found.run_number, 0, found.dataset))
    return found.run or (found.run_number if is_stored else 0)


def _links(found: ShownNotice, rule: AlarmRule | None, run: int) -> list[str]:
    """The address of the plot of each subject, as its rule showed it; of a rule that is gone, in the folder of the plot."""
    place = _Place(found.dataset, rule.place_kind if rule else FOLDER, rule.place if rule else "")
    return [subject_link(place, run, each.subject) for each in found.subjects]


class _Place(NamedTuple):
    dataset: str  # that of the notice: the rule may have another one by now
    place_kind: str
    place: str
