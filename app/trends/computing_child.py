"""The child of `app.trends.computing_process`: reads one file after the other, and computes its trends.

A line with a task comes on standard input, a line with the answer goes to standard output. The child ends when nothing has come
for a while, and says with an answer when it is its last one.
"""

from __future__ import annotations

import errno
import json
import os
import select
import sys

from app.core.limited_process import REMOTE_MB, allow_cpu, enter, out_of_memory, peak_memory_mb
from app.core.urls import is_remote
from app.formats import FileReplaced, FormatError
from app.trends.computing import compute_task
from app.trends.outcomes import FileTask, outcomes_to_json

IDLE_S = 60
"""Time without a task after which the child ends."""
MOST_FILES = 500
"""Files after which the child ends, so that nothing that a library keeps can pile up."""


def main(memory_mb: str, cpu_s: str, timeout_s: str, parent: str) -> None:
    """Answer tasks until one is the last."""
    enter(int(memory_mb) + REMOTE_MB, int(parent))
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # for what libraries print
    for number in range(1, MOST_FILES + 1):
        if not select.select([sys.stdin], [], [], IDLE_S)[0] or not (line := sys.stdin.buffer.readline()):
            return
        allow_cpu(int(cpu_s))
        answer = _answer(FileTask.from_json(line), int(memory_mb), float(timeout_s))
        answer["last"] = number == MOST_FILES or peak_memory_mb() > int(memory_mb) // 2
        answers.write(json.dumps(answer).encode() + b"\n")
        answers.flush()
        if answer["last"]:
            return


def _answer(task: FileTask, memory_mb: int, timeout_s: float) -> dict[str, object]:
    """The outcomes of a task, or why the file cannot be used."""
    if is_remote(task.url):
        from app.formats import remote

        remote.configure(timeout_s)
    try:
        return {"outcomes": outcomes_to_json(compute_task(task))}
    except FormatError as error:
        return {"error": str(error), "replaced": isinstance(error, FileReplaced)}
    except (OSError, MemoryError) as error:
        if isinstance(error, OSError) and error.errno != errno.ENOMEM:
            return {"error": f"{task.url}: {error.strerror}"}
        return {"error": out_of_memory(task.url, memory_mb)}


if __name__ == "__main__":
    main(*sys.argv[1:])
