"""Protobuf snapshots of older versions of ROOT, over the API, with a render service that has drawn nothing before."""

from __future__ import annotations

from pathlib import Path

import pytest
from flask.testing import FlaskClient

from app import create_app
from app.core.settings import Settings
from app.formats.elements import Kind
from tests.formats.snapshots import Object, serialise
from tests.render.root5_objects import ENTRIES, ERAS, streamed
from tests.support import gui

CONTENTS = [float(cell) for cell in range(12)]


@pytest.fixture
def snapshot(hub: Settings, tmp_path: Path) -> FlaskClient:
    """A hub with a snapshot as ROOT 5.34 writes it: one histogram of a known class version, and one of an unknown version."""
    content = streamed(ERAS["5.34"], "TH1F", "old", CONTENTS, (10, 0))
    unknown = content[:17] + b"\0\x04" + content[19:]  # after the frame of 13 bytes and the size
    file = tmp_path / "DQM_V0001_Sub_R000000009.pb"
    file.write_bytes(serialise([Object("Sub/old", content, Kind.TH1F), Object("Sub/unknown", unknown, Kind.TH1F)]))
    gui.register_all([file])
    return create_app(hub.replace(file_roots=(str(tmp_path),))).test_client()


def test_snapshots_of_root_5_are_drawn_and_given_as_json(snapshot: FlaskClient) -> None:
    where = "/api/v1/render/9/Global/Online/ALL/Sub/old"
    answer = snapshot.get(where, query_string={"format": "json"})
    assert answer.status_code == 200, answer.text
    assert (answer.json["fArray"], answer.json["fEntries"]) == (CONTENTS, ENTRIES)
    for form in ("root", "png", "svg", "pdf"):
        assert snapshot.get(where, query_string={"format": form}).status_code == 200
    assert "damaged" not in snapshot.get(where, query_string={"format": "svg"}).text


def test_a_snapshot_of_an_unknown_class_version_names_it(snapshot: FlaskClient) -> None:
    where = "/api/v1/render/9/Global/Online/ALL/Sub/unknown"
    for form in ("json", "root"):
        answer = snapshot.get(where, query_string={"format": form})
        assert answer.status_code == 422
        assert "version 4 of the class TH1F, which its file does not describe" in answer.json["message"]
    picture = snapshot.get(where, query_string={"format": "svg"}).text
    assert ("does not describe" in picture, "damaged" in picture) == (True, False)
