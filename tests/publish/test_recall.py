"""The cases of corpus/: what must not be published vanishes, and what is useful stays."""

from __future__ import annotations

import pytest

from app.publish.sanitize.sanitizer import Sanitizer
from tests.publish.recall import HOLD_OUT, Outcome, cases, outcome, recall, summary, table

MIN_RECALL = 0.99


@pytest.fixture(scope="module")
def outcomes(sanitizer: Sanitizer) -> list[Outcome]:
    """All of them but the hold-out; `sanitizer` has the database."""
    return [outcome(case) for case in cases() if not case.kind.startswith(HOLD_OUT)]


def test_all_but_one_of_a_hundred_private_pieces_vanish(outcomes: list[Outcome]) -> None:
    print(table(outcomes))
    for kind in {one.case.kind.partition("/")[0] for one in outcomes}:
        assert recall([one for one in outcomes if one.case.kind.partition("/")[0] == kind]) >= MIN_RECALL, kind


def test_each_case_of_the_corpus_holds_unless_it_is_known_as_missed(outcomes: list[Outcome]) -> None:
    wrong = [one for one in outcomes if bool(one.published or one.destroyed) != bool(one.case.missed)]
    assert not wrong, table(wrong)


def test_the_recall_of_forms_that_were_never_mended_against_is_printed(sanitizer: Sanitizer) -> None:
    """No threshold: the rules would be written until it is reached, and the figure would say nothing of new logs any more."""
    held_out = [outcome(case) for case in cases(HOLD_OUT)]
    print(summary(held_out))
    assert recall(held_out) > 0
