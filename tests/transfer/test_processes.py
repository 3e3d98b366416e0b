"""Clients of runs, as real processes with the name and arguments of those at P5."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from services.transfer.processes import ClientProcess, client_processes
from tests.support.processes import until

RUN, OTHER_RUN = 2_000_000_000 + os.getpid(), 1_900_000_000 + os.getpid()
"""Runs that no other test on this machine has."""
pytestmark = pytest.mark.slow


@contextmanager
def process(*arguments: str) -> Iterator[subprocess.Popen[bytes]]:
    """A process with these arguments, the first of which is its name: Python that runs a client which waits."""
    started = subprocess.Popen(arguments, executable=sys.executable, stdin=subprocess.PIPE)
    try:
        yield started
    finally:
        started.kill()
        started.communicate()


@pytest.fixture
def client(tmp_path: Path) -> str:
    file = tmp_path / "sistrip_dqm_sourceclient-live_cfg.py"
    file.write_text("import sys; sys.stdin.read()")
    return str(file)


def test_the_clients_of_a_run_are_found_and_nothing_else(client: str) -> None:
    with ExitStack() as stack:

        def start(*arguments: str) -> int:
            return stack.enter_context(process(*arguments)).pid

        first = start("cmsRun", client, "runInputDir=/fff/ramdisk", f"runNumber={RUN}", "runkey=pp_run")
        again = start("/opt/cms/bin/cmsRun", client, f"runNumber={RUN}", "skipFirstLumis=True")
        start("cmsRun", client, f"runNumber={RUN}0")
        start("cmsRun", client, f"xrunNumber={RUN}")
        start("python", client, "cmsRun", f"runNumber={RUN}")  # as esMonitoring.py, above a client
        start("cmsRunX", client, f"runNumber={RUN}")
        other = start("cmsRun", client, f"runNumber={OTHER_RUN}")
        name = os.path.basename(client)
        expected = sorted([ClientProcess(first, RUN, name, False, "/fff/ramdisk"), ClientProcess(again, RUN, name, True)])
        until(lambda: len(client_processes(RUN)) == 2, "both clients")
        assert client_processes(RUN) == expected
        until(lambda: client_processes(OTHER_RUN) == [ClientProcess(other, OTHER_RUN, name, False)], "the client of the other run")


def test_a_client_that_crashed_is_none_even_before_its_parent_knows(client: str) -> None:
    with process("cmsRun", client, f"runNumber={RUN}") as started:
        until(lambda: client_processes(RUN), "the client")
        started.send_signal(signal.SIGSEGV)
        until(lambda: not client_processes(RUN), "its end")
        assert f"{started.pid} (" in Path(f"/proc/{started.pid}/stat").read_text()  # nobody has waited for it
