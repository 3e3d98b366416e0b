"""Registered files: search, description and download."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app import create_app
from app.core.settings import Settings
from app.gui.files.entries import Entry
from app.gui.files.register import register
from app.gui.models import File
from app.gui.pages import files
from app.security import Role, tokens
from app.security.models import Audit, AuditCount, User

ZERO_BIAS = "/ZeroBias/Run2023C-Demo-v1/DQMIO"
CONTENT = bytes(range(256)) * 12_000


@pytest.fixture
def app(hub: Settings) -> Flask:
    return create_app(hub)


@pytest.fixture
def shifter(hub: Settings) -> dict[str, str]:
    user = User.create(name="shifter", role=Role.SHIFTER, password="", created=0.0)
    return {"Authorization": f"Bearer {tokens.make(user, 'test', Role.SHIFTER, days=1)[1]}"}


@pytest.fixture
def registered(hub: Settings, tmp_path: Path) -> Path:
    """A registered file with a name that has to be quoted, in a folder that may be read."""
    folder = hub.data / "demo"
    folder.mkdir()
    file = folder / 'né "w" %.root'
    file.write_bytes(CONTENT)
    register([Entry("/A/B/C", 7, 0, str(file), "tdirectory")])
    return file


def listed(client: FlaskClient, **query: Any) -> dict[str, Any]:
    answer = client.get("/api/v1/files", query_string=query)
    assert answer.status_code == 200, answer.text
    document: dict[str, Any] = answer.json
    return document


def content(file: Path) -> str:
    return f"/api/v1/files/{File.get(File.url == str(file)).id}/content"


@pytest.mark.both_databases
def test_files_are_found_by_run_and_dataset_the_newest_first(client: FlaskClient) -> None:
    every = listed(client)
    assert [file["id"] for file in every["data"]] == sorted((file["id"] for file in every["data"]), reverse=True)
    assert len(every["data"]) == File.select().count()
    assert every["next"] is None
    (one,) = listed(client, run="367129", dataset="zerob")["data"]
    assert one["name"] == "DQM_V0001_R000367129__ZeroBias__Run2023C-Demo-v1__DQMIO.root"
    assert (one["format"], one["state"], one["size"], one["samples"]) == ("tdirectory", "new", None, 1)
    assert one["first"] == [{"run": 367129, "lumi": 0, "dataset": ZERO_BIAS}]
    assert listed(client, dataset="no such")["data"] == []


def test_a_read_file_shows_its_size_and_an_unreadable_one_the_reason(client: FlaskClient, registered: Path) -> None:
    client.get(f"/api/v1/archive/367129{ZERO_BIAS}/")
    client.get("/api/v1/archive/7/A/B/C/")
    (read,), (failed,) = listed(client, run="367129", dataset="ZeroBias")["data"], listed(client, dataset="/A/B/C")["data"]
    assert (read["state"], read["size"]) == ("ready", Path(File.get_by_id(read["id"]).url).stat().st_size)
    assert failed["state"] == "failed"
    assert "a ROOT file" in failed["error"]


@pytest.mark.both_databases
def test_a_long_list_is_loaded_in_parts(monkeypatch: pytest.MonkeyPatch, client: FlaskClient) -> None:
    whole = listed(client)["data"]
    monkeypatch.setattr(files, "FILES_PER_PAGE", 4)
    first = listed(client)
    second = listed(client, **{"from": first["next"]})
    assert first["data"] + second["data"] == whole
    assert second["next"] is None
    page = client.get("/files").text
    assert f"/files?run=&amp;dataset=&amp;from={first['next']}" in page
    assert client.get("/api/v1/files?from=x").status_code == 400


def test_a_file_with_many_samples_lists_the_first(client: FlaskClient, registered: Path) -> None:
    register([Entry("/A/B/C", 7, lumi, str(registered), "tdirectory") for lumi in range(1, 2000)])
    (file,) = listed(client, dataset="/A/B/C")["data"]
    assert file["samples"] == 2000
    assert [sample["lumi"] for sample in file["first"]] == [0, 1, 2]
    assert "and 1,997 more" in client.get("/files?dataset=/A/B/C").text


def test_the_page_shows_them_and_a_search_changes_only_the_list(client: FlaskClient) -> None:
    page = client.get("/files?run=367129&dataset=ZeroBias")
    assert page.status_code == 200
    assert f'href="/browse/367129{ZERO_BIAS}"' in page.text
    assert "Sign in as shifter to download" in page.text
    assert "Download" not in page.text
    assert "<html" not in client.get("/files", headers={"HX-Request": "true"}).text


@pytest.mark.both_databases
def test_a_whole_file_is_downloaded_unchanged(client: FlaskClient, shifter: dict[str, str], registered: Path) -> None:
    answer = client.get(content(registered), headers=shifter)
    assert answer.status_code == 200
    assert answer.data == CONTENT
    assert answer.content_length == len(CONTENT)
    assert answer.headers["Content-Disposition"] == "attachment; filename*=UTF-8''n%C3%A9%20%22w%22%20%25.root"


def test_the_download_of_a_whole_file_is_audited_once_an_hour_for_each_user_and_file(
    client: FlaskClient, shifter: dict[str, str], registered: Path
) -> None:
    for ranges in ({}, {"Range": "bytes=5-9"}, {"Range": "bytes=0-0"}):
        client.get(content(registered), headers={**shifter, **ranges}).close()
    client.head(content(registered), headers=shifter)
    client.get("/api/v1/files/999999/content", headers=shifter)
    downloads = Audit.select().where(Audit.action == "download file")
    assert {(row.target, row.reason, row.answer) for row in downloads} == {(str(registered), "from 127.0.0.1", "begun")}
    assert sum(row.count for row in AuditCount.select()) == 3


@pytest.mark.parametrize(("range_", "start", "end"), [("5-9", 5, 10), ("3071000-", 3_071_000, None), ("-7", -7, None), ("0-0", 0, 1)])
def test_a_range_of_a_file_is_downloaded(
    client: FlaskClient, shifter: dict[str, str], registered: Path, range_: str, start: int, end: int | None
) -> None:
    answer = client.get(content(registered), headers={**shifter, "Range": f"bytes={range_}"})
    assert answer.status_code == 206
    assert answer.data == CONTENT[start:end]
    assert answer.headers["Content-Range"].endswith(f"/{len(CONTENT)}")


def test_a_range_beyond_the_end_is_refused(client: FlaskClient, shifter: dict[str, str], registered: Path) -> None:
    assert client.get(content(registered), headers={**shifter, "Range": f"bytes={len(CONTENT)}-"}).status_code == 416


def test_an_unchanged_file_is_not_sent_again(client: FlaskClient, shifter: dict[str, str], registered: Path) -> None:
    etag = client.get(content(registered), headers=shifter).headers["ETag"]
    assert client.get(content(registered), headers={**shifter, "If-None-Match": etag}).status_code == 304


@pytest.mark.both_databases
def test_errors_are_reported_before_the_first_byte(client: FlaskClient, shifter: dict[str, str], registered: Path) -> None:
    address = content(registered)
    registered.unlink()
    answer = client.get(address, headers=shifter)
    assert (answer.status_code, answer.json["message"]) == (502, f"{registered}: No such file or directory")
    for number in ("999999", "9" * 30):
        answer = client.get(f"/api/v1/files/{number}/content", headers=shifter)
        assert answer.status_code == 404
        assert "does not exist, or was removed" in answer.json["message"]


def test_a_link_out_of_the_roots_is_not_followed(client: FlaskClient, shifter: dict[str, str], registered: Path) -> None:
    registered.unlink()
    registered.symlink_to("/etc/passwd")
    answer = client.get(content(registered), headers=shifter)
    assert answer.status_code == 403
    assert "in none of the folders that may be read" in answer.json["message"]


def test_simultaneous_downloads_are_limited(client: FlaskClient, shifter: dict[str, str], registered: Path) -> None:
    running = [client.get(content(registered), headers=shifter, buffered=False) for _ in range(files.MAX_DOWNLOADS)]
    assert client.get(content(registered), headers=shifter).status_code == 503
    for answer in running:
        answer.close()
    assert client.get(content(registered), headers=shifter).data == CONTENT


def test_only_shifters_download(client: FlaskClient, registered: Path) -> None:
    assert client.get(content(registered)).status_code == 401
