"""Arguments of addresses of lists that nobody knows: a slip in one must not select all jobs."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient

from app.security import Role
from tests.diary.test_list import fill, listed
from tests.diary.users import signed_in


@pytest.mark.parametrize("path", ["/diary", "/diary/jobs.csv", "/diary/jobs.json", "/diary/values/user", "/diary/bulk/new", "/api/v1/jobs"])
def test_a_misspelled_argument_selects_no_jobs_and_the_nearest_one_is_named(client: FlaskClient, path: str) -> None:
    fill()
    shifter = signed_in("shifter", Role.SHIFTER)
    answer = client.get(f"{path}?usr=anna", headers=shifter)
    assert answer.status_code == 400
    assert "meant is perhaps user" in answer.text
    assert client.get(f"{path}?user=anna", headers=shifter).status_code == 200


def test_a_bulk_review_with_a_misspelled_argument_changes_nothing(client: FlaskClient) -> None:
    fill()
    answer = client.post("/api/v1/jobs/reviews?usr=anna", json={"count": 5, "review": "done"}, headers=signed_in("shifter", Role.SHIFTER))
    assert answer.status_code == 400
    assert "meant is perhaps user" in answer.text
    assert not listed(client.get("/diary?review=done&user=anna").text)


def test_arguments_of_no_known_name_are_refused_with_all_that_there_are(client: FlaskClient) -> None:
    problem = str(client.get("/api/v1/jobs?bogus=1").get_json())
    assert "There is no argument 'bogus' here; there are digest, facets, limit, mine, obsolete" in problem


def test_arguments_of_programs_that_pass_on_links_are_ignored(client: FlaskClient) -> None:
    fill()
    assert listed(client.get("/diary?q=fit_one&utm_source=mail&fbclid=7").text) == ["fit_one"]


def test_arguments_of_the_earlier_diary_lead_on_with_and_without_the_slash(client: FlaskClient) -> None:
    fill()
    for path in ("/diary", "/diary/"):
        assert listed(client.get(f"{path}?q=map&show_obsolete=on", follow_redirects=True).text) == ["map_six", "map_five", "map_four"]
