"""Two hundred generated searches find the same on both databases as the plain reading of the rules."""

from __future__ import annotations

import random
import time
import unicodedata
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from app.core.settings import Settings
from app.diary.models import DiaryJob
from app.diary.observations.observation import Observation
from app.diary.observations.store import store
from app.diary.review.review import ReviewChange
from app.diary.review.reviews import reviews_of, save_review
from app.diary.search.facets import MAX_PASSED
from app.diary.search.find import MAX_SORTED, count, facets, find_numbers
from app.diary.search.selection import JobSelection
from app.diary.states import REVIEWS, STATES, VERDICTS
from tests.diary.observations import NOW
from tests.diary.plain_search import PlainJob, expected, facts_of, typed

pytestmark = pytest.mark.both_databases

JOBS, SEARCHES = 100, 200
WORDS = (
    "pixel",
    "pix",
    "Strip",
    "main_v1.2",
    "t-scale",
    "Größe",
    "ﬁt",
    "straße",
    "358788",
    "35",
    "v1",
    "title.key",
    "İz",
    "x" * 70,
    "x" * 64,
)
USERS = ("anna", "ann", "Anna", "bob b")
RUNS = ("358788", "358789", "35")
KEYS: dict[str, Callable[[DiaryJob], Any]] = {
    "changed": lambda row: -row.changed,
    "ended": lambda row: -min(row.ended or 0, row.changed),
    "name": lambda row: unicodedata.normalize("NFKC", row.name).casefold()[:100],
    "user": lambda row: row.user.casefold(),
}
Piece = tuple[bool, str, str, bool]


def text(chance: random.Random, most: int) -> str:
    """Some words between different blanks and signs."""
    return "".join(chance.choice(WORDS) + chance.choice((" ", "_", "/", ": ", "  ")) for _ in range(chance.randrange(most + 1)))


def fill(chance: random.Random) -> list[PlainJob]:
    """Jobs with any words in any field, a third of them with a review."""
    for source in ("slurm", "grid engine"):
        jobs = []
        for number in range(JOBS // 2):
            labels = {"run": chance.choice(RUNS), "tag": chance.choice(("Pixel", "", "hot")), "data.set": text(chance, 2)}
            kept = {name: value for name, value in labels.items() if value and chance.random() < 0.7}
            at = NOW - chance.randrange(40) * 3600
            job = Observation(
                f"{number + 3500}.{chance.choice('ab')}",
                NOW,
                chance.choice(STATES),
                at,
                chance.choice(("batch", "import")),
                text(chance, 3),
                chance.choice(USERS),
                chance.choice(("p1", "")),
                reason=text(chance, 2),
                ended=chance.choice((None, at + 60, NOW)),
                workdir=f"/data/{chance.choice(WORDS)}",
                labels=kept,
            )
            jobs.append(job)
        store(source, jobs, NOW)
    for row in DiaryJob.select().order_by(DiaryJob.source, DiaryJob.native_id):
        if chance.random() < 0.35:
            change = ReviewChange(chance.choice(REVIEWS), chance.choice(VERDICTS), text(chance, 2), text(chance, 6), ("hot", "v1.2"))
            save_review(row.id, change, 0, "anna")
    rows = list(DiaryJob.select())
    reviews = reviews_of([row.id for row in rows])
    return [PlainJob(row, reviews[row.id]) for row in rows]


def piece(chance: random.Random) -> Piece:
    """A term."""
    is_excluded, kind = chance.random() < 0.25, chance.random()
    if kind < 0.25:
        name, values = chance.choice((("state", STATES), ("review", REVIEWS), ("verdict", VERDICTS)))
        return is_excluded, name, ",".join(chance.sample(values, chance.choice((1, 2)))), False
    value = chance.choice(WORDS)
    value = chance.choice((value, value[: chance.randrange(1, len(value) + 1)], f"{value}_{chance.choice(WORDS)}"))
    field = chance.choice(("id", "name", "user", "project", "source", "kind", "run", "tag", "data.set")) if kind < 0.6 else ""
    if field:
        usual = {
            "id": "35",
            "user": chance.choice(("an", "bob", "anna")),
            "source": "gri",
            "kind": "imp",
            "run": chance.choice(RUNS),
            "tag": "ho",
        }
        value = chance.choice((value, usual.get(field, value)))
        value = chance.choice((value, f"{value},{chance.choice(WORDS)}"))
    is_quoted = chance.random() < 0.3
    value = value.strip("_.,") or "v1"
    if field and not is_quoted and chance.random() < 0.5:
        value += "*"
    return is_excluded, field, value, is_quoted


def selection(chance: random.Random) -> tuple[JobSelection, list[Piece], float | None, dict[str, tuple[str, ...]]]:
    """A selection, and what it means."""
    pieces = [piece(chance) for _ in range(chance.randrange(4))]
    hours = chance.randrange(40) if chance.random() < 0.2 else None
    narrowed: dict[str, tuple[str, ...]] = {}
    choices = {
        "state": STATES,
        "verdict": VERDICTS,
        "source": ("slurm", "grid engine"),
        "user": USERS,
        "run": RUNS,
        "tag": ("hot", "Pixel", "v1.2"),
    }
    for name, values in choices.items():
        if chance.random() < 0.12:
            narrowed[name] = tuple(chance.sample(values, chance.choice((1, 1, 2))))
    words = [typed(each) for each in pieces]
    since = None
    if hours is not None:
        since = (NOW - hours * 3600) // 60 * 60
        words.append(time.strftime("since:%Y-%m-%dT%H:%MZ", time.gmtime(since)))
    return JobSelection(" ".join(words), **narrowed, obsolete=chance.random() < 0.4), pieces, since, narrowed


@pytest.mark.parametrize("most", [MAX_SORTED, 5])
def test_every_order_is_that_of_its_column_with_the_newest_first(hub: Settings, monkeypatch: pytest.MonkeyPatch, most: int) -> None:
    monkeypatch.setattr("app.diary.search.find.MAX_SORTED", most)  # more are met on the way through all jobs
    chance = random.Random(17)
    jobs = fill(chance)
    for order, key in KEYS.items():
        for wanted in (
            JobSelection(order=order),
            JobSelection("v1", order=order, obsolete=True),
            JobSelection(user=("anna",), order=order),
        ):
            newest = {number: place for place, number in enumerate(find_numbers(replace(wanted, order="newest"), (), 1000))}
            right = sorted(newest, key=lambda number: (key(next(job.row for job in jobs if job.row.id == number)), newest[number]))
            assert find_numbers(wanted, (), 1000) == right
            assert find_numbers(wanted, (), 7, 5) == right[5:12]


def test_generated_searches_find_what_the_rules_say(hub: Settings) -> None:
    chance = random.Random(15)
    jobs = fill(chance)
    found_some = 0
    for _ in range(SEARCHES):
        wanted, pieces, since, narrowed = selection(chance)
        right = expected(jobs, pieces, since, narrowed, wanted.obsolete)
        assert find_numbers(wanted, (), 1000) == right, wanted
        assert count(wanted, ()) == len(right), wanted
        found_some += bool(right)
    assert found_some > SEARCHES / 4, "or these searches test nothing"


@pytest.mark.parametrize("most", [MAX_PASSED, 5])
def test_the_counts_of_facets_are_those_of_the_jobs_that_have_the_value(hub: Settings, monkeypatch: pytest.MonkeyPatch, most: int) -> None:
    monkeypatch.setattr("app.diary.search.facets.MAX_PASSED", most)  # of more jobs, only some values are counted, here all
    chance = random.Random(16)
    jobs = fill(chance)
    for _ in range(SEARCHES // 20):
        wanted, pieces, since, narrowed = selection(chance)
        found = facets(wanted, ())
        for field in ("state", "review", "verdict", "source", "user", "run", "tag"):
            others = {name: value for name, value in narrowed.items() if name != field}
            obsolete = wanted.obsolete or ("obsolete" in narrowed.get("verdict", ()) and field != "verdict")
            values = {value for job in jobs for value in facts_of(job)[field] if value}
            right = {value: len(expected(jobs, pieces, since, {**others, field: (value,)}, obsolete)) for value in values}
            assert dict(found[field].counts) == {value: number for value, number in right.items() if number}, (wanted, field)
