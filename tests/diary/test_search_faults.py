"""Searches that failed or misled, on both databases."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from flask.testing import FlaskClient

from app.core.settings import Settings
from app.diary.errors import BadSearch
from app.diary.models import DiaryJob
from app.diary.observations.store import store
from app.diary.search.facets import MAX_COUNTED, MAX_VALUES
from app.diary.search.find import count, facets, find
from app.diary.search.query import parse
from app.diary.search.selection import FACETS, JobSelection, selection_of
from tests.diary.observations import NOW, seen

pytestmark = pytest.mark.both_databases


def names(q: str) -> list[str]:
    selection = JobSelection(q)
    found = find(selection, (), 10)
    assert count(selection, ()) == len(found)
    return [job.name for job in found]


@pytest.mark.parametrize("day", ["2514-05-30", "2514-06-01", "2600-01-01", "9999-12-31", "9999-12-31T23:59"])
def test_a_time_in_centuries_is_answered(hub: Settings, client: FlaskClient, day: str) -> None:
    store("slurm", [seen(NOW, name="fit")], NOW)
    assert names(f"since:{day}") == []
    assert names(f"until:{day}") == ["fit"]
    number = DiaryJob.get().id
    for address in ("/diary?q=since:", "/diary/jobs.csv?q=until:", "/diary/values/user?q=since:", f"/diary/jobs/{number}?list=q%3Dsince:"):
        assert client.get(address + day).status_code == 200
    assert client.get(f"/api/v1/jobs?q=since:{day}&facets=1").json["count"] == 0


def test_the_earliest_of_two_ends_holds_also_if_it_is_the_first_second() -> None:
    later = datetime(2026, 11, 2, tzinfo=UTC).timestamp()
    for q in ("until:1900-01-01 until:2026-11-01", "until:2026-11-01 until:1900-01-01"):
        assert parse(q, NOW).until == 0
    assert parse("since:1900-01-01 since:2026-11-02", NOW).since == int(later)


def test_the_51st_value_of_a_field_is_refused_and_not_left_out(hub: Settings, client: FlaskClient) -> None:
    values = [f"user{number}" for number in range(MAX_VALUES + 1)]
    assert len(selection_of({"user": values[:-1]}).user) == MAX_VALUES
    for field in sorted({*FACETS} - {"state", "review", "verdict"}):
        with pytest.raises(BadSearch, match=f"{field}: .* at most 50 values of a field, not 51"):
            selection_of({field: values})
    query = "&".join(f"user={value}" for value in values)
    assert client.get(f"/diary?{query}").status_code == client.get(f"/diary/jobs.csv?{query}").status_code == 400


def test_a_list_of_a_rare_user_has_its_own_values(hub: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.diary.search.facets.MAX_PASSED", 2)
    common = [
        seen(NOW, native_id=f"{project}-{number}", project=f"p{project}") for project in range(MAX_COUNTED + 2) for number in range(3)
    ]
    rare = [seen(NOW, native_id=f"r{number}", user="eve", project="own", labels={"run": "358788", "tag": "hot"}) for number in range(3)]
    store("slurm", [*common, *rare], NOW)
    found = facets(JobSelection("eve", user=("eve",)), ())
    assert {field: found[field].counts for field in ("project", "run", "tag")} == {
        "project": [("own", 3)],
        "run": [("358788", 3)],
        "tag": [("hot", 3)],
    }


def test_values_that_are_left_out_are_told_from_all_values(hub: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    users = [seen(NOW, native_id=str(number), user=f"user{number:02}", name="fit") for number in range(MAX_VALUES)]
    store("slurm", users, NOW)
    for selection in (JobSelection(), JobSelection("fit")):
        found = facets(selection, ())["user"]
        assert (len(found.counts), found.is_cut) == (MAX_VALUES, False)
    store("slurm", [seen(NOW, native_id="more", user="more", name="fit")], NOW)
    for selection in (JobSelection(), JobSelection("fit")):
        found = facets(selection, ())["user"]
        assert (len(found.counts), found.is_cut) == (MAX_VALUES, True)
    monkeypatch.setattr("app.diary.search.facets.MAX_PASSED", 2)
    assert facets(JobSelection("fit"), ())["user"].is_cut
    assert not facets(JobSelection("fit"), ())["source"].is_cut


def test_words_that_too_many_jobs_have_are_not_read_to_find_those_that_follow_each_other(
    hub: Settings, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.diary.search.matching.MAX_READ", 4)
    jobs = [
        seen(NOW, native_id=str(day), submitted=NOW - day * 86_400, name=name) for day, name in enumerate(("b a", "a b", "a c b", "a b"))
    ]
    store("slurm", jobs, NOW)
    assert names('"a b"') == names("a_b") == ["a b", "a b"]
    store("slurm", [seen(NOW, native_id="x", submitted=NOW - 9 * 86_400, name="a-b"), seen(NOW, native_id="y", name="other")], NOW)
    for q in ('"a b"', "a_b", "name:a_b", '-"a b"'):
        for ask in (find, count):
            with pytest.raises(BadSearch, match=r"More than 4 jobs would have to be read to see whether the words [ab] [ab] follow"):
                ask(JobSelection(q, order="name"), (), *([10] if ask is find else []))
    assert names("a b") == ["b a", "a b", "a c b", "a b", "a-b"], "words alone are found by the index"
    assert names("other a_b") == []
    assert names(f"a_b since:{datetime.fromtimestamp(NOW - 2.5 * 86_400, UTC):%Y-%m-%dT%H:%M}") == ["a b"]
    answer = client.get("/diary?q=a_b")
    assert answer.status_code == 400
    assert "such as since:2d" in answer.text
