"""A real XRootD server: started on demand on a free port, and stopped, slowed and ended by the tests."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory

from app.formats import remote
from tests.support.patience import PATIENCE_S
from tests.support.ports import free_port
from tests.support.processes import until
from tests.support.servers import Missing

ANSWER_S = 4.0
"""Seconds that an answer may take in these tests: long enough for a busy machine, short enough to wait for one that never comes."""
SIP = 4096
"""Bytes that a slow connection passes on at a time."""

CONFIGURATION = """
xrd.port {port}
xrd.network nodnr
xrd.allow host 127.0.0.1
all.export /store
oss.localroot {folder}
all.adminpath {folder}/admin
all.pidpath {folder}/admin
"""


class XRootD:
    """A server of the files in `store`, as root://127.0.0.1:port//store/<name>."""

    def __init__(self, folder: Path, more: str) -> None:
        self.folder = folder
        self.more = more
        self.port = free_port()
        self.store = folder / "store"
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def root(self) -> str:
        """The folder of its files, as a setting names it."""
        return f"root://127.0.0.1:{self.port}//store"

    def url(self, name: str) -> str:
        return f"{self.root}/{name}"

    def add(self, name: str, content: bytes) -> str:
        """A file by this name, in the place of one that was there; its address."""
        new = self.store / f"{name}.new"
        new.write_bytes(content)
        new.rename(self.store / name)
        return self.url(name)

    def start(self) -> None:
        configuration = self.folder / "configuration"
        configuration.write_text(CONFIGURATION.format(port=self.port, folder=self.folder) + self.more)
        as_user = ["--reuid", "nobody", "--regid", "nogroup", "--clear-groups"] if os.geteuid() == 0 else []  # it refuses to be root
        command = ["setpriv", *as_user, "--pdeathsig", "TERM", "xrootd", "-I", "v4", "-c", str(configuration), "-n", "tests"]
        with (self.folder / "log").open("wb") as log:
            self._process = subprocess.Popen(command, cwd=self.folder, stdout=log, stderr=log)
        until(lambda: self._ended() or self._listens(), "the XRootD server")
        assert not self._ended(), (self.folder / "log").read_text()

    def _ended(self) -> bool:
        return self._process is not None and self._process.poll() is not None

    def _listens(self) -> bool:
        try:
            socket.create_connection(("127.0.0.1", self.port), 1).close()
        except OSError:
            return False
        return True

    def stop(self) -> None:
        assert self._process is not None
        self._process.send_signal(signal.SIGCONT)
        self._process.terminate()
        self._process.wait(PATIENCE_S)

    def freeze(self) -> None:
        """From now on it answers nothing, while its connections stay."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)
        until(self._is_frozen, "the XRootD server to freeze")  # the kernel stops its threads one after the other

    def _is_frozen(self) -> bool:
        assert self._process is not None
        threads = Path(f"/proc/{self._process.pid}/task").iterdir()
        return all((thread / "stat").read_text().rpartition(")")[2].split()[0] == "T" for thread in threads)

    def thaw(self) -> None:
        assert self._process is not None
        self._process.send_signal(signal.SIGCONT)


@contextmanager
def patient_client() -> Iterator[None]:
    """Let the client of this process wait for servers however long the machine stalls, and check versions on each use."""
    remote._client.cache_clear()  # the limits of XRootD's client are those of its first use
    remote.configure(timeout_s=PATIENCE_S, recheck_s=0.0)
    yield
    remote.configure()
    remote._client.cache_clear()


@contextmanager
def slow_way(server: XRootD, seconds: float) -> Iterator[str]:
    """The folder of a server's files behind a connection that passes on a few bytes at a time, each after so many seconds."""
    with socket.create_server(("127.0.0.1", 0)) as entrance:

        def serve() -> None:
            with suppress(OSError):  # at the end the entrance is closed
                while True:
                    near = entrance.accept()[0]
                    far = socket.create_connection(("127.0.0.1", server.port))
                    for source, sink in ((near, far), (far, near)):
                        threading.Thread(target=_pass_on, args=(source, sink, seconds), daemon=True).start()

        threading.Thread(target=serve, daemon=True).start()
        yield f"root://127.0.0.1:{entrance.getsockname()[1]}//store"


def _pass_on(source: socket.socket, sink: socket.socket, seconds: float) -> None:
    with source, sink, suppress(OSError):
        while data := source.recv(SIP):
            time.sleep(seconds)
            sink.sendall(data)


@contextmanager
def xrootd_server(more: str = "") -> Iterator[XRootD]:
    """A server that is there until the end of the block. more: lines of its configuration."""
    if shutil.which("xrootd") is None:
        raise Missing("xrootd", "xrootd-server")
    with TemporaryDirectory(prefix="dqmhub-xrootd-", dir="/tmp") as place:
        folder = Path(place)
        for name in ("store", "admin"):
            (folder / name).mkdir()
        if os.geteuid() == 0:
            for path in (folder, *folder.iterdir()):
                shutil.chown(path, "nobody", "nogroup")
        server = XRootD(folder, more)
        server.start()
        try:
            yield server
        finally:
            server.stop()
