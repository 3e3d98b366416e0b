"""/api/v1/jobs: the same jobs as the list, reviews with versions, bulk reviews, states set by hand, states of sources."""

from __future__ import annotations

import re
import time
from typing import Any
from urllib.parse import quote

import pytest
from flask.testing import FlaskClient

from app.core.settings import TREE, Settings
from app.diary.models import DiaryJob
from app.diary.observations.observation import ParentKey
from app.diary.observations.store import store
from app.diary.review.reviews import review_of
from app.diary.sources.registry import source_named
from app.diary.sources.runner import scan_source
from app.security import Role, tokens
from app.security.models import User
from tests.diary.observations import NOW, seen
from tests.diary.users import browser_of

PATH = "/api/v1/jobs"


def token(name: str, role: Role) -> dict[str, str]:
    """The header of a user."""
    user = User.create(name=name, role=role, password="", created=time.time())
    return {"Authorization": f"Bearer {tokens.make(user, 'test', role, 1)[1]}"}


@pytest.fixture
def jobs(hub: Settings) -> list[int]:
    """The numbers of three jobs: the second follows from the first, the last is of another source."""
    store("slurm", [seen(NOW, "failed", "1", name="fit beamspot", user="anna", exit_code=7, labels={"run": "358788"})], NOW)
    store("slurm", [seen(NOW, "done", "2", user="ben", parents=[ParentKey("slurm", "1")], facts={"x": [1]})], NOW)
    store("lsf", [seen(NOW, "running", "9", user="anna", metrics={"events": 5})], NOW)
    return [job.id for job in DiaryJob.select().order_by(DiaryJob.id)]


def expected(client: FlaskClient, query: str = "") -> dict[str, Any]:
    """What the sender of a bulk review expects of the jobs of a query."""
    found = get(client, f"{PATH}?digest=1&{query}")
    return {name: found[name] for name in ("count", "digest")}


def get(client: FlaskClient, path: str) -> Any:
    answer = client.get(path)
    assert answer.status_code == 200, answer.text
    return answer.json


def test_jobs_are_selected_by_the_arguments_of_the_list(client: FlaskClient, jobs: list[int]) -> None:
    def selected(query: str) -> tuple[int, list[int]]:
        found = get(client, f"{PATH}?{query}")
        return found["count"], [job["id"] for job in found["jobs"]]

    first, second, third = jobs
    assert selected("") == (3, [third, second, first])
    assert selected("q=state:failed%20review:open") == selected("state=failed&review=open") == selected("q=beam") == (1, [first])
    assert selected("user=anna&order=oldest&limit=1") == (2, [first])
    assert selected("user=anna&order=oldest&limit=1&page=2") == (2, [third])
    assert selected("source=slurm&source=lsf&run=358788") == (1, [first])
    assert selected("page=7") == (3, [])
    assert get(client, f"{PATH}?facets=1")["facets"]["user"] == {"anna": 2, "ben": 1}


def test_the_page_and_the_api_have_the_same_jobs_in_the_same_order(client: FlaskClient, jobs: list[int]) -> None:
    anna, many = token("anna", Role.VIEWER), ("q=fit+-done&source=slurm", "order=name&state=done&state=running", "mine=1")
    for query in ("q=state:failed", "user=anna&order=oldest", "tag=none", *many):
        table = client.get(f"/diary?{query}", headers=anna).text.partition('class="jobs')[2]
        shown = [int(number) for number in re.findall(r'href="/diary/jobs/(\d+)', table)]
        found = client.get(f"{PATH}?{query}", headers=anna).json
        assert [job["id"] for job in found["jobs"]] == shown
        assert found["count"] == len(shown)
        assert bool(shown) == (query != "tag=none")


def test_a_list_has_short_jobs_and_a_job_has_all(client: FlaskClient, jobs: list[int]) -> None:
    (short,) = get(client, f"{PATH}?q=id:2")["jobs"]
    whole = get(client, f"{PATH}/{jobs[1]}")
    assert short["review"] == {"review": "open", "verdict": "none", "summary": "", "tags": [], "version": 0, "by": "", "at": None}
    assert whole["review"] == short["review"] | {"notes": ""}
    assert whole["facts"] == {"x": [1]}
    assert whole["parents"] == [{"source": "slurm", "native_id": "1", "id": jobs[0], "state": "failed"}]
    assert get(client, f"{PATH}/{jobs[0]}")["children"] == [{"source": "slurm", "native_id": "2", "id": jobs[1], "state": "done"}]
    assert [(row["field"], row["old"], row["new"], row["actor"]) for row in whole["history"]] == [("state", "", "done", "source:slurm")]
    assert {name: whole[name] for name in short if name != "review"} == {name: short[name] for name in short if name != "review"}
    assert set(whole) - set(short) == {"facts", "outputs", "logs", "parents", "children", "history"}


WRONG_ARGUMENTS = {
    "state=odd": "state=odd",
    "order=odd": "order=odd",
    "q=state:odd": "state:odd",
    "q=-since:2d": "-since:2d",
    "page=x": "page",
    "limit=501": "limit",
    "facets=2": "facets",
}
"""What the answer names."""


def test_a_wrong_argument_is_named(client: FlaskClient, jobs: list[int]) -> None:
    for query, named in WRONG_ARGUMENTS.items():
        answer = client.get(f"{PATH}?{query}")
        assert (answer.status_code, answer.json["status"]) == (400, 400), query
        assert named in answer.json["message"]


def test_a_review_is_changed_from_the_version_that_was_read(client: FlaskClient, jobs: list[int]) -> None:
    anna, path = token("anna", Role.SHIFTER), f"{PATH}/{jobs[0]}/review"
    first = client.post(path, json={"version": 0, "review": "done", "notes": "Odd **peak**", "tags": ["Disk", "#node"]}, headers=anna)
    assert first.status_code == 200
    assert {name: first.json[name] for name in ("review", "verdict", "tags", "version", "by")} == {
        "review": "done",
        "verdict": "none",
        "tags": ["disk", "node"],
        "version": 1,
        "by": "anna",
    }
    lost = client.post(path, json={"version": 0, "notes": "Mine"}, headers=anna)
    assert (lost.status_code, lost.json["review"]["notes"], lost.json["review"]["version"]) == (409, "Odd **peak**", 1)
    second = client.post(path, json={"version": 1, "remove_tags": ["disk"], "verdict": "issue"}, headers=anna)
    assert (second.json["tags"], second.json["verdict"], second.json["notes"]) == (["node"], "issue", "Odd **peak**")
    assert get(client, f"{PATH}/{jobs[0]}")["review"] == second.json


WRONG_REVIEWS: list[tuple[Any, str]] = [
    ({"review": "done"}, "version"),
    ({"version": True}, "version"),
    ({"version": 0, "review": "odd"}, "review"),
    ({"version": 0, "verdict": 1}, "verdict"),
    ({"version": 0, "tags": "disk"}, "tags"),
    ({"version": 0, "tags": ["two words"]}, "tags"),
    ({"version": 0, "state": "done"}, "state"),
    ([], "body"),
]
"""Bodies, and the wrong field of each."""


def test_a_wrong_review_names_its_field_and_stores_nothing(client: FlaskClient, jobs: list[int]) -> None:
    anna = token("anna", Role.SHIFTER)
    for body, field in WRONG_REVIEWS:
        answer = client.post(f"{PATH}/{jobs[0]}/review", json=body, headers=anna)
        assert answer.status_code == 400, body
        assert [error["field"] for error in answer.json["errors"]] == [field]
    assert review_of(jobs[0]).version == 0


def test_owners_and_shifters_review_and_pin_and_others_do_not(client: FlaskClient, jobs: list[int]) -> None:
    anna, ben, shifter = browser_of(client, "anna"), browser_of(client, "ben"), browser_of(client, "carla", Role.SHIFTER)
    for user, status in ((anna, 200), (ben, 403), (shifter, 200), (client, 401)):
        version = review_of(jobs[0]).version
        answer = user.post(f"{PATH}/{jobs[0]}/review", json={"version": version, "summary": f"{status} {version}"})
        assert answer.status_code == status
        assert user.put(f"{PATH}/{jobs[0]}/state", json={"state": "done"}).status_code == status


def test_a_token_for_reading_has_no_rights_of_its_owner(client: FlaskClient, jobs: list[int]) -> None:
    anna = token("anna", Role.VIEWER)
    body = {"verdict": "ok", **expected(client, "user=anna")}
    answers = [
        client.post(f"{PATH}/{jobs[0]}/review", json={"version": 0, "verdict": "ok"}, headers=anna),
        client.put(f"{PATH}/{jobs[0]}/state", json={"state": "done"}, headers=anna),
        client.post(f"{PATH}/reviews?mine=1", json=body, headers=anna),
        client.post("/diary/searches?user=anna", data={"name": "x", "shared": "1"}, headers=anna),
        client.post("/notifications/own", data={"address": "anna@cern.ch", "kind": "job-failed"}, headers=anna),
    ]
    assert [answer.status_code for answer in answers] == [403] * 5
    assert client.get(f"{PATH}?mine=1", headers=anna).json["count"] == 2, "it reads the jobs of its owner"
    assert browser_of(client, "anna").post(f"{PATH}/reviews?mine=1", json=body).status_code == 200


WRONG_FIELDS: list[tuple[dict[str, Any], str, str]] = [
    ({"version": 0, "add_tags": ["a!"]}, "add_tags", "add_tags: Expected letters"),
    ({"version": 0, "remove_tags": ["a!"]}, "remove_tags", "remove_tags: Expected letters"),
    ({"version": "1"}, "version", "The version cannot be used"),
    ({}, "version", "The version is missing"),
]


def test_the_problem_of_a_body_is_that_of_its_field(client: FlaskClient, jobs: list[int]) -> None:
    carla = token("carla", Role.SHIFTER)
    for body, field, message in WRONG_FIELDS:
        answer = client.post(f"{PATH}/{jobs[0]}/review", json=body, headers=carla).json
        assert [error["field"] for error in answer["errors"]] == [field]
        assert answer["message"].startswith(message)


def test_owners_review_all_of_their_own_jobs_and_undo_only_what_they_did(client: FlaskClient, jobs: list[int]) -> None:
    anna, ben = browser_of(client, "anna"), browser_of(client, "ben")
    assert ben.post(f"{PATH}/reviews", json={**expected(client), "verdict": "ok"}).status_code == 403
    assert ben.post(f"{PATH}/reviews?user=anna", json={**expected(client, "user=anna"), "verdict": "ok"}).status_code == 403
    assert client.post(f"{PATH}/reviews?mine=1", json={**expected(client, "user=anna"), "verdict": "ok"}).status_code in (401, 403)
    done = anna.post(f"{PATH}/reviews?mine=1", json={**expected(client, "user=anna"), "verdict": "ok"})
    assert (done.status_code, done.json["changed"]) == (200, 2)
    assert [review_of(number).verdict for number in jobs] == ["ok", "none", "ok"]
    assert ben.delete(done.headers["Location"]).status_code == 403
    assert anna.delete(done.headers["Location"]).json["restored"] == 2


def test_a_bulk_review_leaves_the_notes_of_each_job_alone(client: FlaskClient, jobs: list[int]) -> None:
    answer = client.post(f"{PATH}/reviews", json={"count": 3, "notes": "All of it"}, headers=token("carla", Role.SHIFTER))
    assert (answer.status_code, [error["field"] for error in answer.json["errors"]]) == (400, ["notes"])


def test_a_state_is_set_by_hand_and_released(client: FlaskClient, jobs: list[int]) -> None:
    anna, path = browser_of(client, "anna"), f"{PATH}/{jobs[0]}/state"
    pinned = anna.put(path, json={"state": "done"}).json
    assert (pinned["state"], pinned["machine_state"], pinned["pinned_by"]) == ("done", "failed", "anna")
    assert anna.put(path, json={"state": "odd"}).status_code == 400
    released = anna.delete(path).json
    assert (released["state"], released["pinned_by"]) == ("failed", "")


def test_all_selected_jobs_are_reviewed_and_it_is_undone(client: FlaskClient, jobs: list[int]) -> None:
    carla, body = token("carla", Role.SHIFTER), {"verdict": "ok", "add_tags": ["seen"]}
    wrong = client.post(f"{PATH}/reviews?source=slurm", json={**body, **expected(client, "source=slurm"), "count": 3}, headers=carla)
    assert wrong.status_code == 409
    done = client.post(f"{PATH}/reviews?source=slurm", json={**body, **expected(client, "source=slurm")}, headers=carla)
    assert (done.status_code, done.json["changed"], done.json["selection"]) == (200, 2, "source=slurm")
    assert done.json["change"] == {"verdict": "ok", "add_tags": ["seen"]}
    assert [review_of(number).verdict for number in jobs] == ["ok", "ok", "none"]
    assert get(client, f"{PATH}/reviews")["reviews"] == [done.json] == [get(client, done.headers["Location"])]
    undone = client.delete(f"{PATH}/reviews/{done.json['id']}", headers=carla)
    assert (undone.status_code, undone.json["restored"], undone.json["undone_by"]) == (200, 2, "carla")
    assert [review_of(number).verdict for number in jobs] == ["none", "none", "none"]
    assert client.delete(f"{PATH}/reviews/{done.json['id']}", headers=carla).status_code == 409
    assert client.get(f"{PATH}/reviews/77").status_code == 404


def test_the_state_of_each_source_is_told(client: FlaskClient, hub: Settings) -> None:
    scan_source(source_named("own-jobs", hub), hub)
    found = get(client, f"{PATH}/sources")
    states = {source["name"]: (source["state"], source["failures"], source["last_ok"] is not None) for source in found["sources"]}
    assert states == {"own-jobs": ("ok", 0, True), "dqm-clients": ("idle", 0, False)}
    assert found["problems"] == []


def test_answers_have_the_fields_of_the_openapi_document(client: FlaskClient, jobs: list[int]) -> None:
    paths = get(client, "/api/openapi.json")["paths"]
    bulk = client.post(f"{PATH}/reviews", json={"verdict": "ok", **expected(client)}, headers=token("carla", Role.SHIFTER)).json

    def fields(path: str) -> set[str]:
        content = paths[path]["get"]["responses"]["200"]["content"]["application/json"]
        return set(content["schema"]["properties"])

    assert set(get(client, f"{PATH}?facets=1&digest=1")) == fields(PATH)
    assert set(get(client, f"{PATH}/{jobs[0]}")) == fields(f"{PATH}/{{number}}")
    assert set(bulk) == fields(f"{PATH}/reviews/{{number}}")
    listed = paths[PATH]["get"]["responses"]["200"]["content"]["application/json"]["schema"]["properties"]["jobs"]["items"]["properties"]
    assert set(get(client, PATH)["jobs"][0]) == set(listed)
    source = paths[f"{PATH}/sources"]["get"]["responses"]["200"]["content"]["application/json"]["schema"]["properties"]["sources"]
    assert set(get(client, f"{PATH}/sources")["sources"][0]) == set(source["items"]["properties"])


def test_the_example_of_the_docs_for_users_reviews_a_job(client: FlaskClient, jobs: list[int]) -> None:
    page = (TREE / "docs/users/diary.md").read_text(encoding="utf-8")
    [(path, body)] = re.findall(r"https://hub(/api/v1/jobs/\d+/review) \\\n +-d '(.*)'", page)
    answer = client.post(
        path.replace("/42/", f"/{jobs[0]}/"), data=body, content_type="application/json", headers=token("anna", Role.SHIFTER)
    )
    assert (answer.status_code, answer.json["verdict"], answer.json["tags"]) == (200, "issue", ["disk"])


ODD = ["\0", "\ud800", "%'\\", "x" * 5000, "💥"]


@pytest.mark.both_databases
def test_odd_characters_are_answered_in_words_or_stored(client: FlaskClient, jobs: list[int]) -> None:
    anna, version = token("anna", Role.SHIFTER), 0
    for text in ODD:
        for field in ("q", "user", "run", "tag", "source", "state", "order"):
            query = f"{field}={quote(text.encode('utf-8', 'surrogatepass'))}"
            for address in (f"{PATH}?{query}", f"{PATH}?facets=1&{query}", f"/diary/?{query}"):
                assert client.get(address).status_code in (200, 302, 400), address
        for field, value in (("notes", text), ("summary", text), ("tags", [text]), ("review", text), (text, "x")):
            body = {"version": version, field: value}
            answer = client.post(f"{PATH}/{jobs[0]}/review", json=body, headers=anna)
            assert answer.status_code in (200, 400), body
            version = review_of(jobs[0]).version
        assert client.put(f"{PATH}/{jobs[0]}/state", json={"state": text}, headers=anna).status_code == 400
    assert get(client, f"{PATH}/{jobs[0]}")["review"]["version"] == version
