"""Versions of the merged files of a run that are at GUI machines: a new one takes the place of none of them."""

from __future__ import annotations

import logging
import os
import shlex
import threading
from collections.abc import Iterable, Sequence

from ..copying import CopyFailed, RemoteHost
from ..names import FileKind, merged_name, parse_name
from ..options import GuiMachineOptions

LIMIT_S = 20.0
"""Seconds after which a GUI machine that does not answer is not waited for."""
log = logging.getLogger(__name__)


def versions_in(names: Iterable[str], run: int) -> set[int]:
    """The versions of merged files of a run among these names."""
    parsed = map(parse_name, names)
    return {name.version for name in parsed if name and name.kind == FileKind.MERGED_FILE and name.run == run}


def versions_at(machines: Sequence[GuiMachineOptions], ssh: Sequence[str], run: int) -> set[int]:
    """The versions that these GUI machines have; those of machines that do not answer in time are not among them."""
    found: dict[str, set[int]] = {}

    def ask(machine: GuiMachineOptions) -> None:
        try:
            names = _remote_names(machine, ssh, run) if machine.host else os.listdir(machine.root_folder)
        except (OSError, CopyFailed) as error:
            log.warning("Cannot list the merged files at %s: %s", machine.name, error)
        else:
            found[machine.name] = versions_in(names, run)

    threads = [threading.Thread(target=ask, args=(machine,), daemon=True) for machine in machines]  # a mounted folder may hang for ever
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(LIMIT_S)
    return set().union(*list(found.values()))


def _remote_names(machine: GuiMachineOptions, ssh: Sequence[str], run: int) -> list[str]:
    """The names of the merged files of a run on another host. Raises CopyFailed."""
    pattern = merged_name(run, 1).replace("V0001", "V????")
    script = f"cd {shlex.quote(machine.root_folder)} && {{ ls -d -- {pattern} 2>/dev/null || true; }}"
    return RemoteHost(machine.host, tuple(ssh)).output(script, LIMIT_S).splitlines()
