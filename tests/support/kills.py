"""Kills a process at each of its steps: before every change of a file system or start of a program, one after the other."""

from __future__ import annotations

import os
import signal
import sys
import traceback
from collections.abc import Callable, Iterator

STEPS = frozenset(f"os.{name}" for name in ("rename", "link", "mkdir", "rmdir", "remove", "symlink", "chmod", "truncate")) | {
    "shutil.copyfile",
    "subprocess.Popen",
    "sqlite3.connect",
}
"""Events of the interpreter before which a process is killed."""


def killed_at_each_step(action: Callable[[], object]) -> Iterator[int]:
    """Run an action in forked processes, of which the n-th is killed before its n-th step; the number of each kill.

    Ends when an action comes to its end without a kill, and fails if that fails.
    """
    number = 0
    while True:
        number += 1
        child = os.fork()
        if not child:
            _run(action, number)
        _, status = os.waitpid(child, 0)
        if not os.WIFSIGNALED(status):
            assert os.waitstatus_to_exitcode(status) == 0, "the action failed, see its output"
            return
        yield number


def _run(action: Callable[[], object], last: int) -> None:
    steps = 0

    def count(event: str, _: object) -> None:
        nonlocal steps
        if event not in STEPS:
            return
        steps += 1
        if steps == last:
            os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(count)
    try:
        action()
    except BaseException:
        traceback.print_exc()
        os._exit(1)
    os._exit(0)
