"""Files behind a real XRootD server are read like local ones, and what goes wrong is said in words and in time."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time

import pytest

from app.core.settings import TREE
from app.formats import FormatError, Source, Unreachable, remote, servers, version
from tests.support.processes import until
from tests.support.xrootd import XRootD, slow_way, xrootd_server

CONTENT = bytes(range(256)) * 20_000  # 5 MB, more than one request reads


@pytest.fixture
def url(server: XRootD) -> str:
    return server.add("a.root", CONTENT)


def fails(url: str) -> None:
    with pytest.raises(Unreachable):
        version(url)


def answers(url: str) -> bool:
    try:
        version(url)
    except Unreachable:
        return False
    return True


@pytest.mark.parametrize("whole", [False, True])
def test_ranges_are_those_of_the_file(url: str, whole: bool) -> None:
    with Source(url, whole) as source:
        assert source.size == len(CONTENT)
        for seek, size in [(0, 4), (1_048_570, 20), (100, 3_000_000), (0, len(CONTENT)), (len(CONTENT) - 3, 10), (len(CONTENT), 1), (7, 0)]:
            assert source.read(seek, size) == CONTENT[seek : seek + size]


def test_its_version_is_its_size_and_time_of_change(server: XRootD, url: str) -> None:
    os.utime(server.store / "a.root", (1_700_000_000, 1_700_000_000))
    assert version(url) == (len(CONTENT), 1_700_000_000 * 10**9)
    with Source(url) as source:
        assert source.version == version(url)


def test_looking_through_a_file_takes_one_request_for_each_block(server: XRootD, url: str) -> None:
    asked: list[int] = []

    class Counted(remote.RemoteFile):
        def _piece(self, seek: int, size: int) -> bytes:
            asked.append(seek)
            return super()._piece(seek, size)

    blocks = remote.Blocks(Counted(url))
    for seek in range(0, len(CONTENT), 1000):
        assert blocks.read(seek, 1000) == CONTENT[seek : seek + 1000]
    assert asked == list(range(0, len(CONTENT), remote.BLOCK))


def test_a_missing_file_is_said_to_be_missing(server: XRootD) -> None:
    with pytest.raises(FileNotFoundError, match="there is no such file"):
        Source(server.url("none.root"))
    with pytest.raises(FileNotFoundError, match="there is no such file"):
        version(server.url("none.root"))


def test_a_denied_file_is_said_to_be_denied(server: XRootD, url: str) -> None:
    (server.store / "a.root").chmod(0)
    with pytest.raises(PermissionError, match="permission denied"):
        Source(url)


def test_a_folder_is_no_file(server: XRootD) -> None:
    with pytest.raises(FormatError, match="is a folder"):
        version(server.root)
    with pytest.raises(IsADirectoryError, match="is a folder"):
        Source(server.root)


def test_a_server_that_is_not_there_is_said_not_to_be_reached(server: XRootD, url: str) -> None:
    server.stop()
    with pytest.raises(Unreachable, match=f"127.0.0.1:{server.port} cannot be reached: connection error"):
        Source(url)
    server.start()
    until(lambda: answers(url), "the server to be asked again")


def test_a_host_that_has_no_address_is_said_not_to_be_reached() -> None:
    with pytest.raises(Unreachable, match=r"no-such-host.invalid cannot be reached: invalid address"):
        Source("root://no-such-host.invalid//store/a.root")


def test_a_server_that_is_silent_is_not_waited_for(server: XRootD, url: str) -> None:
    with Source(url) as source:
        server.freeze()
        with pytest.raises(Unreachable, match="did not answer within 2 s"):
            source.read(0, 10)
    with pytest.raises(Unreachable, match="did not answer within 2 s; it is asked again in 1 s"):
        Source(url)
    server.thaw()
    until(lambda: answers(url), "the server to be asked again")
    with Source(url) as source:
        assert source.read(0, 10) == CONTENT[:10]


def test_only_one_waits_to_find_out_whether_a_silent_server_is_well_again(server: XRootD, url: str) -> None:
    server.freeze()
    with pytest.raises(Unreachable, match="did not answer"):
        version(url)
    time.sleep(servers.RETRY_S)
    messages: list[str] = []

    def ask() -> None:
        with pytest.raises(Unreachable) as caught:
            version(url)
        messages.append(str(caught.value))

    threads = [threading.Thread(target=ask) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum("asked again" not in message for message in messages) == 1


def test_at_most_so_many_threads_wait(server: XRootD, url: str) -> None:
    remote.configure(timeout_s=3.0, waiting=1)
    server.freeze()
    place = remote._state.server(url)
    first = threading.Thread(target=fails, args=(url,))
    first.start()
    until(lambda: not remote._state.places.free.acquire(blocking=False) or remote._state.places.free.release(), "the first to wait")
    with pytest.raises(Unreachable, match="1 requests wait for remote servers already"):
        Source(url)
    until(lambda: place._patience(time.monotonic()) == 0.0, "the first to have waited for long")
    with pytest.raises(Unreachable, match="1 requests wait for remote servers already"):
        Source(url)
    first.join()


def test_a_slow_server_is_read_as_long_as_each_answer_comes_in_time(server: XRootD, url: str) -> None:
    with slow_way(server, 0.05) as folder, Source(f"{folder}/a.root") as source:
        assert source.read(1000, 20_000) == CONTENT[1000:21_000]
        with pytest.raises(Unreachable, match="did not answer within 2 s"):
            source.read(0, 2_000_000)


def test_a_server_that_was_restarted_is_read_on(server: XRootD, url: str) -> None:
    with Source(url) as source:
        server.stop()
        server.start()
        assert source.read(5, 10) == CONTENT[5:15]


def test_a_replaced_file_is_opened_anew(server: XRootD, url: str) -> None:
    with Source(url) as source:
        before = source.version
    del source
    server.add("a.root", b"new")
    assert version(url) != before
    with Source(url) as source:
        assert source.version == version(url)
        assert source.read(0, 10) == b"new"


def test_what_was_replaced_is_not_taken_for_the_new_file(server: XRootD, url: str) -> None:
    with Source(url) as source:
        server.add("a.root", b"new")
        assert source.read(0, 3) == CONTENT[:3]
        assert version(url).size == 3
        with pytest.raises(OSError, match="is being replaced, and the server still gives what was there before"):
            Source(url)


def test_a_file_is_closed_when_nobody_reads_it(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    monkeypatch.setattr(remote, "OPEN_S", 0.1)
    remote.configure()
    Source(url).close()
    until(lambda: not remote._state.files and not remote._state.closing, "the file to be closed")


def test_behind_a_redirector_the_size_alone_is_the_version(server: XRootD, url: str) -> None:
    with xrootd_server(f"xrootd.redirect 127.0.0.1:{server.port} ? /store\n") as redirector:
        asked = redirector.url("a.root")
        assert version(asked) == (len(CONTENT), 0)
        with Source(asked) as source:
            assert source.version == version(asked)
            assert source.read(300, 10) == CONTENT[300:310]
        with pytest.raises(FileNotFoundError, match="there is no such file"):
            version(redirector.url("none.root"))


def test_a_server_that_answers_others_meanwhile_is_not_silent(server: XRootD, url: str) -> None:
    place = remote._state.server(url)
    waiting = threading.Event()

    def wait(_: int) -> tuple[None, None]:
        waiting.set()
        time.sleep(3)
        return None, None

    def ask() -> None:
        with pytest.raises(Unreachable, match="did not answer"):
            place.ask(wait)

    slow = threading.Thread(target=ask)
    slow.start()
    waiting.wait()
    assert version(url).size == len(CONTENT)
    slow.join()
    assert version(url).size == len(CONTENT)


def test_the_version_is_asked_for_once_in_a_while(server: XRootD, url: str) -> None:
    remote.configure(recheck_s=3600.0)
    before = version(url)
    server.add("a.root", b"new")
    assert version(url) == before
    remote.forget(url)
    assert version(url).size == 3


def test_while_one_asks_for_the_version_others_get_the_last_one(server: XRootD, url: str) -> None:
    before = version(url)
    server.freeze()
    asking = threading.Thread(target=fails, args=(url,))
    asking.start()
    until(lambda: remote._state.versions[url].until > time.monotonic(), "the one that asks")
    assert version(url) == before
    asking.join()


def test_a_process_with_open_files_ends_at_once_though_the_server_is_silent(server: XRootD, url: str) -> None:
    urls = [server.add(f"{number}.root", b"root") for number in range(5)]
    program = "import sys; from app.formats import Source; [Source(url) for url in sys.argv[1:]]; print(); sys.stdin.read()"
    with subprocess.Popen([sys.executable, "-c", program, *urls], cwd=TREE, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout
        assert process.stdin
        assert process.stdout.readline() == b"\n"
        server.freeze()
        process.stdin.close()
        assert process.wait(25) == 0, "it waits 10 s for each"
