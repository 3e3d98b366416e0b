"""Reviewing all jobs of a list on the pages."""

from __future__ import annotations

import re
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from app.core.settings import Settings
from app.diary.models import DiaryBulkReview, DiaryJob, DiaryReview
from app.diary.observations.store import store
from app.diary.review.bulk import DIRECT, run_bulk
from app.diary.review.review import ReviewChange
from app.diary.review.reviews import review_of, save_review
from app.security import Role
from tests.diary.observations import NOW, seen
from tests.diary.test_list import fill, links, listed
from tests.diary.test_pages import words
from tests.diary.users import browser_of, signed_in

NEW = "/diary/bulk/new?state=failed"


class Shifter:
    """A shifter's browser."""

    def __init__(self, client: FlaskClient) -> None:
        self.client = client
        self.headers = signed_in("sam", Role.SHIFTER)

    def get(self, address: str, **options: Any) -> TestResponse:
        return self.client.get(address, headers=self.headers, **options)

    def post(self, address: str, **form: object) -> TestResponse:
        return self.client.post(address, data=form, headers=self.headers)

    def confirm(self, address: str, **form: object) -> TestResponse:
        """Fill in the form and confirm what it would do."""
        return self.post(address, **form, do="review", **expected(self.post(address, **form, do="check").text))


def expected(html: str) -> dict[str, str]:
    """What the confirmation sends of the jobs that it has shown."""
    return dict(re.findall(r'name="(count|digest)" value="(\w+)"', html))


@pytest.fixture
def sam(client: FlaskClient) -> Shifter:
    return Shifter(client)


def test_all_jobs_of_a_list_are_reviewed_once_their_number_is_confirmed(hub: Settings, sam: Shifter) -> None:
    numbers = fill()
    address = links(sam.get("/diary?state=failed&page=1").text)["Review all 2"]
    assert address == NEW
    assert "Review 2 jobs" in words(sam.get(address).text)
    checked = words(sam.post(address, review="done", add_tags="#known", do="check").text)
    assert "Set in each of these 2 jobs Review done Add tags #known" in checked
    assert review_of(numbers["fit_one"]).version == 0
    answer = sam.confirm(address, review="done", add_tags="#known")
    assert answer.status_code == 303
    result = words(sam.get(answer.location).text)
    assert "2 jobs were changed." in result
    assert "review done; add tags known" in result
    found = review_of(numbers["fit_one"])
    assert (found.review, found.tags, found.by) == ("done", ("known",), "sam")
    assert review_of(numbers["fit_two"]).tags == ("disk", "known")
    assert '<option value="old known">' in sam.get("/diary/tags?add_tags=old+kn").text
    assert review_of(numbers["fit_three"]).version == 0
    assert listed(sam.get(links(sam.get("/diary/bulk").text)["2"]).text) == ["fit_two", "fit_one"]


def test_a_list_that_has_changed_since_is_confirmed_again(hub: Settings, sam: Shifter) -> None:
    numbers = fill()
    answer = sam.post(NEW, verdict="issue", do="review", count=3)
    assert answer.status_code == 409
    assert "The list has 2 jobs now, not 3. Nothing was changed." in words(answer.text)
    assert 'name="verdict" value="issue"' in answer.text
    assert review_of(numbers["fit_one"]).version == 0


@pytest.mark.parametrize(
    ("form", "problem"),
    [
        ({}, "Fill in at least one field"),
        ({"summary": " "}, "Fill in at least one field"),
        ({"verdict": "good"}, "Expected one of none, ok, not-ok"),
        ({"add_tags": "two words/"}, "Expected letters, digits"),
    ],
)
def test_a_bulk_review_that_cannot_be_is_refused_with_its_text_kept(
    hub: Settings, sam: Shifter, form: dict[str, str], problem: str
) -> None:
    fill()
    for step in ("check", "review"):
        answer = sam.post(NEW, **form, do=step, count=2)
        assert answer.status_code == 400
        assert problem in words(answer.text)
    assert all(f'value="{value}"' in answer.text for name, value in form.items() if name != "verdict")
    assert DiaryBulkReview.select().count() == 0


def test_a_bulk_review_is_undone_but_for_jobs_that_were_reviewed_since(hub: Settings, sam: Shifter) -> None:
    numbers = fill()
    page = sam.confirm(NEW, verdict="ok").location
    save_review(numbers["fit_one"], ReviewChange(summary="No, look again"), 1, "anna")
    assert "Undo" in words(sam.get("/diary/bulk").text)
    assert sam.post(f"{page}/undo").status_code == 303
    result = words(sam.get(page).text)
    assert "1 job of 2 was restored. 1 job was changed since and keeps the newer review." in result
    assert review_of(numbers["fit_two"]).verdict == "issue"
    assert review_of(numbers["fit_one"]).summary == "No, look again"
    assert "undone by sam" in words(sam.get("/diary/bulk").text)
    assert sam.post(f"{page}/undo").status_code == 409
    assert sam.post("/diary/bulk/77/undo").status_code == sam.get("/diary/bulk/77").status_code == 404


def test_many_jobs_are_reviewed_in_the_background_and_the_page_follows(hub: Settings, sam: Shifter) -> None:
    count = DIRECT + 1
    store("s", [seen(NOW, "failed", native_id=str(number), submitted=NOW - number) for number in range(count)], NOW)
    page = sam.confirm(NEW, review="done").location
    html = sam.get(page).text
    assert f"in progress 0 of {count} jobs are reviewed." in words(html)
    assert "This bulk review is not finished yet" in words(html)
    poll = links(html.replace("hx-get", "><a href").replace(" hx-trigger", ">poll</a>"))["poll"]
    assert sam.get(poll).status_code == 204
    run_bulk(DiaryBulkReview.get().id)
    answer = sam.get(poll)
    assert f"{count} jobs were changed." in words(answer.text)
    assert "hx-get" not in answer.text.partition('id="bulk"')[2].partition(">")[0]


def test_only_shifters_review_all_jobs_of_a_list_that_has_those_of_others(client: FlaskClient) -> None:
    fill()
    anna = signed_in("anna", Role.VIEWER)
    assert "Review all 5" not in words(client.get("/diary", headers=anna).text)
    assert client.get(NEW, headers=anna).status_code == 403
    assert client.post(NEW, data={"review": "done", "do": "review", "count": 2}, headers=anna).status_code == 403
    assert "There are none yet." in words(client.get("/diary/bulk", headers=anna).text)


def test_each_user_reviews_all_own_jobs_and_undoes_it(client: FlaskClient) -> None:
    fill()
    anna, eve = browser_of(client, "anna"), browser_of(client, "eve")
    own = DiaryJob.select().where(DiaryJob.user == "anna").count()
    assert 0 < own < DiaryJob.select().count()
    address = links(anna.get("/diary?mine=1").text)[f"Review all {own}"]
    form = {"verdict": "other", "do": "check"}
    form |= expected(anna.post(address, data=form).text) | {"do": "review"}
    answer = anna.post(address, data=form)
    assert answer.status_code == 303
    page = answer.headers["Location"]
    reviewed = {row.job for row in DiaryReview.select().where(DiaryReview.verdict == "other")}
    assert reviewed == {row.id for row in DiaryJob.select().where(DiaryJob.user == "anna")}
    for user, is_offered in ((anna, True), (eve, False)):
        assert ("Undo</button>" in user.get(page).text) == is_offered
        assert ("Undo</button>" in user.get("/diary/bulk").text) == is_offered
    assert eve.post(f"{page}/undo").status_code == 403
    assert anna.post(f"{page}/undo").status_code == 303
    assert not DiaryReview.select().where(DiaryReview.verdict == "other").exists()


def test_the_confirmation_says_what_people_have_written_already_and_what_is_replaced(hub: Settings, sam: Shifter) -> None:
    numbers = fill()  # fit_two is done, an issue, with a summary
    save_review(numbers["fit_one"], ReviewChange(verdict="ok"), 0, "anna")
    found = words(sam.post(NEW, verdict="ok", summary="All good").text)
    assert "1 job of these is already reviewed. 1 summary will be replaced. 1 verdict will be replaced." in found
    assert "replaced" not in words(sam.post(NEW, add_tags="known").text)
