"""/api/v1/trends/groups: read by everybody, changed by experts of the subsystem."""

from __future__ import annotations

from collections.abc import Callable

from flask.testing import FlaskClient

from app.trends.groups import groups_of
from tests.trends.query.points_of_tests import TrendStore

PATH = "/api/v1/trends/groups"
GROUP = {"name": "a", "plot_title": "A", "y_title": "y", "subsystem": "Pixel", "correlation": True, "series": ["layer1", "gone"]}

Bearer = Callable[[str], dict[str, str]]


def test_a_group_is_added_read_changed_and_deleted(client: FlaskClient, bearer: Bearer) -> None:
    TrendStore(client.application.config["HUB"]).configure("Pixel", layer1="basic.Mean() Pixel/a")
    own = bearer("expert:Pixel")
    added = client.post(PATH, json=GROUP, headers=own)
    assert added.status_code == 201
    stored = {"id": 1, "version": 1, **GROUP, "missing": ["gone"]}
    assert added.json == stored
    assert client.get(added.headers["Location"]).json == stored
    assert client.get(PATH).json == {"groups": [stored]}
    assert client.get(f"{PATH}?subsystem=DT").json == {"groups": []}
    changed = client.put(f"{PATH}/1", json=stored | {"name": "b"}, headers=own)
    assert changed.json == stored | {"name": "b", "version": 2}
    assert client.put(f"{PATH}/1", json=stored | {"name": "c"}, headers=own).status_code == 409
    assert client.delete(f"{PATH}/1?version=1", headers=own).status_code == 409
    assert client.delete(f"{PATH}/1?version=2", headers=own).status_code == 204
    assert client.get(f"{PATH}/1").status_code == 404
    assert groups_of("Pixel") == []


def test_a_group_is_not_deleted_without_its_version(client: FlaskClient, bearer: Bearer) -> None:
    own = bearer("expert:Pixel")
    client.post(PATH, json=GROUP, headers=own)
    refused = client.delete(f"{PATH}/1", headers=own)
    assert (refused.status_code, refused.json["message"]) == (400, "The version of the group is missing")
    assert len(groups_of("Pixel")) == 1


def test_others_are_refused(client: FlaskClient, bearer: Bearer) -> None:
    assert client.post(PATH, json=GROUP).status_code in (401, 403)
    for role in ("shifter", "expert:SiStrips"):
        assert client.post(PATH, json=GROUP, headers=bearer(role)).status_code == 403
    own = bearer("expert:Pixel")
    client.post(PATH, json=GROUP, headers=own)
    assert client.put(f"{PATH}/1", json=GROUP | {"version": 1, "subsystem": "DT"}, headers=own).status_code == 400
    assert len(groups_of("Pixel")) == 1


def test_what_is_wrong_is_named(client: FlaskClient, bearer: Bearer) -> None:
    own = bearer("expert")
    answer = client.post(PATH, json=GROUP | {"series": ["x"], "y_title": 5}, headers=own)
    assert answer.status_code == 400
    assert answer.json is not None
    assert answer.json["errors"] == [{"field": "y_title", "problem": "expected a text, not 5"}]
    assert client.post(PATH, data="{", headers=own).status_code == 400
    client.post(PATH, json=GROUP, headers=own)
    for version in (None, "1", True, 0, 2**31):
        assert client.put(f"{PATH}/1", json=GROUP | {"version": version}, headers=own).status_code == 400, version
    assert client.get(f"{PATH}/{2**62}").status_code == 404
