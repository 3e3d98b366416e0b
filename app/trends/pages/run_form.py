"""The fields of the form that choose runs. An address has the choice as one text, `runs`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from app.trends.errors import InvalidQuery
from app.trends.golden.store import latest_lists
from app.trends.query.run_choice import LATEST, MOST_LATEST, RunChoice
from app.web.fields import Fields

KINDS = {"latest": "latest", "range": "from – to", "list": "list", "golden": "golden JSON"}
"""Values of `how` with their names."""

RUN_FORM_FIELDS = ("how", "latest", "from", "to", "list", "golden", "was")
"""Fields of the form that no address keeps."""

MOST_LISTED = 300
"""Runs of a list that the form makes of another choice: with three characters for each comma, 2,700 of an address."""


@dataclass(frozen=True)
class RunForm:
    """What the form says about the runs.

    Attributes:
        choice: The choice of its fields.
        becomes: "range" or "list" if the shown runs shall become such a choice, since its fields are not filled yet.
        wrong_list: A list with mistakes, for correction; "" for none.
    """

    choice: RunChoice
    becomes: str = ""
    wrong_list: str = ""

    def resolved(self, shown: Sequence[int]) -> RunChoice:
        """The choice, given the runs that are shown before it, ascending."""
        if not self.becomes or not len(shown):
            return self.choice
        return RunChoice.between(shown[0], shown[-1]) if self.becomes == "range" else RunChoice.of(list(shown[-MOST_LISTED:]))


def kind_of(choice: RunChoice) -> str:
    """The kind of a choice, of `KINDS`."""
    if choice.latest:
        return "latest"
    if choice.first_last:
        return "range"
    return "golden" if choice.golden else "list"


def read_form(fields: Fields, before: RunChoice) -> RunForm:
    """The choice in the fields of the form; `before` if they have none, and for wrong ones, which become problems.

    A form with a list has its runs in this field alone: twice, a long one would not fit into an address.
    """
    how, listed = fields.choice("how", tuple(KINDS), kind_of(before)), fields.value("list")
    right = len(fields.problems)
    if listed and (how == "list" or (how == "range" and not fields.value("runs"))):
        before = _parsed(fields, "list", listed, before)
    if how == "latest":
        return RunForm(RunChoice.newest(fields.whole("latest", before.latest or LATEST, 1, MOST_LATEST)))
    if how == "range":
        return _range(fields, before)
    if how == "list":
        return RunForm(before, "" if listed else "list", listed if len(fields.problems) > right else "")
    return RunForm(_golden(fields, before))


def _golden(fields: Fields, before: RunChoice) -> RunChoice:
    """The golden JSON of the form; without one the choice before, or the list that was uploaded last."""
    latest = [] if fields.value("golden") or before.golden else latest_lists(1)
    if fields.value("golden") or latest:
        return _parsed(fields, "golden", f"golden:{fields.value('golden') or latest[0].hash}", before)
    if not before.golden:
        fields.refuse("golden", "this hub has no golden JSON yet: upload one on the page /trends/golden")
    return before


def _range(fields: Fields, before: RunChoice) -> RunForm:
    first, last = fields.value("from"), fields.value("to")
    if not first and not last:
        return RunForm(before, "range")
    name = "to" if first else "from"
    if not (first and last):
        fields.refuse(name, "a range needs its first and its last run")
        return RunForm(before)
    return RunForm(_parsed(fields, "to", f"{first}-{last}", before))


def _parsed(fields: Fields, name: str, text: str, before: RunChoice) -> RunChoice:
    if not text:
        return before
    try:
        return RunChoice.parse(text.replace(" ", ",").replace(",,", ",") if name == "list" else text)
    except InvalidQuery as error:
        fields.refuse(name, str(error))
        return before
