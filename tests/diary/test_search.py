"""Finding jobs, on both databases."""

from __future__ import annotations

import pytest

from app.core.settings import Settings
from app.diary import jobs
from app.diary.models import DiaryJob
from app.diary.observations.store import store
from app.diary.review.review import ReviewChange
from app.diary.review.reviews import save_review
from app.diary.search.find import count, facets, find, numbers
from app.diary.search.selection import JobSelection
from tests.diary.observations import NOW, seen

pytestmark = pytest.mark.both_databases


def names(q: str = "", users: tuple[str, ...] = (), **values: object) -> list[str]:
    """The names of the jobs of a selection, of which all ways to ask must say the same."""
    selection = JobSelection(q, **values)
    found = find(selection, users, 100)
    assert count(selection, users) == len(found)
    assert {job.id for job in DiaryJob.select().where(DiaryJob.id.in_(numbers(selection, users)))} == {job.id for job in found}
    return [job.name for job in found]


def fill() -> None:
    """Four jobs, the newest last."""
    jobs_of = [
        seen(NOW, "failed", "1", submitted=NOW - 400, name="some_main_v1.2_title.key", user="anna", labels={"run": "358788"}),
        seen(NOW, "running", "12", submitted=NOW - 300, name="pixel t_scale", user="bob", labels={"run": "358788", "tag": "Pixel"}),
        seen(NOW, "done", "123", submitted=NOW - 200, name="Validation", user="anna", project="p_3001234"),
        seen(NOW, "failed", "1234", submitted=NOW - 100, name="strip", labels={"dataset": "/ZeroBias/Run2026A-v1/DQMIO"}),
    ]
    store("slurm", jobs_of, NOW)


def test_words_find_jobs_that_have_a_word_which_begins_so(hub: Settings) -> None:
    fill()
    assert names() == ["strip", "Validation", "pixel t_scale", "some_main_v1.2_title.key"]
    assert names("vali") == ["Validation"]
    assert names("lid") == []
    assert names("v1.2") == names("main_v1") == names('"title key"') == ["some_main_v1.2_title.key"]
    assert names('"titl key"') == names('"title ke"') == []
    assert names("name:vali") == names("name:vali*") == ["Validation"]
    assert names("dataset:zerobias*") == names("run2026a-v1") == ["strip"]
    assert names("run:358788 -state:failed") == names("tag:pix*") == ["pixel t_scale"]
    assert names("state:failed,done -strip") == ["Validation", "some_main_v1.2_title.key"]
    assert names("-t_scale -user:anna") == ["strip"]


def test_a_field_is_searched_by_its_whole_value_unless_a_star_asks_for_its_beginning(hub: Settings) -> None:
    fill()
    assert names("id:123") == names('id:"123"') == ["Validation"]
    assert names("id:123*") == ["strip", "Validation"]
    assert names("id:12,1234") == ["strip", "pixel t_scale"]
    assert names("run:35878") == names("user:ann") == names("user:b") == names("tag:pix") == names("source:slu") == names("kind:b") == []
    assert names("run:35878*") == names("run:358788") == ["pixel t_scale", "some_main_v1.2_title.key"]
    assert names("user:ANN*") == names("user:Anna") == ["Validation", "some_main_v1.2_title.key"]
    assert names("project:p_3001234") == names("project:p_3001*") == ["Validation"]
    assert names("project:3001234") == names("dataset:zerobias") == names("dataset:/ZeroBias/Run2026A-v1") == []
    assert names("dataset:/zerobias/run2026a-v1/DQMIO") == names('dataset:"ZeroBias Run2026A-v1 DQMIO"') == ["strip"]
    assert names("-user:ann id:1*") == names()


def test_a_selection_narrows_by_whole_values(hub: Settings) -> None:
    fill()
    assert names(state=("failed",)) == ["strip", "some_main_v1.2_title.key"]
    assert names(user=("ann",)) == []
    assert names(user=("anna", "bob"), run=("358788",)) == ["pixel t_scale", "some_main_v1.2_title.key"]
    assert names(mine=True) == []
    assert names(users=("bob", "carl"), mine=True) == ["pixel t_scale"]
    assert facets(JobSelection(), ())["user"].counts == [("anna", 2), ("bob", 1)]


def test_reviews_and_states_by_hand_are_found_at_once(hub: Settings) -> None:
    fill()
    numbers_of = {job.name: job.id for job in DiaryJob.select()}
    save_review(numbers_of["strip"], ReviewChange(verdict="obsolete"), 0, "anna")
    save_review(numbers_of["Validation"], ReviewChange(review="done", notes="Cooling *failed*", add_tags=("cold",)), 0, "anna")
    jobs.pin_state(numbers_of["pixel t_scale"], "failed", "anna")
    assert names("state:failed") == ["pixel t_scale", "some_main_v1.2_title.key"]
    assert names(obsolete=True, state=("failed",))[0] == "strip"
    assert names("verdict:obsolete") == names(verdict=("obsolete",)) == ["strip"]
    assert names("review:open") == ["pixel t_scale", "some_main_v1.2_title.key"]
    assert names("cooling") == names(tag=("cold",)) == names("tag:cold") == ["Validation"]


def test_lists_have_the_chosen_order(hub: Settings) -> None:
    fill()
    assert names(order="oldest") == names()[::-1]
    assert names(order="name") == ["pixel t_scale", "some_main_v1.2_title.key", "strip", "Validation"]
    assert names("", order="user") == ["strip", "Validation", "some_main_v1.2_title.key", "pixel t_scale"]


def test_texts_of_any_size_are_stored_and_what_is_most_important_of_them_is_found(hub: Settings) -> None:
    words = [f"{number:x}\U0001d7d8" for number in range(40_000)]
    labels = {f"{'n' * 30}{number}": " ".join(words[250 * number : 250 * number + 250])[:500] for number in range(100)}
    store("slurm", [seen(NOW, "failed", name="big", reason=" ".join(words[:800]), labels={"run": "358788", **labels})], NOW)
    save_review(DiaryJob.get().id, ReviewChange(summary="huge", notes=" ".join(words)[:20_000]), 0, "anna")
    assert names("big run:358788 huge state:failed") == ["big"]
    assert names(run=("358788",)) == ["big"]


def test_searches_of_the_largest_size_are_answered(hub: Settings) -> None:
    fill()
    values = tuple(f"value {number}" for number in range(50))
    everything = dict.fromkeys(("source", "user", "project", "run", "tag"), values)
    assert names(" ".join(f"-w{number}" for number in range(50)), **everything) == []
    assert names(" ".join(["-no_such"] * 50)) == names()
    assert names("name:" + ",".join(["no", "strip"] * 50)) == ["strip"]
    assert names("a_" * 249) == []


@pytest.mark.parametrize(
    "q", ["\ud800x", "%s x", "pixel\0strip", "x'; DROP TABLE diary_job;--", '"%s"', "(a OR x)", "NEAR(a b)", "^x", "x*"]
)
def test_signs_of_any_kind_are_no_operators_of_the_database(hub: Settings, q: str) -> None:
    fill()
    assert names(q) == []
