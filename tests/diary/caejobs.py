"""A folder of submissions as the CAE Job Diary of the original watches it, and its rules."""

from __future__ import annotations

import os
import tomllib
from pathlib import Path
from typing import Any

from app.core.settings import TREE

EXAMPLE = TREE / "docs/operators/cae-job-diary.toml"
SUBMITTED = 1277980496
"""2010-07-01 12:34:56 in Berlin."""


def qstat(native_id: int, folder: str, submitted: str = "Thu Jul 01 12:34:56 2010", name: str = "i_main_deck_name_01.dyn") -> str:
    """The output of `qstat -j`."""
    rows = {
        "job_number": str(native_id),
        "exec_file": f"job_scripts/{native_id}",
        "submission_time": submitted,
        "owner": "doea",
        "uid": "1000",
        "sge_o_home": "/home/doea",
        "sge_o_path": "/usr/sbin:/usr/bin:/sbin:/bin",
        "sge_o_workdir": folder,
        "mail_list": "Alice.Doe@example.com",
        "job_name": name,
        "env_list": "TOKEN=secret",
    }
    lines = [f"{key + ':':<28}{value}" for key, value in rows.items()]
    reason = f'{"scheduling info:":<28}queue instance "dyn@x99xx006.example.com" dropped because it is full'
    more = " " * 28 + "job_number: 99"
    return "\n".join(["=" * 62, *lines, reason, more, ""])


README = """README for deck.key
base-run (job-id): 1234567 and 1234568
information      :
free text with ümläuts
Sub-Date: tomorrow
********Header********
SOLVERVER: mpp.s.R9
******Environment******
Sub-User:   doeb
EMail:      Bob.Doe@example.com
Sub-Date:   2018-01-02__10:20:30
Solver:     dyn
FILE:       deck.key
"""


class Site:
    """Submission logs, a folder of submissions, and a scratch disk.

    Attributes:
        logs, work, scratch: Their paths.
    """

    def __init__(self, root: Path, work: str = "work") -> None:
        self.logs, self.work, self.scratch = root / "logs", root / work, root / "scratch"
        for path in (self.logs, self.work, self.scratch):
            path.mkdir(parents=True, exist_ok=True)

    def log_name(self, native_id: int) -> str:
        """The name of a submission log."""
        return f"2010-07-01__12:34:56-{native_id}.log"

    def submit(self, native_id: int, **values: str) -> Path:
        """Write the submission log of a job."""
        path = self.logs / self.log_name(native_id)
        path.write_text(qstat(native_id, str(self.work), **values))
        return path

    def pending(self, native_id: int) -> Path:
        """The directory of a job that waits."""
        return self._directory(self.work / f"{native_id}.pending")

    def running(self, native_id: int, scratch: str = "") -> Path:
        """The script of a running job, and its directory on the scratch disk."""
        path = self._directory(self.scratch / (scratch or str(native_id)))
        script = self.work / f"{native_id}.dyn-dmp.x99xx123.16.sh"
        new = script.with_suffix(".new")
        new.write_text(f"cd {path}*\nmpirun solver\n")
        os.rename(new, script)
        return path

    def finished(self, native_id: int) -> Path:
        """The directory of a job that has ended."""
        return self._directory(self.work / str(native_id))

    def _directory(self, path: Path) -> Path:
        path.mkdir(exist_ok=True)
        return path


def readme(folder: Path, text: str = README) -> Path:
    """Write the README of a job."""
    path = folder / "README.deck.README"
    path.write_bytes(text.encode("iso-8859-1"))
    return path


def options(site: Site, **more: Any) -> dict[str, Any]:
    """The rules of CAE Job Diary at a site, as a source is made with them; each scan shows all unfinished jobs."""
    found = tomllib.loads(EXAMPLE.read_text())
    del found["kind"]
    found["submissions"]["folder"] = str(site.logs)
    return found | {"complete_s": 0} | more
