"""What all pages with charts of trends have in their addresses: which runs, and how they are drawn."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any, Self

from app.trends.errors import InvalidQuery
from app.trends.golden import find_golden
from app.trends.golden.errors import UnknownGolden
from app.trends.pages.run_form import RunForm
from app.trends.query.conditions import RunConditions
from app.trends.query.run_choice import RunChoice
from app.web.fields import FieldProblem, Fields

USUAL_RUNS = RunChoice.parse("")
"""Runs of an address that names none."""

AXES = {
    "run": "run",
    "time": "time",
    "fill": "fill",
    "lumi": "integrated luminosity",
    "duration": "width by duration",
    "delivered": "width by delivered luminosity",
}
"""Values of `x` with their names. With `lumi` it is the running sum of the recorded luminosity of the shown runs."""

SWITCHES = {"errors": False, "fills": True, "duration": True, "lumis": False, "regression": True}
"""Parts of charts that can be left out, and whether they are shown unless the address says otherwise."""

SWITCH_NAMES = {"errors": "errors", "fills": "fills", "duration": "duration", "lumis": "luminosity", "regression": "regression"}
"""Names of the switches for users."""

SIGMA = 3.0
"""Half of the width of a band in an address that names none, standard deviations."""

LARGEST_SIGMA = 100.0

OPTION_FIELDS = ("runs", "class", "significant", "x", *SWITCHES, "band", "sigma", "robust", "drift")
"""Fields of `ChartOptions` in an address."""


@dataclass(frozen=True, kw_only=True)
class ChartOptions:
    """The runs and the look of charts.

    Attributes:
        runs: Which runs.
        run_class: Class of the runs in the Run Registry; "" for any.
        significant: "yes" hides the runs that are known as not significant, "all" shows them.
        x: What is on the x axis, of `AXES`.
        errors, fills, duration, lumis, regression: Whether error bars, bands of fills, duration and luminosity of runs, and
            regression lines are drawn.
        band: Reference runs of the band, or None for no band.
        sigma: Half of its width, standard deviations.
        robust: Whether it is made of median and MAD, which outliers do not change.
        drift: Whether changes of the level are marked.
        form: What the form of the page says about runs; None for an address, which has `runs`.
        problems: Of the address that was asked for.
    """

    runs: RunChoice = USUAL_RUNS
    run_class: str = ""
    significant: str = "yes"
    x: str = "run"
    errors: bool = SWITCHES["errors"]
    fills: bool = SWITCHES["fills"]
    duration: bool = SWITCHES["duration"]
    lumis: bool = SWITCHES["lumis"]
    regression: bool = SWITCHES["regression"]
    band: RunChoice | None = None
    sigma: float = SIGMA
    robust: bool = False
    drift: bool = False
    form: RunForm | None = None
    problems: tuple[FieldProblem, ...] = ()

    def replace(self, **changes: Any) -> Self:
        """The same with other values of some fields."""
        return replace(self, **changes)

    def with_known_golden(self) -> Self:
        """The same without a golden JSON that this hub does not have; it is among the problems then."""
        found = self
        for name, usual in (("runs", USUAL_RUNS), ("band", None)):
            choice: RunChoice | None = getattr(self, name)
            try:
                _ = choice and choice.golden and find_golden(choice.golden)
            except UnknownGolden as error:
                problem = FieldProblem(name, str(choice), str(error))
                found = found.replace(**{name: usual}, problems=(*found.problems, problem))
        return found

    @property
    def conditions(self) -> RunConditions:
        """The conditions on runs."""
        return RunConditions(self.significant, self.run_class)

    @property
    def option_query(self) -> list[tuple[str, str]]:
        """Names and values of these options in an address, without default values."""
        values = [
            ("runs", "" if self.runs == USUAL_RUNS else str(self.runs)),
            ("class", self.run_class),
            ("significant", "" if self.significant == "yes" else self.significant),
            ("x", "" if self.x == "run" else self.x),
            *((name, "" if getattr(self, name) == usual else str(int(not usual))) for name, usual in SWITCHES.items()),
            ("band", "" if self.band is None else str(self.band)),
            ("sigma", "" if self.sigma == SIGMA else exact_text(self.sigma)),
            ("robust", "1" if self.robust else ""),
            ("drift", "1" if self.drift else ""),
        ]
        return [(name, value) for name, value in values if value]


def exact_text(value: float | None) -> str:
    """A number as in an address and in a field for numbers, from which it is read again exactly; "" for none."""
    return "" if value is None else repr(value).removesuffix(".0")


def read_options(fields: Fields) -> dict[str, Any]:
    """The attributes of `ChartOptions` in the fields of an address."""
    return {
        "runs": fields.parsed("runs", parse_runs, USUAL_RUNS),
        "run_class": fields.text("class"),
        "significant": fields.choice("significant", ("yes", "all"), "yes"),
        "x": fields.choice("x", tuple(AXES), "run"),
        **{name: fields.switch(name, default=usual) for name, usual in SWITCHES.items()},
        "band": fields.parsed("band", _band, None),
        "sigma": fields.parsed("sigma", _sigma, SIGMA),
        "robust": fields.switch("robust"),
        "drift": fields.switch("drift"),
    }


def parse_runs(text: str) -> RunChoice:
    """The choice of runs of a text. Raises ValueError."""
    try:
        return RunChoice.parse(text)
    except InvalidQuery as error:
        raise ValueError(str(error)) from error


def _band(text: str) -> RunChoice | None:
    return parse_runs(text)


def _sigma(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not 0 < number <= LARGEST_SIGMA:
        raise ValueError(f"expected a number above 0, at most {LARGEST_SIGMA:g}")
    return number
