"""Versions of the merged files of a run: a new one replaces none of those at GUI machines.

The journal has the merges since its creation. Earlier versions are found by listing the files of the GUI machines. A machine that does
not answer may have any version: then the next version is the first of the next hundred.
"""

from __future__ import annotations

import logging
import os
import shlex
import threading
import time
from collections.abc import Iterable, Sequence, Set
from contextlib import suppress

from ..copying import CopyFailed, RemoteHost
from ..journal import Journal, JournalFailed
from ..names import FileKind, merged_name, parse_name
from ..options import GuiMachineOptions
from ..time_limit import TimeLimit

STEP = 100
_KIND, _BEGAN = "journal", "began"
LIMIT_S = 20.0
"""Maximum number of seconds to wait for an answer of a GUI machine."""
POLL_S = 0.1
log = logging.getLogger(__name__)


def versions_in(names: Iterable[str], run: int) -> set[int]:
    """The versions of merged files of a run among these names."""
    parsed = map(parse_name, names)
    return {name.version for name in parsed if name and name.kind == FileKind.MERGED_FILE and name.run == run}


def journal_began(journal: Journal) -> float:
    """When a journal was first used, s since 1970. Raises JournalFailed when it cannot be read."""
    document = journal.get(_KIND, 0, _BEGAN)
    if document is None:
        document = {"at": time.time()}
        with suppress(JournalFailed):
            journal.put(_KIND, 0, _BEGAN, document)
    return float(document["at"])


def next_version(known: Set[int], is_complete: bool) -> int:
    """The version after the known ones if these are complete, otherwise the first of the next hundred."""
    newest = max(known, default=0)
    return newest + 1 if is_complete else (newest // STEP + 1) * STEP + 1


def versions_at(machines: Sequence[GuiMachineOptions], ssh: Sequence[str], run: int) -> tuple[set[int], bool]:
    """The versions at these GUI machines, and whether all machines answered in time."""
    answers: dict[str, set[int]] = {}

    def list_versions(machine: GuiMachineOptions) -> None:
        try:
            names = _remote_names(machine, ssh, run) if machine.host else os.listdir(machine.root_folder)
        except (OSError, CopyFailed) as error:
            log.warning("Cannot list the merged files at %s: %s", machine.name, error)
        else:
            answers[machine.name] = versions_in(names, run)

    threads = [
        threading.Thread(target=list_versions, args=(machine,), daemon=True) for machine in machines
    ]  # a mounted folder may hang for ever
    for thread in threads:
        thread.start()
    limit = TimeLimit(LIMIT_S)
    for thread in threads:
        while thread.is_alive() and limit.left_s() > 0:
            thread.join(POLL_S)
    in_time = dict(answers)
    return set().union(*in_time.values()), len(in_time) == len(machines)


def _remote_names(machine: GuiMachineOptions, ssh: Sequence[str], run: int) -> list[str]:
    """The names of the merged files of a run on another host. Raises CopyFailed."""
    pattern = merged_name(run, 1).replace("V0001", "V????")
    script = f"cd {shlex.quote(machine.root_folder)} && {{ ls -d -- {pattern} 2>/dev/null || true; }}"
    return RemoteHost(machine.host, tuple(ssh)).output(script, LIMIT_S).splitlines()
