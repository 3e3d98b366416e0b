"""A mirror accepts only sign, recent snapshots that follow its revision."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import os
import random
import sqlite3
import time
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from protocol.snapshot import MAX_CONTENT_BYTES, Item, ItemKey, Snapshot, SnapshotError, key_id, pack, unpack
from services.mirror import rate_limit
from services.mirror.options import Options
from tests.mirror import samples
from tests.mirror.conftest import MirrorClient

pytestmark = pytest.mark.usefixtures("clock")

FIRST = samples.run_items(358791, [samples.client("beam")])


def have(mirror: MirrorClient) -> Any:
    return mirror.json("/snapshots")


def content(mirror: MirrorClient) -> list[tuple[Any, ...]]:
    """The whole content of the store."""
    with closing(sqlite3.connect(mirror.routes.store.path)) as file:
        items = file.execute("SELECT kind, system, run, name, type, encoding, body FROM item ORDER BY 1, 2, 3, 4").fetchall()
    return [mirror.routes.store.state(), *items]


def sign(header: bytes, body: bytes = b"") -> bytes:
    """A snapshot with any header and a valid signature, as a faulty hub could send it."""
    rest = header + body
    return f"DQMHUB-SNAPSHOT 1 {key_id(samples.KEY.public_key())} {samples.KEY.sign(rest).hex()}\n".encode() + rest


def header(**change: Any) -> bytes:
    fields = {
        "series": samples.SERIES,
        "started": samples.STARTED,
        "since": 0,
        "until": 1,
        "at": time.time(),
        "hub": "Test hub",
        "items": [],
    } | change
    return json.dumps(fields).encode() + b"\n"


def test_an_empty_mirror_has_nothing(mirror: MirrorClient) -> None:
    assert have(mirror) == {"series": "", "have": 0, "at": 0.0}


def test_an_upload_returns_the_new_revision(mirror: MirrorClient) -> None:
    answer = mirror.post(samples.snapshot(FIRST, at=time.time() - 5))
    assert answer.status_code == 200
    assert answer.json == have(mirror)
    assert (answer.json["series"], answer.json["have"]) == (samples.SERIES, 1)
    assert {row[:4] + row[6:] for row in content(mirror)[1:]} == {(*item.key, item.body) for item in FIRST}


def test_revisions_follow_each_other_and_may_overlap(mirror: MirrorClient) -> None:
    mirror.publish(FIRST, 0, 3)
    mirror.publish([samples.html_item("help", "all", 0, "page", "words")], 2, 5)
    mirror.publish([], 5, 6)
    assert have(mirror)["have"] == 6
    assert "words" in mirror.get("/help").text


def test_removed_items_are_deleted(mirror: MirrorClient) -> None:
    mirror.publish(FIRST)
    mirror.publish([samples.removed_item("run", "production", 358791, "page"), samples.removed_item("run", "production", 1, "page")], 1, 2)
    assert mirror.get("/runs/358791").status_code == 404


@pytest.mark.parametrize(
    ("since", "until", "why"), [(0, 2, "already"), (1, 2, "already"), (3, 4, "starts at revision 3"), (9, 12, "starts")]
)
def test_replays_and_gaps_are_refused_with_the_current_revision(mirror: MirrorClient, since: int, until: int, why: str) -> None:
    mirror.publish(FIRST, 0, 2)
    before = content(mirror)
    answer = mirror.post(samples.snapshot([samples.removed_item("run", "production", 358791, "page")], since, until))
    assert answer.status_code == 409
    assert why in answer.json["message"]
    assert {name: answer.json[name] for name in ("series", "have", "at")} == have(mirror)
    assert content(mirror) == before


def test_a_later_series_replaces_everything_and_an_older_one_is_refused(mirror: MirrorClient) -> None:
    mirror.publish(FIRST, 0, 7)
    later = {"series": "20260102T000000Z-bbbb", "started": samples.STARTED + 86400}
    assert mirror.post(samples.snapshot([], 7, 8, **later)).status_code == 409, "it does not start at revision 0"
    mirror.publish(samples.run_items(5, [samples.client("pixel")]), 0, 2, **later)
    assert mirror.get("/runs/358791").status_code == 404
    assert mirror.get("/runs/5").status_code == 200
    refused = mirror.post(samples.snapshot(FIRST, 0, 9))
    assert (refused.status_code, refused.json["series"], refused.json["have"]) == (409, later["series"], 2)
    other = mirror.post(samples.snapshot(FIRST, 0, 9, series="20260102T000000Z-cccc", started=samples.STARTED + 86400))
    assert other.status_code == 409, "started at the same time"


@pytest.mark.parametrize(("shift", "status"), [(-3600, 200), (-23 * 3600, 200), (200, 200), (400, 409), (-25 * 3600, 409), (1e9, 409)])
def test_small_clock_differences_are_accepted(mirror: MirrorClient, shift: float, status: int) -> None:
    assert mirror.post(samples.snapshot(FIRST, at=time.time() + shift)).status_code == status
    assert bool(have(mirror)["have"]) is (status == 200)


def test_a_series_from_the_future_is_refused(mirror: MirrorClient) -> None:
    assert mirror.post(samples.snapshot(FIRST, started=time.time() + 86400)).status_code == 409


def test_every_changed_byte_is_detected(mirror: MirrorClient) -> None:
    mirror.publish(FIRST)
    before, chance = content(mirror), random.Random(6)
    raw = samples.snapshot([samples.html_item("live", "production", 0, "page", "new")], 1, 2)
    for place in range(len(raw)):
        changed = bytearray(raw)
        changed[place] ^= 1 << chance.randrange(8)
        with pytest.raises(SnapshotError) as refusal:
            mirror.routes.receiver.receive(bytes(changed))
        assert refusal.value.status in (400, 403)
    assert content(mirror) == before
    assert mirror.post(raw).status_code == 200


def test_a_truncated_or_extended_snapshot_is_refused(mirror: MirrorClient) -> None:
    raw = samples.snapshot(FIRST)
    for length in [0, 1, 17, 163, 164, 165, 400, len(raw) // 2, len(raw) - 1]:
        with pytest.raises(SnapshotError):
            mirror.routes.receiver.receive(raw[:length])
    with pytest.raises(SnapshotError):
        mirror.routes.receiver.receive(raw + b"\n")
    assert have(mirror)["have"] == 0


def test_snapshots_without_a_trusted_key_are_refused(mirror: MirrorClient) -> None:
    stranger = samples.snapshot(FIRST, key=samples.OTHER_KEY)
    assert mirror.post(stranger).status_code == 403
    claimed = stranger.replace(key_id(samples.OTHER_KEY.public_key()).encode(), key_id(samples.KEY.public_key()).encode(), 1)
    answer = mirror.post(claimed)
    assert (answer.status_code, have(mirror)["have"]) == (403, 0)
    assert "signature" in answer.json["message"]
    assert mirror.post(b"DQMHUB-SNAPSHOT 1 nothing\n" + b"x" * 400).status_code == 400


def test_a_mirror_without_keys_accepts_nothing(tmp_path: Path) -> None:
    assert MirrorClient(Options(data=str(tmp_path))).post(samples.snapshot(FIRST)).status_code == 403


@pytest.mark.parametrize(
    "raw_header",
    [
        header(at=float("nan")),
        header(at=float("inf")),
        header(at="now"),
        header(at=True),
        header(started=float("-inf")),
        header(at=-1),
        header(at=1e12),
        header(since=1),
        header(since=-1),
        header(until=1.5),
        header(until=2**53),
        header(until="2"),
        header(series=7),
        header(series="a\nb"),
        header(hub="x" * 300),
        header(items=None),
        header(items=[7]),
        header(items=[["live", "production", 0, "page", "text/html", ""]]),
        header(items=[["live", "production", 0, "page", "text/html", "", 5]]),
        header(items=[["live", "production", 0, "page", "text/html", "", -5]]),
        header(items=[["live", "production", 0, "page", "text/html", "br", 0]]),
        header(items=[["LIVE", "production", 0, "page", "text/html", "", 0]]),
        header(items=[["live", "production", -1, "page", "text/html", "", 0]]),
        header(items=[["live", "production", 0, "a\r\nb", "text/html", "", 0]]),
        header(items=[["live", "production", 0, "page", "text/html\r\nSet-Cookie: a=b", "", 0]]),
        header(items=[["live", "production", 0, "page", "html", "", 0]]),
        b"{}\n",
        b"[]\n",
        b"null\n",
        b"\n",
        b"",
        b"[" * 100_000 + b"\n",
        b"\xff\xfe\n",
        header()[:-1],
    ],
)
def test_an_invalid_header_is_refused_even_with_a_signature(mirror: MirrorClient, raw_header: bytes) -> None:
    answer = mirror.post(sign(raw_header))
    assert (answer.status_code, have(mirror)["have"]) == (400, 0), answer.text


def test_a_gzip_bomb_is_refused(mirror: MirrorClient) -> None:
    bomb = gzip.compress(b"\0" * (MAX_CONTENT_BYTES + 1))
    assert len(bomb) < 50_000
    answer = mirror.post(samples.snapshot([*FIRST, Item(ItemKey("log", "production", 1, "a"), "text/html", "gzip", bomb)]))
    assert (answer.status_code, have(mirror)["have"]) == (413, 0)
    fits = gzip.compress(b"\0" * MAX_CONTENT_BYTES)
    assert mirror.post(samples.snapshot([Item(ItemKey("log", "production", 1, "a"), "text/html", "gzip", fits)])).status_code == 200


@pytest.mark.parametrize(
    "body",
    # the time in them would be in the names of the tests, which all workers must agree on
    [
        b"",
        b"no gzip",
        gzip.compress(b"cut" * 100, mtime=0)[:-5],
        gzip.compress(b"one", mtime=0) + gzip.compress(b"two", mtime=0),
        gzip.compress(b"more", mtime=0) + b"x",
    ],
)
def test_invalid_gzip_is_refused(mirror: MirrorClient, body: bytes) -> None:
    assert mirror.post(samples.snapshot([Item(ItemKey("live", "production", 0, "page"), "text/html", "gzip", body)])).status_code == 400


def test_each_of_two_keys_is_trusted(tmp_path: Path) -> None:
    other = samples.OTHER_KEY.public_key().public_bytes_raw().hex()
    mirror = MirrorClient(Options(data=str(tmp_path), keys=(other, samples.PUBLIC_KEY)))
    mirror.publish(FIRST)
    mirror.publish([], 1, 2, key=samples.OTHER_KEY)
    assert have(mirror)["have"] == 2


def test_refused_snapshots_are_counted(mirror: MirrorClient) -> None:
    mirror.post(samples.snapshot(FIRST, key=samples.OTHER_KEY))
    mirror.publish(FIRST)
    mirror.post(samples.snapshot(FIRST))
    status = mirror.json("/status")
    assert (status["refused"], status["items"]["run"], status["runs"]["production"]) == ({"403": 1, "409": 1}, 2, [358791, 358791])
    assert "has revision 1 already" in status["last_refused"]


def test_senders_of_refused_snapshots_are_limited(mirror: MirrorClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rate_limit.time, "monotonic", lambda: 1000.0)  # else they might pause for longer than they must
    statuses = [mirror.post(hashlib.sha256(b"junk").digest() * 9).status_code for _ in range(12)]
    assert statuses == [400] * 10 + [429] * 2
    assert int(mirror.post(b"x").headers["Retry-After"]) >= 1


def test_a_hub_that_is_behind_is_not_limited(mirror: MirrorClient) -> None:
    mirror.publish(FIRST)
    assert {mirror.post(samples.snapshot(FIRST)).status_code for _ in range(30)} == {409}


def test_a_missing_or_too_large_length_is_refused_before_reading(mirror: MirrorClient) -> None:
    class Unread(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            raise AssertionError("the body was read")

    for length, status in (("", 411), ("abc", 411), (str(33 * 2**20), 413), ("9" * 30, 413)):
        answer = mirror.client.post("/snapshots", input_stream=Unread(b"x"), environ_overrides={"CONTENT_LENGTH": length})
        assert (answer.status_code, answer.json and answer.json["status"]) == (status, status)


def test_unpack_reverses_pack() -> None:
    snapshot = Snapshot("a", 1.0, 0, 1, 2.0, "Hub", [*FIRST, samples.removed_item("log", "playback", 7, "x")])
    assert unpack(pack(snapshot, samples.KEY), [samples.KEY.public_key()]) == snapshot


def test_large_and_special_files_in_the_folder_are_not_read(options: Options, tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    mirror = MirrorClient(replace(options, folder=str(folder), largest_mb=1))
    name = samples.SERIES + "-{:012d}-{:012d}.snapshot"
    with (folder / name.format(0, 3)).open("wb") as huge:
        huge.truncate(1 << 40)
    os.mkfifo(folder / name.format(0, 2))
    (folder / name.format(0, 1)).write_bytes(samples.snapshot(FIRST))
    assert mirror.routes.watcher
    assert mirror.routes.watcher.store_next()
    assert have(mirror)["have"] == 1
    assert mirror.json("/status")["refused"] == {"413": 2}
