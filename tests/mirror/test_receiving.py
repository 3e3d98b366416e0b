"""What a mirror takes, and what it refuses: only what the hub signed, in order, once, of now."""

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
from services.mirror.options import Options
from tests.mirror import made
from tests.mirror.conftest import Mirror

FIRST = made.a_run(358791, [made.job("beam")])


def have(mirror: Mirror) -> Any:
    return mirror.json("/snapshots")


def content(mirror: Mirror) -> list[tuple[Any, ...]]:
    """All that a mirror stores."""
    with closing(sqlite3.connect(mirror.routes.store.path)) as file:
        items = file.execute("SELECT kind, system, run, name, type, encoding, body FROM item ORDER BY 1, 2, 3, 4").fetchall()
    return [mirror.routes.store.state(), *items]


def signed(header: bytes, body: bytes = b"") -> bytes:
    """Any header with a good signature, as only a hub with a fault would send."""
    rest = header + body
    return f"DQMHUB-SNAPSHOT 1 {key_id(made.KEY.public_key())} {made.KEY.sign(rest).hex()}\n".encode() + rest


def header(**change: Any) -> bytes:
    said = {
        "series": made.SERIES,
        "started": made.STARTED,
        "since": 0,
        "until": 1,
        "at": time.time(),
        "hub": "Test hub",
        "items": [],
    } | change
    return json.dumps(said).encode() + b"\n"


def test_an_empty_mirror_has_nothing(mirror: Mirror) -> None:
    assert have(mirror) == {"series": "", "have": 0, "at": 0.0}


def test_a_snapshot_is_stored_and_answered_with_what_the_mirror_has(mirror: Mirror) -> None:
    answer = mirror.post(made.snapshot(FIRST, at=time.time() - 5))
    assert answer.status_code == 200
    assert answer.json == have(mirror)
    assert (answer.json["series"], answer.json["have"]) == (made.SERIES, 1)
    assert {row[:4] + row[6:] for row in content(mirror)[1:]} == {(*item.key, item.body) for item in FIRST}


def test_editions_follow_each_other_and_may_overlap(mirror: Mirror) -> None:
    mirror.publish(FIRST, 0, 3)
    mirror.publish([made.html("help", "all", 0, "page", "words")], 2, 5)
    mirror.publish([], 5, 6)
    assert have(mirror)["have"] == 6
    assert "words" in mirror.get("/help").text


def test_what_is_gone_is_removed(mirror: Mirror) -> None:
    mirror.publish(FIRST)
    mirror.publish([made.gone("run", "production", 358791, "page"), made.gone("run", "production", 1, "page")], 1, 2)
    assert mirror.get("/runs/358791").status_code == 404


@pytest.mark.parametrize(
    ("since", "until", "why"), [(0, 2, "already"), (1, 2, "already"), (3, 4, "starts at edition 3"), (9, 12, "starts")]
)
def test_replays_and_gaps_are_refused_with_what_the_mirror_has(mirror: Mirror, since: int, until: int, why: str) -> None:
    mirror.publish(FIRST, 0, 2)
    before = content(mirror)
    answer = mirror.post(made.snapshot([made.gone("run", "production", 358791, "page")], since, until))
    assert answer.status_code == 409
    assert why in answer.json["message"]
    assert {name: answer.json[name] for name in ("series", "have", "at")} == have(mirror)
    assert content(mirror) == before


def test_a_later_series_replaces_everything_and_an_older_one_is_refused(mirror: Mirror) -> None:
    mirror.publish(FIRST, 0, 7)
    later = {"series": "20260102T000000Z-bbbb", "started": made.STARTED + 86400}
    assert mirror.post(made.snapshot([], 7, 8, **later)).status_code == 409, "its beginning is missing"
    mirror.publish(made.a_run(5, [made.job("pixel")]), 0, 2, **later)
    assert mirror.get("/runs/358791").status_code == 404
    assert mirror.get("/runs/5").status_code == 200
    refused = mirror.post(made.snapshot(FIRST, 0, 9))
    assert (refused.status_code, refused.json["series"], refused.json["have"]) == (409, later["series"], 2)
    other = mirror.post(made.snapshot(FIRST, 0, 9, series="20260102T000000Z-cccc", started=made.STARTED + 86400))
    assert other.status_code == 409, "begun at the same time"


@pytest.mark.parametrize(("shift", "status"), [(-3600, 200), (-23 * 3600, 200), (200, 200), (400, 409), (-25 * 3600, 409), (1e9, 409)])
def test_the_clock_of_the_hub_may_be_a_little_off(mirror: Mirror, shift: float, status: int) -> None:
    assert mirror.post(made.snapshot(FIRST, at=time.time() + shift)).status_code == status
    assert bool(have(mirror)["have"]) is (status == 200)


def test_a_series_that_begins_in_the_future_is_refused_since_none_could_follow_it(mirror: Mirror) -> None:
    assert mirror.post(made.snapshot(FIRST, started=time.time() + 86400)).status_code == 409


def test_every_changed_byte_is_noticed(mirror: Mirror) -> None:
    mirror.publish(FIRST)
    before, chance = content(mirror), random.Random(6)
    raw = made.snapshot([made.html("live", "production", 0, "page", "new")], 1, 2)
    for place in range(len(raw)):
        broken = bytearray(raw)
        broken[place] ^= 1 << chance.randrange(8)
        with pytest.raises(SnapshotError) as refusal:
            mirror.routes.receiver.receive(bytes(broken))
        assert refusal.value.status in (400, 403)
    assert content(mirror) == before
    assert mirror.post(raw).status_code == 200


def test_a_snapshot_that_is_cut_or_longer_is_refused(mirror: Mirror) -> None:
    raw = made.snapshot(FIRST)
    for length in [0, 1, 17, 163, 164, 165, 400, len(raw) // 2, len(raw) - 1]:
        with pytest.raises(SnapshotError):
            mirror.routes.receiver.receive(raw[:length])
    with pytest.raises(SnapshotError):
        mirror.routes.receiver.receive(raw + b"\n")
    assert have(mirror)["have"] == 0


def test_who_has_no_key_of_a_hub_is_refused_whatever_is_claimed(mirror: Mirror) -> None:
    stranger = made.snapshot(FIRST, key=made.OTHER_KEY)
    assert mirror.post(stranger).status_code == 403
    claimed = stranger.replace(key_id(made.OTHER_KEY.public_key()).encode(), key_id(made.KEY.public_key()).encode(), 1)
    answer = mirror.post(claimed)
    assert (answer.status_code, have(mirror)["have"]) == (403, 0)
    assert "signature" in answer.json["message"]
    assert mirror.post(b"DQMHUB-SNAPSHOT 1 nothing\n" + b"x" * 400).status_code == 400


def test_a_mirror_without_keys_takes_nothing(tmp_path: Path) -> None:
    assert Mirror(Options(data=str(tmp_path))).post(made.snapshot(FIRST)).status_code == 403


@pytest.mark.parametrize(
    "broken",
    [
        header(at=float("nan")), header(at=float("inf")), header(at="now"), header(at=True), header(started=float("-inf")), header(at=-1), header(at=1e12),
        header(since=1), header(since=-1), header(until=1.5), header(until=2**53), header(until="2"), header(series=7), header(series="a\nb"), header(hub="x" * 300),
        header(items=None), header(items=[7]), header(items=[["live", "production", 0, "page", "text/html", ""]]),
        header(items=[["live", "production", 0, "page", "text/html", "", 5]]), header(items=[["live", "production", 0, "page", "text/html", "", -5]]),
        header(items=[["live", "production", 0, "page", "text/html", "br", 0]]), header(items=[["LIVE", "production", 0, "page", "text/html", "", 0]]),
        header(items=[["live", "production", -1, "page", "text/html", "", 0]]), header(items=[["live", "production", 0, "a\r\nb", "text/html", "", 0]]),
        header(items=[["live", "production", 0, "page", "text/html\r\nSet-Cookie: a=b", "", 0]]), header(items=[["live", "production", 0, "page", "html", "", 0]]),
        b"{}\n", b"[]\n", b"null\n", b"\n", b"", b"[" * 100_000 + b"\n", b"\xff\xfe\n", header()[:-1],
    ],
)  # fmt: skip
def test_a_header_that_makes_no_sense_is_refused_even_when_it_is_signed(mirror: Mirror, broken: bytes) -> None:
    answer = mirror.post(signed(broken))
    assert (answer.status_code, have(mirror)["have"]) == (400, 0), answer.text


def test_a_gzip_that_grows_beyond_measure_is_refused_without_being_unpacked_whole(mirror: Mirror) -> None:
    bomb = gzip.compress(b"\0" * (MAX_CONTENT_BYTES + 1))
    assert len(bomb) < 50_000
    answer = mirror.post(made.snapshot([*FIRST, Item(ItemKey("log", "production", 1, "a"), "text/html", "gzip", bomb)]))
    assert (answer.status_code, have(mirror)["have"]) == (413, 0)
    fits = gzip.compress(b"\0" * MAX_CONTENT_BYTES)
    assert mirror.post(made.snapshot([Item(ItemKey("log", "production", 1, "a"), "text/html", "gzip", fits)])).status_code == 200


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
def test_an_item_that_is_no_gzip_is_refused(mirror: Mirror, body: bytes) -> None:
    assert mirror.post(made.snapshot([Item(ItemKey("live", "production", 0, "page"), "text/html", "gzip", body)])).status_code == 400


def test_of_two_keys_each_may_sign(tmp_path: Path) -> None:
    other = made.OTHER_KEY.public_key().public_bytes_raw().hex()
    mirror = Mirror(Options(data=str(tmp_path), keys=(other, made.PUBLIC)))
    mirror.publish(FIRST)
    mirror.publish([], 1, 2, key=made.OTHER_KEY)
    assert have(mirror)["have"] == 2


def test_what_was_refused_is_counted(mirror: Mirror) -> None:
    mirror.post(made.snapshot(FIRST, key=made.OTHER_KEY))
    mirror.publish(FIRST)
    mirror.post(made.snapshot(FIRST))
    said = mirror.json("/status")
    assert (said["refused"], said["items"]["run"], said["runs"]["production"]) == ({"403": 1, "409": 1}, 2, [358791, 358791])
    assert "has edition 1 already" in said["last_refused"]


def test_a_sender_who_fails_again_and_again_has_to_wait(mirror: Mirror) -> None:
    statuses = [mirror.post(hashlib.sha256(b"junk").digest() * 9).status_code for _ in range(12)]
    assert statuses == [400] * 10 + [429] * 2
    assert int(mirror.post(b"x").headers["Retry-After"]) >= 1


def test_a_hub_that_is_behind_may_ask_as_often_as_it_likes(mirror: Mirror) -> None:
    mirror.publish(FIRST)
    assert {mirror.post(made.snapshot(FIRST)).status_code for _ in range(30)} == {409}


def test_a_length_that_is_missing_or_too_large_is_refused_before_anything_is_read(mirror: Mirror) -> None:
    class Unread(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            raise AssertionError("the body was read")

    for length, status in (("", 411), ("abc", 411), (str(33 * 2**20), 413), ("9" * 30, 413)):
        answer = mirror.client.post("/snapshots", input_stream=Unread(b"x"), environ_overrides={"CONTENT_LENGTH": length})
        assert (answer.status_code, answer.json and answer.json["status"]) == (status, status)


def test_pack_and_unpack_are_each_others_inverse() -> None:
    given = Snapshot("a", 1.0, 0, 1, 2.0, "Hub", [*FIRST, made.gone("log", "playback", 7, "x")])
    assert unpack(pack(given, made.KEY), [made.KEY.public_key()]) == given


def test_of_a_folder_nothing_is_read_that_is_too_large_or_no_file(options: Options, tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    mirror = Mirror(replace(options, folder=str(folder), largest_mb=1))
    name = made.SERIES + "-{:012d}-{:012d}.snapshot"
    with (folder / name.format(0, 3)).open("wb") as huge:
        huge.truncate(1 << 40)
    os.mkfifo(folder / name.format(0, 2))
    (folder / name.format(0, 1)).write_bytes(made.snapshot(FIRST))
    assert mirror.routes.watcher
    assert mirror.routes.watcher.store_next()
    assert have(mirror)["have"] == 1
    assert mirror.json("/status")["refused"] == {"413": 2}
