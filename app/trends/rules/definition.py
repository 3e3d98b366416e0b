"""What experts write in a rule, and the check of it."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from app.trends.errors import InvalidQuery
from app.trends.golden import find_golden
from app.trends.query.run_choice import RunChoice
from app.trends.query.selection import Selection
from app.trends.rules.errors import InvalidRule
from app.web.arguments import parse_int

MOST_IN_A_ROW = 100
MOST_POINTS = 100_000
LARGEST_SIGMA = 100.0
MAX_TEXT = 200
MAX_NOTE = 1000
MOST_LISTED = 200
"""Reference runs of a list: links to charts with all of them are short enough for servers."""
MOST_NAMED = 10
"""Reference runs that texts name one by one."""

_NAMES = re.compile(r"[A-Za-z0-9_+*?-]{1,200}")


class RuleDefinition(NamedTuple):
    """The parts of a rule that experts choose; see TrendRule.

    Attributes:
        subsystem, primary_dataset, processing: The selection.
        names: Name of a trend, or a pattern with * (any characters) and ? (one character).
        reference: Text form of a choice of runs; fixed ones, as the newest runs would follow what they shall watch.
        sigmas: Half the width of the band. in_a_row: points outside that are a violation.
        least_points: Points in the reference runs that a band needs.
        is_robust: Median and MAD instead of mean and standard deviation.
        note: For people.
    """

    subsystem: str
    primary_dataset: str
    processing: str
    names: str
    reference: str
    sigmas: float = 3.0
    in_a_row: int = 3
    least_points: int = 20
    is_robust: bool = False
    note: str = ""

    @property
    def selection(self) -> Selection:
        """The selection of its series."""
        return Selection(self.subsystem, self.primary_dataset, self.processing)

    @property
    def label(self) -> str:
        """The rule in a few words."""
        return f"{'/'.join(self.selection)}: {self.names} outside {self.sigmas:g} sigma of runs {self.reference_words} for {self.in_a_row} runs"

    @property
    def reference_words(self) -> str:
        """The reference runs for texts; of a long list the ends and the number."""
        runs = self.reference.split(",")
        return self.reference if len(runs) <= MOST_NAMED else f"{runs[0]},{runs[1]}, ... {runs[-1]} ({len(runs)} runs)"


def definition_from_form(form: Mapping[str, str]) -> RuleDefinition:
    """The definition in the fields of a form. Raises InvalidRule with all that is wrong, and what would be right."""
    texts = {name: form.get(name, "").strip() for name in ("subsystem", "pd", "ps", "names", "band", "note")}
    wrong = [*_wrong_texts(texts)]
    reference = ""
    try:
        reference = _reference(texts["band"])
    except InvalidQuery as error:
        wrong.append(("band", str(error)))
    sigmas = _sigmas(form.get("sigma", ""))
    in_a_row = parse_int(form.get("in_a_row", "").strip(), MOST_IN_A_ROW)
    least = parse_int(form.get("least_points", "").strip(), MOST_POINTS)
    if sigmas is None:
        wrong.append(("sigma", f"expected a number above 0, at most {LARGEST_SIGMA:g}"))
    if not in_a_row:
        wrong.append(("in_a_row", f"expected a whole number from 1 to {MOST_IN_A_ROW}"))
    if least is None or least < 2:
        wrong.append(("least_points", f"expected a whole number from 2 to {MOST_POINTS:,}"))
    if wrong:
        raise InvalidRule(wrong)
    assert sigmas is not None
    assert in_a_row is not None
    assert least is not None
    selection = (texts["subsystem"], texts["pd"], texts["ps"])
    return RuleDefinition(*selection, texts["names"], reference, sigmas, in_a_row, least, form.get("robust") == "1", texts["note"])


def _wrong_texts(texts: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    for name in ("subsystem", "pd", "ps"):
        text = texts[name]
        if not text or len(text) > MAX_TEXT or not text.isprintable() or "/" in text:
            yield name, f"expected a name without /, at most {MAX_TEXT} characters"
    if not _NAMES.fullmatch(texts["names"]):
        yield "names", "expected the name of a trend, or a pattern with * and ?, such as Charge_PXLayer_*"
    if len(texts["note"]) > MAX_NOTE or not all(each.isprintable() or each in "\r\n\t" for each in texts["note"]):
        yield "note", f"expected at most {MAX_NOTE:,} printable characters"


def _reference(text: str) -> str:
    """The choice in its usual form, that of a golden JSON with its whole hash. Raises InvalidQuery."""
    expected = "expected fixed runs such as 355001-355400 or 355001,355004"
    if not text:
        raise InvalidQuery(expected)
    choice = RunChoice.parse(text)
    if choice.latest:
        raise InvalidQuery(f"the latest runs would follow a drift: {expected}")
    if choice.golden:  # the whole hash, since another list may come to begin with the same digits
        return str(RunChoice(golden=find_golden(choice.golden).hash))
    if len(choice.runs) > MOST_LISTED:
        raise InvalidQuery(
            f"a list has at most {MOST_LISTED} runs, not {len(choice.runs):,}: choose a range, or a golden JSON as golden:<hash>"
        )
    return str(choice)


def _sigmas(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if math.isfinite(number) and 0 < number <= LARGEST_SIGMA else None
