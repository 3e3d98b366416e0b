"""What holds for every address."""

from __future__ import annotations

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.web import Problem
from app.web.errors import problem_response

pytestmark = pytest.mark.both_databases


@pytest.mark.parametrize(
    "address",
    [
        "/?run=%00",
        "/?dataset=a%00b",
        "/api/v1/samples?run=%00",
        "/api/v1/datasets?search=%00",
        "/api/v1/lumis/1/%00/b/c",
        "/browse/1/a%00/b/c",
    ],
)
def test_an_address_with_nul_is_refused_on_either_database(client: FlaskClient, address: str) -> None:
    assert client.get(address).status_code == 400


def test_the_field_that_holds_nul_is_named(client: FlaskClient) -> None:
    response = client.get("/api/v1/datasets?limit=5&search=%00&search=a%00").get_json()
    assert response["errors"] == [{"field": "search", "problem": "must not contain the character NUL"}]


def test_a_user_name_with_nul_is_refused(client: FlaskClient) -> None:
    assert client.post("/account/sign-in", data={"name": "a\0b", "password": "x"}).status_code == 400


@pytest.mark.parametrize(
    "path", ["/control", "/published", "/notifications", "/status", "/help", "/help/square", "/files", "/square", "/square/timeline"]
)
def test_address_of_a_page_with_a_slash_at_its_end_leads_to_the_page(client: FlaskClient, path: str) -> None:
    answer = client.get(f"{path}/?q=a%20b")
    assert (answer.status_code, answer.location) == (308, f"{path}?q=a%20b")
    assert client.get(path).status_code in (200, 303)


@pytest.mark.parametrize("path", ["/nothing/", "/api/v1/samples/", "/square/runs/abc/"])
def test_unknown_address_with_a_slash_at_its_end_is_not_found(client: FlaskClient, path: str) -> None:
    assert client.get(path).status_code == 404


def test_a_choice_that_does_not_exist_is_refused_with_the_possible_ones(client: FlaskClient) -> None:
    page = client.get("/square?tz=mars").text
    assert "The value of tz cannot be used" in page
    assert "Expected one of cern, utc, local, not &#39;mars&#39;" in page


@pytest.mark.parametrize("status", [409, 413, 501, 502, 503, 504])
def test_an_error_page_has_a_title_and_offers_to_try_again_only_what_can_be_requested_again(app: Flask, status: int) -> None:
    for method in ("GET", "POST"):
        with app.test_request_context("/square", method=method, headers={"HX-Request": "true"}):
            page = problem_response(Problem(status, "The reason")).get_data(as_text=True)
        assert "Something went wrong" not in page
        assert ("Try again" in page) == (method == "GET" and status >= 429)


def test_a_problem_lists_at_most_100_fields_and_counts_the_others(app: Flask) -> None:
    problem = Problem(400, "m" * 10_000, [(f"field {number}" * 100, "x" * 10_000) for number in range(250)])
    with app.test_request_context("/api/v1/x"):
        response = problem_response(problem)
    assert (len(response.json["errors"]), response.json["not_listed"]) == (100, 150)
    assert len(response.data) < 120_000
    with app.test_request_context("/square", method="POST", headers={"HX-Request": "true"}):
        assert "and 150 more" in problem_response(problem).get_data(as_text=True)
