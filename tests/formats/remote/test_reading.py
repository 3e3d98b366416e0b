"""Files on a real XRootD server are read like local ones, and errors are raised in time and with their reason."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from types import SimpleNamespace

import pytest

from app.core.settings import TREE
from app.formats import FileSource, FormatError, ServerUnreachable, file_version, remote, xrootd
from tests.support.patience import PATIENCE_S
from tests.support.processes import until
from tests.support.xrootd import ANSWER_S, XRootD, slow_way, xrootd_server

pytestmark = pytest.mark.slow

SILENT = f"did not answer within {ANSWER_S:g} s"
EXPIRED = SimpleNamespace(ok=False, code=206)
"""The status of a request that XRootD's client gave up."""
CONTENT = bytes(range(256)) * 20_000  # 5 MB, more than one request reads


@pytest.fixture
def url(server: XRootD) -> str:
    return server.add("a.root", CONTENT)


def answers(url: str) -> bool:
    try:
        file_version(url)
    except ServerUnreachable:
        return False
    return True


def freeze(server: XRootD, url: str) -> None:
    """From now on the server answers nothing, and is given up soon."""
    remote._state.server(url)._timeout_s = ANSWER_S
    server.freeze()


def thaw(server: XRootD, url: str) -> None:
    remote._state.server(url)._timeout_s = PATIENCE_S
    server.thaw()


@pytest.mark.parametrize("whole", [False, True])
def test_ranges_equal_those_of_the_file(url: str, whole: bool) -> None:
    with FileSource(url, whole) as source:
        assert source.size == len(CONTENT)
        for seek, size in [(0, 4), (1_048_570, 20), (100, 3_000_000), (0, len(CONTENT)), (len(CONTENT) - 3, 10), (len(CONTENT), 1), (7, 0)]:
            assert source.read(seek, size) == CONTENT[seek : seek + size]


def test_version_is_size_and_time_of_change(server: XRootD, url: str) -> None:
    os.utime(server.store / "a.root", (1_700_000_000, 1_700_000_000))
    assert file_version(url) == (len(CONTENT), 1_700_000_000 * 10**9)
    with FileSource(url) as source:
        assert source.version == file_version(url)


def test_reading_a_whole_file_takes_one_request_per_block(server: XRootD, url: str) -> None:
    request_starts: list[int] = []

    class Counted(remote.RemoteFile):
        def _piece(self, seek: int, size: int) -> bytes:
            request_starts.append(seek)
            return super()._piece(seek, size)

    blocks = remote.RemoteBlocks(Counted(url))
    for seek in range(0, len(CONTENT), 1000):
        assert blocks.read(seek, 1000) == CONTENT[seek : seek + 1000]
    assert request_starts == list(range(0, len(CONTENT), remote.BLOCK))


def test_missing_file_is_a_file_not_found_error(server: XRootD) -> None:
    with pytest.raises(FileNotFoundError, match="there is no such file"):
        FileSource(server.url("none.root"))
    with pytest.raises(FileNotFoundError, match="there is no such file"):
        file_version(server.url("none.root"))


def test_denied_file_is_a_permission_error(server: XRootD, url: str) -> None:
    (server.store / "a.root").chmod(0)
    with pytest.raises(PermissionError, match="permission denied"):
        FileSource(url)


def test_folder_is_an_error(server: XRootD) -> None:
    with pytest.raises(FormatError, match="is a folder"):
        file_version(server.root)
    with pytest.raises(IsADirectoryError, match="is a folder"):
        FileSource(server.root)


def test_stopped_server_is_unreachable(server: XRootD, url: str) -> None:
    server.stop()
    with pytest.raises(ServerUnreachable, match=f"127.0.0.1:{server.port} cannot be reached: connection error"):
        FileSource(url)
    server.start()
    until(lambda: answers(url), "the next attempt")


def test_unknown_host_is_unreachable() -> None:
    with pytest.raises(ServerUnreachable, match=r"no-such-host.invalid cannot be reached: invalid address"):
        FileSource("root://no-such-host.invalid//store/a.root")


def test_silent_server_times_out_and_then_fails_at_once(server: XRootD, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(xrootd, "RETRY_S", PATIENCE_S)
    with FileSource(url) as source:
        freeze(server, url)
        with pytest.raises(ServerUnreachable, match=SILENT):
            source.read(0, 10)
    with pytest.raises(ServerUnreachable, match=f"{SILENT}; next attempt in"):
        FileSource(url)
    thaw(server, url)

    def answers_again() -> bool:
        remote._state.server(url).silent_until = 0.0  # a server that has just woken up may miss one more attempt
        return answers(url)

    until(answers_again, "the next attempt")
    with FileSource(url) as source:
        assert source.read(0, 10) == CONTENT[:10]


def test_one_thread_at_a_time_retries_a_silent_server(server: XRootD, url: str) -> None:
    freeze(server, url)
    with pytest.raises(ServerUnreachable, match="did not answer"):
        file_version(url)
    place = remote._state.server(url)
    until(lambda: time.monotonic() > place.silent_until, "the time of the next attempt")
    place._timeout_s = PATIENCE_S
    messages: list[str] = []

    def read_file() -> None:
        try:
            file_version(url)
        except ServerUnreachable as error:
            messages.append(str(error))

    threads = [threading.Thread(target=read_file) for _ in range(6)]
    for thread in threads:
        thread.start()
    until(lambda: len(messages) == 5, "all threads but the one that tries")
    server.thaw()
    for thread in threads:
        thread.join()
    assert all("next attempt" in message for message in messages)


def test_waiting_threads_are_limited(server: XRootD, url: str) -> None:
    remote.configure(timeout_s=PATIENCE_S, waiting=1)
    server.freeze()
    place = remote._state.server(url)
    first = threading.Thread(target=answers, args=(url,))
    first.start()
    until(lambda: not remote._state.slots.free.acquire(blocking=False) or remote._state.slots.free.release(), "the first to wait")
    with pytest.raises(ServerUnreachable, match="1 requests are waiting for remote servers already"):
        FileSource(url)
    until(lambda: place._slot_wait(time.monotonic()) == 0.0, "the first to have waited for long")
    with pytest.raises(ServerUnreachable, match="1 requests are waiting for remote servers already"):
        FileSource(url)
    server.thaw()
    first.join()


def test_slow_server_is_read_while_each_answer_is_in_time(server: XRootD, url: str) -> None:
    with slow_way(server, 0.05) as folder, FileSource(f"{folder}/a.root") as source:
        assert source.read(1000, 20_000) == CONTENT[1000:21_000]
        remote._state.server(f"{folder}/a.root")._timeout_s = ANSWER_S
        with pytest.raises(ServerUnreachable, match=SILENT):
            source.read(0, 2_000_000)


def test_reading_continues_after_a_restart_of_the_server(server: XRootD, url: str) -> None:
    with FileSource(url) as source:
        server.stop()
        server.start()
        assert source.read(5, 10) == CONTENT[5:15]


def test_replaced_file_is_opened_again(server: XRootD, url: str) -> None:
    with FileSource(url) as source:
        before = source.version
    del source
    server.add("a.root", b"new")
    assert file_version(url) != before
    with FileSource(url) as source:
        assert source.version == file_version(url)
        assert source.read(0, 10) == b"new"


def test_old_copy_at_the_server_is_not_read_as_the_new_file(server: XRootD, url: str) -> None:
    with FileSource(url) as source:
        server.add("a.root", b"new")
        assert source.read(0, 3) == CONTENT[:3]
        assert file_version(url).size == 3
        with pytest.raises(OSError, match="is being replaced, and the server still has the old copy"):
            FileSource(url)


def test_unused_file_is_closed(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    monkeypatch.setattr(remote, "OPEN_S", 0.1)
    remote.configure()
    FileSource(url).close()
    until(lambda: not remote._state.files and not remote._state.is_closing, "the file to be closed")


def test_version_behind_a_redirector_is_the_size_alone(server: XRootD, url: str) -> None:
    with xrootd_server(f"xrootd.redirect 127.0.0.1:{server.port} ? /store\n") as redirector:
        redirected = redirector.url("a.root")
        assert file_version(redirected) == (len(CONTENT), 0)
        with FileSource(redirected) as source:
            assert source.version == file_version(redirected)
            assert source.read(300, 10) == CONTENT[300:310]
        with pytest.raises(FileNotFoundError, match="there is no such file"):
            file_version(redirector.url("none.root"))


def test_server_that_answers_other_requests_is_not_silent(server: XRootD, url: str) -> None:
    place = remote._state.server(url)
    waiting, answered = threading.Event(), threading.Event()

    def wait(_: int) -> tuple[SimpleNamespace, None]:
        waiting.set()
        answered.wait()
        return EXPIRED, None

    def read_file() -> None:
        with pytest.raises(ServerUnreachable, match="did not answer"):
            place.request(wait)

    slow = threading.Thread(target=read_file)
    slow.start()
    waiting.wait()
    assert file_version(url).size == len(CONTENT)
    answered.set()
    slow.join()
    assert file_version(url).size == len(CONTENT)


def test_version_is_checked_after_the_recheck_time(server: XRootD, url: str) -> None:
    remote.configure(timeout_s=PATIENCE_S, recheck_s=3600.0)
    before = file_version(url)
    server.add("a.root", b"new")
    assert file_version(url) == before
    remote.forget(url)
    assert file_version(url).size == 3


def test_other_threads_get_the_last_version_during_a_check(server: XRootD, url: str) -> None:
    before = file_version(url)
    server.freeze()
    asking = threading.Thread(target=answers, args=(url,))
    asking.start()
    until(lambda: remote._state.versions[url].until > time.monotonic(), "the thread that checks the version")
    assert file_version(url) == before
    server.thaw()
    asking.join()


def test_process_with_open_files_exits_at_once_with_a_silent_server(server: XRootD, url: str) -> None:
    urls = [server.add(f"{number}.root", b"root") for number in range(3)]  # XRootD itself waits for each
    program = (
        f"import sys; from app.formats import FileSource, remote; remote.configure(timeout_s={PATIENCE_S}); "
        "[FileSource(url) for url in sys.argv[1:]]; print(); sys.stdin.read()"
    )
    with subprocess.Popen([sys.executable, "-c", program, *urls], cwd=TREE, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout
        assert process.stdin
        assert process.stdout.readline() == b"\n"
        server.freeze()
        process.stdin.close()
        assert process.wait(PATIENCE_S) == 0
