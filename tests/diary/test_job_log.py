"""Logs of jobs: only files below the allowed folders, of any size and encoding, shown as DQM^2 shows logs."""

from __future__ import annotations

import gzip
import os
import random
import re
import threading
from html import unescape
from pathlib import Path
from urllib.parse import quote

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.diary.errors import DiaryError
from app.diary.logs.errors import LogRefused, LogUnreadable
from app.diary.logs.opening import open_log
from app.diary.logs.reading import HEAD_BYTES, HEAD_LINES, MAX_UNPACKED, TAIL_BYTES, TAIL_LINES, LogText, read_log
from app.diary.observations.store import store
from app.security import Role
from app.security.models import Audit
from tests.diary.observations import NOW, only_job, seen
from tests.diary.test_job_review import headers

SECRET = b"the password is swordfish\n"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """An allowed folder, beside which is a file that nobody may see."""
    (tmp_path / "secret.txt").write_bytes(SECRET)
    folder = tmp_path / "logs"
    folder.mkdir()
    return folder


@pytest.fixture
def reader(app: Flask, client: FlaskClient, root: Path) -> FlaskClient:
    """A viewer of a hub that shows the logs of the folder."""
    app.config["HUB"] = app.config["HUB"].replace(diary_log_roots=(str(root),))
    return client


def add_job(*paths: str, state: str = "failed", workdir: str = "") -> int:
    store("s", [seen(NOW, state, logs=[(path, "stdout") for path in paths], workdir=workdir)], NOW)
    number: int = only_job().id
    return number


def shown(client: FlaskClient, number: int, path: object, more: str = "") -> str:
    answer = client.get(f"/diary/jobs/{number}/log?file={quote(str(path))}{more}")
    assert answer.status_code == 200
    return answer.text


def lines(html: str) -> list[str]:
    return [unescape(text).strip() for text in re.findall(r'<span class="text">(.*?)</span></li>', html, re.DOTALL)]


def read(path: Path) -> LogText:
    with open(path, "rb", buffering=0) as file:
        return read_log(file)


def test_the_log_of_a_failed_job_opens_at_its_first_error(reader: FlaskClient, root: Path) -> None:
    text = "".join(f"event {number}\n" for number in range(6000)) + "%MSG-e Tracker\nno geometry\n%MSG\nERROR <script>\n"
    (root / "out.txt").write_text(text)
    number = add_job(str(root / "out.txt"))
    html = shown(reader, number, root / "out.txt")
    assert 'data-open-at="L6001"' in html
    assert lines(html)[-1] == "ERROR <script>"
    assert "<script>\n" not in html
    assert lines(shown(reader, number, root / "out.txt", "&level=error")) == ["%MSG-e Tracker", "no geometry", "ERROR <script>"]
    assert lines(shown(reader, number, root / "out.txt", "&q=EVENT%204999")) == ["event 4999"]
    page = reader.get(f"/diary/jobs/{number}").text
    (address,) = re.findall(r'href="(/diary/jobs/\d+/log\?[^"]+)"', page)
    assert lines(reader.get(unescape(address)).text) == lines(html)
    raw = reader.get(f"/diary/jobs/{number}/log/text?file={root / 'out.txt'}")
    assert raw.data == text.encode()
    assert raw.headers["Content-Disposition"] == 'attachment; filename="out.txt"'
    (audited,) = Audit.select().where(Audit.action == "download log")
    assert audited.target == f"{root / 'out.txt'} of job {number}"


def test_a_log_that_the_job_does_not_name_is_not_shown(reader: FlaskClient, root: Path) -> None:
    (root / "other.txt").write_text("of somebody else")
    number = add_job(str(root / "own.txt"))
    for part in ("log", "log/text"):
        assert reader.get(f"/diary/jobs/{number}/{part}?file={root / 'other.txt'}").status_code == 404
        assert reader.get(f"/diary/jobs/{number}/{part}?file={root / 'own.txt'}").status_code == 404  # which is not there
        assert reader.get(f"/diary/jobs/{number}/{part}").status_code == 404


def test_a_path_of_a_source_never_leads_out_of_the_allowed_folders(reader: FlaskClient, root: Path) -> None:
    (root / "link.txt").symlink_to("../secret.txt")
    (root / "folder").symlink_to("..")
    os.mkfifo(root / "pipe")
    Path(f"{root}2").mkdir()
    (Path(f"{root}2") / "x.txt").write_bytes(SECRET)
    hostile = [
        *(f"{root}/../secret.txt", f"{root}/link.txt", f"{root}/folder/secret.txt", f"{root}2/x.txt", "../secret.txt", "../logs2/x.txt"),
        *(f"{root}/pipe", f"{root}", f"{root}/", f"{root}/.", "/etc/passwd", "/dev/zero", "/proc/self/environ", "x", "~/.bashrc"),
    ]
    number = add_job(*hostile, workdir=str(root))
    for path in hostile:
        for part in ("log", "log/text"):
            answer = reader.get(f"/diary/jobs/{number}/{part}?file={quote(path)}")
            assert answer.status_code in (403, 404), path
            assert b"swordfish" not in answer.data


def test_no_log_is_shown_unless_a_folder_is_allowed(client: FlaskClient, root: Path) -> None:
    (root / "out.txt").write_text("text")
    number = add_job(str(root / "out.txt"))
    refused = client.get(f"/diary/jobs/{number}/log?file={root / 'out.txt'}")
    assert refused.status_code == 403
    assert f'<a href="/diary/jobs/{number}">Back to the job</a>' in refused.text
    page = client.get(f"/diary/jobs/{number}").text
    assert f"/diary/jobs/{number}/log" not in page
    assert "Logs without a link are outside the folders that this hub shows." in page


def test_links_within_the_allowed_folders_and_relative_paths_are_followed(reader: FlaskClient, root: Path) -> None:
    (root / "a").mkdir()
    (root / "a" / "real.txt").write_text("inside\n")
    (root / "b").symlink_to("a")
    number = add_job("b/real.txt", workdir=str(root))
    assert lines(shown(reader, number, "b/real.txt")) == ["inside"]


def test_a_folder_that_is_exchanged_for_a_link_meanwhile_shows_nothing_from_outside(root: Path, tmp_path: Path) -> None:
    (root / "job").mkdir()
    (root / "job" / "secret.txt").write_bytes(b"own\n")
    stop, seen_texts = threading.Event(), set()

    def exchange() -> None:
        while not stop.is_set():
            os.rename(root / "job", root / "away")
            os.symlink(tmp_path, root / "job")
            os.unlink(root / "job")
            os.rename(root / "away", root / "job")

    thread = threading.Thread(target=exchange)
    thread.start()
    try:
        for _ in range(3000):
            try:
                with open_log(str(root / "job" / "secret.txt"), [str(root)]) as file:
                    seen_texts.add(file.read())
            except (LogRefused, LogUnreadable) as error:
                seen_texts.add(type(error))
    finally:
        stop.set()
        thread.join()
    assert SECRET not in seen_texts


def test_of_a_huge_log_start_and_end_are_read(root: Path) -> None:
    path = root / "huge.txt"
    path.write_bytes(b"first\n" + b"x" * 99 + b"\n")
    os.truncate(path, 8 << 30)  # without any block of its own
    with path.open("ab") as file:
        file.write(b"\n" + b"y\n" * (TAIL_BYTES // 2) + b"last\n")
    before = _bytes_read()
    found = read(path)
    assert _bytes_read() - before < HEAD_BYTES + TAIL_BYTES + 4096
    assert found.lines[0] == "first"
    assert found.lines[-1] == "last"
    assert found.gap == 2
    assert set(found.lines[2:-1]) == {"y"}


def _bytes_read() -> int:
    return int(re.search(r"rchar: (\d+)", Path("/proc/self/io").read_text())[1])


def test_packed_logs_are_unpacked_as_gzip_does(root: Path) -> None:
    text = b"".join(b"event %d\n" % number for number in range(20_000))
    (root / "one.gz").write_bytes(gzip.compress(text))
    (root / "two.gz").write_bytes(gzip.compress(text) + gzip.compress(b"after a restart\n"))
    assert read(root / "one.gz") == LogText(text.decode().splitlines(), None)
    assert read(root / "two.gz").lines == [*text.decode().splitlines(), "after a restart"]


def test_of_a_large_packed_log_start_and_end_are_shown(root: Path) -> None:
    text = b"".join(b"event number %d, in a line of seventy letters, as programs write them\n" % number for number in range(150_000))
    (root / "large.gz").write_bytes(gzip.compress(text, 1))
    found, every = read(root / "large.gz"), text.decode().splitlines()
    assert found.gap is not None
    assert found.problem == ""
    assert found.lines[: found.gap] == every[: found.gap]
    assert found.lines[found.gap :] == every[found.gap - len(found.lines) :]
    assert len(text) > HEAD_BYTES + TAIL_BYTES > len("\n".join(found.lines)) > HEAD_BYTES + TAIL_BYTES - 200


def test_a_packed_log_that_is_still_written_shows_what_there_is(root: Path) -> None:
    whole = gzip.compress("".join(f"{random.random()}\n" for _ in range(5000)).encode())
    (root / "cut.gz").write_bytes(whole[: len(whole) // 2])
    found = read(root / "cut.gz")
    assert len(found.lines) > 1000
    assert "cut off, or still being written" in found.problem
    (root / "bad.gz").write_bytes(whole[:20_000] + b"\xff" * 100 + whole[20_100:])
    assert "damaged" in read(root / "bad.gz").problem


def test_a_gzip_bomb_is_unpacked_up_to_the_limit(root: Path) -> None:
    with gzip.open(root / "bomb.gz", "wb", compresslevel=1) as file:
        for _ in range((MAX_UNPACKED >> 20) + 8):
            file.write(b"\n" * (1 << 20))
    found = read(root / "bomb.gz")
    assert "Only the first 64 MB" in found.problem
    assert len(found.lines) <= HEAD_LINES + TAIL_LINES


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "latin-1"])
def test_a_log_of_each_encoding_is_readable(root: Path, encoding: str) -> None:
    (root / "log").write_bytes("Überlauf\r\nfin de la tâche\r\n".encode(encoding))
    assert read(root / "log").lines == ["Überlauf", "fin de la tâche"]


def test_the_end_of_a_large_log_in_utf_16_is_readable(root: Path) -> None:
    (root / "log").write_bytes("".join(f"línea {number}\n" for number in range(300_000)).encode("utf-16"))
    found = read(root / "log")
    assert found.lines[0] == "línea 0"
    assert found.lines[-1] == "línea 299999"


def test_a_log_of_any_bytes_is_a_page(reader: FlaskClient, root: Path) -> None:
    number, maker = add_job(str(root / "log")), random.Random(15)
    for size in [*range(20), *(maker.randrange(3000) for _ in range(30))]:
        start = maker.choice([b"", b"\x1f\x8b", b"\x1f\x8b\x08\0\0\0\0\0\0\0", b"\xff\xfe", b"\xfe\xff", b"\xef\xbb\xbf"])
        (root / "log").write_bytes(start + maker.randbytes(size))
        shown(reader, number, root / "log")


def test_a_log_that_grows_is_polled_until_the_job_ends(reader: FlaskClient, root: Path) -> None:
    (root / "out.txt").write_text("one\n")
    number = add_job(str(root / "out.txt"), state="running")
    html = shown(reader, number, root / "out.txt")
    (poll,) = re.findall(r'hx-get="([^"]+)"', html)
    assert reader.get(unescape(poll)).status_code == 204
    with (root / "out.txt").open("a") as file:
        file.write("two\n")
    answer = reader.get(unescape(poll), headers={"HX-Request": "true"})
    assert lines(answer.text) == ["one", "two"]
    assert "<html" not in answer.text
    store("s", [seen(NOW + 1, "done")], NOW + 1)
    assert "hx-get" not in shown(reader, number, root / "out.txt")


def test_a_log_that_may_not_be_read_says_why(root: Path) -> None:
    with pytest.raises(DiaryError, match="No such file or directory"):
        open_log(f"{root}/none.txt", [str(root)])
    with pytest.raises(DiaryError, match="File name too long"):
        open_log(f"{root}/{'n' * 300}", [str(root)])


def test_the_log_of_a_running_job_opens_at_its_end_and_stays_there(reader: FlaskClient, root: Path) -> None:
    path = root / "out.txt"
    path.write_text("".join(f"event {number}\n" for number in range(12_000)))
    number = add_job(str(path), state="running")
    html = shown(reader, number, path)
    assert (lines(html)[0], lines(html)[-1]) == ("event 7000", "event 11999")
    with path.open("a") as file:
        file.write("event 12000\n")
    (poll,) = re.findall(r'hx-get="([^"]+)"', html)
    assert lines(reader.get(unescape(poll)).text)[-1] == "event 12000"
    (earlier,) = re.findall(r'href="([^"]+)">Earlier lines', html)
    before = reader.get(unescape(earlier)).text
    assert (lines(before)[0], lines(before)[-1]) == ("event 2000", "event 6999")
    first = shown(reader, number, path, "&from=0")
    (poll,) = re.findall(r'hx-get="([^"]+)"', first)
    assert lines(reader.get(unescape(poll).replace("since=", "since=x")).text) == lines(first)
    store("s", [seen(NOW + 1, "failed")], NOW + 1)
    assert lines(shown(reader, number, path))[-1] == "event 12000"
    store("s", [seen(NOW + 2, "done")], NOW + 2)
    assert lines(shown(reader, number, path))[0] == "event 0"


def test_a_large_log_is_downloaded_by_shifters_and_the_owner_alone(reader: FlaskClient, root: Path) -> None:
    (root / "out.txt").write_bytes((b"x" * 999 + b"\n") * ((HEAD_BYTES + TAIL_BYTES) // 1000 + 1))
    store("s", [seen(NOW, "done", logs=[(str(root / "out.txt"), "stdout")], user="anna")], NOW)
    page, text = (f"/diary/jobs/{only_job().id}/{part}?file={root / 'out.txt'}" for part in ("log", "log/text"))
    for user, status in (({}, 403), (headers("eve", Role.VIEWER), 403), (headers("anna", Role.VIEWER), 200), (headers("bob"), 200)):
        answer = reader.get(text, headers=user)
        assert answer.status_code == status
        assert len(answer.data) > HEAD_BYTES + TAIL_BYTES or status == 403
        assert ("Whole file" in reader.get(page, headers=user).text) == (status == 200)


def test_of_many_short_lines_the_first_and_the_last_are_shown(root: Path) -> None:
    (root / "log").write_bytes(b"first\n" + b"\n" * 1_000_000 + b"last\n")
    found = read(root / "log")
    assert (found.lines[0], found.lines[-1], found.gap) == ("first", "last", HEAD_LINES)
    assert len(found.lines) == HEAD_LINES + TAIL_LINES
    (root / "log").write_bytes(b"first\n" + b"\n" * 10_000_000 + b"last\n")
    found = read(root / "log")
    assert (found.lines[0], found.lines[-1], found.gap) == ("first", "last", HEAD_LINES)
    assert len(found.lines) == HEAD_LINES + TAIL_LINES
