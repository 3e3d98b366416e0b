"""Pages of a sample whose file is being read, cannot be read, or is read again."""

from __future__ import annotations

import re
import time
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from app.core.settings import Settings
from app.core.version import VERSION
from app.formats import file_version
from app.gui.catalog.importing import RETRY_S, version_text
from app.gui.catalog.stored import find_sample
from app.gui.files.register import IMPORT
from app.gui.models import FAILED, NEW, File
from app.gui.pages import views
from app.gui.samples import SampleKey
from app.queue.models import BackgroundJob
from app.security import Role, tokens
from app.security.models import User
from tests.gui.pages.pages import HTMX, ZERO_BIAS, read, words
from tests.support.patience import PATIENCE_S

OWN = f"/browse/400000{ZERO_BIAS}"


def test_a_file_that_is_being_read_shows_its_progress_and_then_its_list(
    client: FlaskClient, hub: Settings, own_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(views, "WAIT_S", 0.0)
    row = find_sample(SampleKey(400000, 0, ZERO_BIAS))
    assert row
    elsewhere = BackgroundJob.create(
        queue="bulk", kind=IMPORT, key=str(row.newest_file.file), state="running", progress=0.25, lease_until=4e9
    )
    fragment = read(client, f"{OWN}?since=nothing", 202, **HTMX)
    assert f"DQM Hub {VERSION}" in words(read(client, OWN, 202)), "the footer shows the version"
    assert '<progress aria-label="Progress of reading"' in fragment, "screen readers announce the progress"
    assert 'value="0.25"' in fragment
    seen = re.search(r"""hx-vals='\{"since": "([^"]*)"\}'""", fragment)
    assert seen
    assert seen[0] in read(client, OWN, 202), "a poll without it would get the list in the place of the progress"
    assert client.get(OWN, query_string={"since": seen[1]}, headers=HTMX).status_code == 204, "nothing is new"
    BackgroundJob.update(progress=0.5).where(BackgroundJob.id == elsewhere.id).execute()
    assert 'value="0.5"' in read(client, f"{OWN}?since={seen[1]}", 202, **HTMX)
    BackgroundJob.update(state="cancelled").where(BackgroundJob.id == elsewhere.id).execute()
    monkeypatch.setattr(views, "WAIT_S", PATIENCE_S)
    assert "monitor elements" in read(client, OWN)
    assert client.get(f"{OWN}?since={seen[1]}", headers=HTMX).headers["HX-Refresh"] == "true"


def test_an_unreadable_file_shows_the_reason_and_is_read_again_when_fixed(client: FlaskClient, own_file: Path) -> None:
    whole = own_file.read_bytes()
    own_file.write_bytes(b"not a ROOT file at all")
    page = read(client, OWN, 422)
    assert "Cannot open this sample" in page
    assert own_file.name in page
    assert "Re-read now" not in page, "anonymous users cannot"
    refused = client.post(OWN, headers={"Origin": "http://127.0.0.1:8889"})
    assert refused.location.startswith("/account/sign-in")
    own_file.write_bytes(whole)
    assert "monitor elements" in read(client, OWN)


def test_unreadable_objects_of_a_file_are_counted(client: FlaskClient, own_file: Path) -> None:
    own_file.write_bytes(own_file.read_bytes()[: -len(own_file.read_bytes()) // 3])
    page = read(client, OWN)
    assert re.search(r"\d+ objects? in this file could not be read", words(page))


def test_a_shifter_can_request_a_new_import(client: FlaskClient, own_file: Path) -> None:
    own_file.write_bytes(b"not a ROOT file at all")
    read(client, OWN, 422)
    shifter = User.create(name="shifter", role=Role.SHIFTER, password="", created=0.0)
    _, secret = tokens.make(shifter, "test", Role.SHIFTER, days=1)
    ours = {"Authorization": f"Bearer {secret}"}
    assert "Re-read now" in read(client, OWN, 422, **ours)
    answer = client.post(OWN, headers=ours)
    assert (answer.status_code, answer.location) == (303, OWN)
    row = find_sample(SampleKey(400000, 0, ZERO_BIAS))
    assert row
    assert row.newest_file.state == NEW, "it is read again at the next access"


def test_the_page_of_a_file_whose_readers_were_killed_says_when_it_is_read_again(client: FlaskClient, own_file: Path) -> None:
    version = file_version(str(own_file))
    reason = f"{own_file}: the process that read it was killed from outside (SIGKILL), 5 times; it is read again a minute later"
    killed = {"state": FAILED, "error": reason, "tried": version_text(version)}
    File.update(killed | {"retry_at": time.time() + RETRY_S}).where(File.url == str(own_file)).execute()
    answer = client.get(OWN)
    assert answer.status_code == 503
    assert "it is read again a minute later" in words(answer.text)
    assert "The file is not the cause." in words(answer.text)
    assert "recreate it" not in answer.text
    File.update(retry_at=time.time() - 1).where(File.url == str(own_file)).execute()
    assert "monitor elements" in read(client, OWN)
