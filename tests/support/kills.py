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


def changes_files(event: str, _: tuple[object, ...]) -> bool:
    """Whether an event of the interpreter is a step: by its name and its arguments."""
    return event in STEPS


def killed_at_each_step(action: Callable[[], object], is_step: Callable[[str, tuple[object, ...]], bool] = changes_files) -> Iterator[int]:
    """Run an action in forked processes, of which the n-th is killed before its n-th step; the number of each kill.

    Ends when an action comes to its end without a kill, and fails if that fails.
    """
    number = 0
    while True:
        number += 1
        child = os.fork()
        if not child:
            _run(action, is_step, number)
        _, status = os.waitpid(child, 0)
        if not os.WIFSIGNALED(status):
            assert os.waitstatus_to_exitcode(status) == 0, "the action failed, see its output"
            return
        yield number


def _run(action: Callable[[], object], is_step: Callable[[str, tuple[object, ...]], bool], last: int) -> None:
    steps = 0

    def count(event: str, arguments: tuple[object, ...]) -> None:
        nonlocal steps
        if not is_step(event, arguments):
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
