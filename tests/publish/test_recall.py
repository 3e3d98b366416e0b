"""The cases of corpus/: what must not be published vanishes, and what is useful stays."""

from __future__ import annotations

import pytest

from app.publish.sanitize.sanitizer import Sanitizer
from tests.publish.recall import Outcome, cases, outcome, recall, table

MIN_RECALL = 0.99


@pytest.fixture(scope="module")
def outcomes(sanitizer: Sanitizer) -> list[Outcome]:
    """All of them; `sanitizer` has the database."""
    return [outcome(case) for case in cases()]


def test_all_but_one_of_a_hundred_private_pieces_vanish(outcomes: list[Outcome]) -> None:
    print(table(outcomes))
    for kind in {one.case.kind.partition("/")[0] for one in outcomes}:
        assert recall([one for one in outcomes if one.case.kind.partition("/")[0] == kind]) >= MIN_RECALL, kind


def test_each_case_of_the_corpus_holds_unless_it_is_known_as_missed(outcomes: list[Outcome]) -> None:
    wrong = [one for one in outcomes if bool(one.published or one.destroyed) != bool(one.case.missed)]
    assert not wrong, table(wrong)
