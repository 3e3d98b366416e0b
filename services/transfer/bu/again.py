"""Repeated deliveries to a GUI machine, for example when its disk was replaced or the wrong machine was configured."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from pathlib import Path

from ..journal import Journal
from ..options import Options
from .deliveries import KIND
from .lanes import Delivery


def deliver_again(options: Options, machine: str, run: int = 0) -> list[str]:
    """Mark files to be delivered again at the next start of the mode; no process of the mode may run meanwhile.

    Args:
        options: All options.
        machine: The name of the GUI machine.
        run: The run; 0 for all.

    Returns the names of the files: the merged files and the newest concatenation of each run that still exist. Raises JournalFailed.
    """
    names = []
    with closing(Journal(Path(options.state) / "bu.sqlite")) as journal:
        for number in [run] if run else journal.runs(KIND):
            for key, document in journal.of_run(KIND, number).items():
                delivery = Delivery(**document)
                if key == delivery.key(machine) and Path(delivery.path).is_file():
                    waiting = replace(delivery, copied=0.0, registered=0.0, attempts=0, error="", is_done=False)
                    journal.put(KIND, number, key, vars(waiting))
                    names.append(delivery.name)
    return names
