"""The child process that reads files and computes their trends, with limits on memory and CPU as for imports.

Whatever a file does to it, a crash of a library or a fit that never ends, fails that file alone. Loading numpy and uproot takes
longer than a file, so that one child takes many files, one after the other.
"""

from __future__ import annotations

import atexit
import json
import os
import select
import subprocess
import sys
import threading
import time
from contextlib import suppress
from typing import Any, NamedTuple

from app.core.limited_process import MOST_ELAPSED, TREE, ended, out_of_time, was_killed
from app.trends.errors import SampleNotRead, SampleReadTooSlowly, SampleReplaced, UnreadableSample
from app.trends.outcomes import FileTask, Outcome, outcomes_from_json

ONE_THREAD = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
"""Threads of numpy reserve much of the address space, and histograms are small."""
PIECE = 1 << 20
"""Bytes read from the child at a time."""


class Limits(NamedTuple):
    """What reading a file may take."""

    memory_mb: int
    cpu_s: int
    remote_timeout_s: float


class ComputingProcess:
    """The child of this process. It is started by the first file, and again when it has ended. Threads take turns."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._limits = Limits(0, 0, 0)  # of the present child
        self._child: subprocess.Popen[bytes] | None = None
        self._stderr = -1
        atexit.register(self.close)

    def compute(self, task: FileTask, limits: Limits) -> list[Outcome]:
        """The outcomes of a task.

        Raises `UnreadableSample` with the reason when the file cannot be read within the limits, `SampleNotRead` when it was
        not read for a reason outside of it.
        """
        with self._lock:
            try:
                answer = self._ask(task, limits) or self._ask(task, limits)
                if answer is None:
                    raise SampleNotRead(f"{task.url}: the reading process was ended twice from outside")
            except BaseException:  # also when this process is being stopped: the next answer would be of this task
                self._end()
                raise
            if answer.get("last"):
                self._end()
        if "error" in answer:
            raise (SampleReplaced if answer.get("replaced") else UnreadableSample)(answer["error"])
        return outcomes_from_json(answer["outcomes"])

    def close(self) -> None:
        """End the child."""
        with self._lock:
            self._end()

    def _ask(self, task: FileTask, limits: Limits) -> dict[str, Any] | None:
        """The answer of the child, or None if it ended for no fault of the file."""
        child = self._child
        if child is None or child.poll() is not None or limits != self._limits:
            self._end()
            child = self._start(limits)
        assert child.stdin
        assert child.stdout
        try:
            child.stdin.write(task.to_json())
            child.stdin.flush()
            line = self._read_line(child.stdout.fileno(), task.url)
        except BrokenPipeError:
            line = b""
        if line.endswith(b"\n"):
            answer: dict[str, Any] = json.loads(line)
            return answer
        code = child.wait()
        if code == 0 or was_killed(code):  # it was idle, or no file is to blame
            return None
        raise UnreadableSample(ended(task.url, code, os.pread(self._stderr, PIECE, 0), limits.cpu_s))

    def _start(self, limits: Limits) -> subprocess.Popen[bytes]:
        self._limits = limits
        self._stderr = os.memfd_create("stderr")  # a pipe that nobody reads would block the child
        command = [sys.executable, "-m", "app.trends.computing_child", *map(str, limits), str(os.getpid())]
        pipe = subprocess.PIPE
        try:
            # in a group of its own: a signal to the group of the service is not for it
            self._child = subprocess.Popen(
                command, cwd=TREE, env=os.environ | ONE_THREAD, stdin=pipe, stdout=pipe, stderr=self._stderr, process_group=0
            )
        except OSError as error:
            os.close(self._stderr)
            raise SampleNotRead(f"No process can be started that reads files ({error.strerror})") from error
        return self._child

    def _read_line(self, descriptor: int, url: str) -> bytes:
        """The answer, or what came of it before the child ended. Raises `SampleReadTooSlowly`."""
        end = time.monotonic() + MOST_ELAPSED * self._limits.cpu_s
        pieces = []
        while select.select([descriptor], [], [], max(0.0, end - time.monotonic()))[0]:
            piece = os.read(descriptor, PIECE)
            pieces.append(piece)
            if not piece or piece.endswith(b"\n"):
                return b"".join(pieces)
        raise SampleReadTooSlowly(out_of_time(url, self._limits.cpu_s))

    def _end(self) -> None:
        child, self._child = self._child, None
        if child is None:
            return
        child.kill()
        child.wait()
        os.close(self._stderr)
        for pipe in (child.stdin, child.stdout):
            assert pipe
            with suppress(BrokenPipeError):  # of a task that was not sent as a whole
                pipe.close()


shared_process = ComputingProcess()
"""The one child of this process, for configured and requested trends."""
