"""Jobs are found by how they ended, and a field that no job has is named."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient

from app.diary.models import DiaryJob
from app.diary.observations.store import store
from app.diary.review.review import ReviewChange
from app.diary.review.reviews import save_review
from tests.diary.observations import NOW, seen
from tests.diary.test_list import listed
from tests.diary.test_pages import words


@pytest.mark.parametrize(
    ("search", "names"),
    [
        ("exit:137", ["fit_shell"]),
        ("exit:13", []),
        ("exit:0", ["fit_good"]),
        ("signal:9", ["fit_signal", "fit_shell"]),  # 137 is 128 + 9
        ("signal:SIGKILL", ["fit_signal", "fit_shell"]),
        ("sigkill", ["fit_signal", "fit_shell"]),
        ("137", []),  # no word of the job
        ("reason:memory", ["fit_signal"]),
        ("summary:disk", ["fit_good"]),
        ("summary:memory", []),
    ],
)
def test_jobs_are_found_by_exit_code_signal_reason_and_summary(client: FlaskClient, search: str, names: list[str]) -> None:
    ends = [("good", {"exit_code": 0}), ("shell", {"exit_code": 137}), ("signal", {"signal": 9, "reason": "Out of memory"})]
    found = [seen(NOW, "done", name, submitted=NOW - 900 + n, name=f"fit_{name}", **end) for n, (name, end) in enumerate(ends)]
    store("s", found, NOW)
    save_review(DiaryJob.get(DiaryJob.name == "fit_good").id, ReviewChange(summary="The disk was full"), 0, "anna")
    assert listed(client.get("/diary", query_string={"q": search}).text) == names


def test_a_field_that_no_job_has_is_named(client: FlaskClient) -> None:
    store("s", [seen(NOW, "done", name="fit", labels={"era": "2026"})], NOW)
    assert "No job matches. No job has a label foo . Remove" in words(client.get("/diary?q=foo:bar").text)
    assert "No job has a label" not in words(client.get("/diary?q=era:2025").text)
