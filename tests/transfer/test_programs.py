"""Programs that the transfer runs, and what becomes of their children."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import IO

import pytest

from app.core.settings import TREE
from services.transfer.programs import ProgramStopped, run_program
from services.transfer.time_limit import TimeLimit
from tests.support.patience import PATIENCE_S
from tests.support.processes import until

CHILD_S = 90_000 + os.getpid() % 10_000
"""Seconds that the child of a program waits: no other process on this machine waits so long."""
HANGING = ["sh", "-c", f"sleep {CHILD_S} & wait"]
NEVER = TimeLimit(1e6)


@pytest.fixture
def output() -> Iterator[IO[bytes]]:
    with tempfile.TemporaryFile() as file:
        yield file


@pytest.fixture(autouse=True)
def _no_child() -> Iterator[None]:
    yield
    for child in children():
        os.kill(child, signal.SIGKILL)


def children() -> list[int]:
    """The children that wait."""
    wanted = f"sleep\0{CHILD_S}\0".encode()
    return [int(path.parent.name) for path in Path("/proc").glob("[0-9]*/cmdline") if read(path) == wanted]


def read(path: Path) -> bytes:
    """The content of a file, which may be gone."""
    try:
        return path.read_bytes()
    except OSError:
        return b""


def test_a_program_that_ends_has_its_code_and_its_output(output: IO[bytes], tmp_path: Path) -> None:
    assert (
        run_program(["sh", "-c", "pwd; echo $X >&2; cat; nice; exit 7"], NEVER, output, output, folder=tmp_path, environment={"X": "y"})
        == 7
    )
    output.seek(0)
    assert output.read().decode().splitlines() == [str(tmp_path), "y", str(os.nice(0))]
    with pytest.raises(FileNotFoundError):
        run_program(["/absent"], NEVER, output, output)


def test_the_children_of_a_program_that_does_not_end_in_time_end_with_it(output: IO[bytes]) -> None:
    assert run_program(HANGING, TimeLimit(0.3), output, output) is None
    until(lambda: not children(), "the end of the child")


def test_the_children_of_a_program_that_crashes_end_with_it(output: IO[bytes]) -> None:
    assert run_program(["sh", "-c", f"sleep {CHILD_S} & kill -SEGV $$"], NEVER, output, output) == -signal.SIGSEGV
    until(lambda: not children(), "the end of the child")


def test_a_child_of_a_program_that_ends_by_itself_goes_on_as_the_shared_connection_of_ssh(output: IO[bytes]) -> None:
    assert run_program(["sh", "-c", f"sleep {CHILD_S} &"], NEVER, output, output) == 0
    until(children, "the child")


def test_programs_end_when_the_service_ends(output: IO[bytes]) -> None:
    stop = threading.Event()
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(run_program, HANGING, NEVER, output, output, stop=stop)
        until(children, "the child")
        stop.set()
        with pytest.raises(ProgramStopped):
            running.result(PATIENCE_S)
    until(lambda: not children(), "the end of the child")


def test_a_process_that_ends_leaves_no_program_behind_for_which_a_thread_waits() -> None:
    program = f"""if True:
        import sys, tempfile, threading
        from services.transfer.programs import run_program
        from services.transfer.time_limit import TimeLimit
        threading.Thread(target=run_program, args=({HANGING!r}, TimeLimit(1e6), *[tempfile.TemporaryFile()] * 2), daemon=True).start()
        sys.stdin.read()
    """
    process = subprocess.Popen([sys.executable, "-S", "-E", "-c", program], cwd=TREE, stdin=subprocess.PIPE)
    until(children, "the child")
    process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 0
    until(lambda: not children(), "the end of the child")
