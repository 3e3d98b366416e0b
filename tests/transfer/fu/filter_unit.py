"""A filter unit in this process: its folders, what clients write there, and the service."""

from __future__ import annotations

import hashlib
import json
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from services.transfer.fu.service import FuService
from services.transfer.journal import Journal
from services.transfer.options import FuOptions, Options
from tests.support.processes import until

HOST = "fu-c2f11-09-01"
RUN = 367094
BU = "BU 'x' $(touch y)"
"""The name of the folder of the BU."""


class FilterUnit:
    """The folders of an FU, whose BU is a local folder.

    Attributes:
        upload: Where clients write.
        target: The folder of the BU.
        options: Those of the service.
    """

    def __init__(self, folder: Path, **options: Any) -> None:
        self.folder, self.upload, self.target = folder, folder / "upload", folder / BU
        self.upload.mkdir()
        self.target.mkdir()
        mode = {"folder": str(self.upload), "target": str(self.target), "retry_s": 0.01, "retry_most_s": 0.1, **options}
        self.options = Options(host=HOST, state=str(folder / "state"), fu=FuOptions(**mode))

    def write_snapshot(self, content: bytes, tag: str = "SiStrip", run: int = RUN, pid: int = 77, reported: int | None = None) -> Path:
        """Write a snapshot and its report as clients do; `reported` is a wrong size in the report, -1 means no report."""
        stem = f"run{run:06}_{tag}_DQMLive"
        path = self.upload / "pb" / f"run{run:06}" / f"{stem}.pb"
        write(path, content, ".open")
        if reported != -1:
            self.write_report(path, len(content) if reported is None else reported, pid)
        return path

    def write_report(self, path: Path, size: int, pid: int = 77) -> None:
        """Write the report of a snapshot."""
        data = ["-1", "-1", "0", "0", path.name, str(size), "", "-1", "", "", "0"]
        write(path.with_suffix(".jsn"), json.dumps({"data": data, "definition": "/x.jsd", "source": f"{HOST}_{pid}"}).encode(), ".open")

    def write_root_file(self, content: bytes, tag: str = "SiStrip", run: int = RUN) -> Path:
        """Write a ROOT file without its origin."""
        path = self.upload / f"DQM_V0001_{tag}_R{run:09}.root"
        write(path, content, ".tmp")
        return path

    def write_origin(self, path: Path, content: bytes | None = None) -> None:
        """Write the origin of a ROOT file, or of another content."""
        content = path.read_bytes() if content is None else content
        origin = f"md5:{hashlib.md5(content).hexdigest()} {len(content)} {path}\n"
        write(path.with_name(path.name + ".origin"), origin.encode(), ".tmp")

    def sent(self, run: int = RUN) -> dict[str, bytes]:
        """The files of a run at the BU, without those that are being written."""
        return {path.name: path.read_bytes() for path in (self.target / f"run{run:06}").glob("[!.]*[!p]")}

    @contextmanager
    def serving(self, run: int = 0) -> Iterator[Serving]:
        """The service, in a thread."""
        with Serving(self, run) as serving:
            yield serving


class Serving:
    """A service that runs.

    Attributes:
        service: The service.
        codes: Its exit code, when it has ended.
    """

    def __init__(self, unit: FilterUnit, run: int = 0) -> None:
        self._unit = unit
        self.journal = Journal(Path(unit.options.state) / "fu.sqlite")
        self.journal.report_to(["a hub"], lambda: None)
        self.service = FuService(unit.options, self.journal, run)
        self._stop = threading.Event()
        self.codes: list[int] = []
        self.thread = threading.Thread(target=lambda: self.codes.append(self.service.serve(self._stop)))

    def __enter__(self) -> Serving:
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self.thread.join()
        self.service.close()
        self.journal.close()

    def records(self) -> list[dict[str, Any]]:
        """All records."""
        return self.journal.records_after(0, 100_000)

    def wait_for(self, run: int = RUN, **files: bytes) -> None:
        """Wait until these files, by the tag of their snapshot, are what the BU has of a run."""
        wanted = {f"run{run:06}_{tag}_DQMLive__{HOST}.pb": content for tag, content in files.items()}
        until(lambda: self._unit.sent(run) == wanted, f"{wanted} at the BU")

    def wait_until_idle(self) -> None:
        """Wait until nothing is left to send."""
        until(lambda: self.service.state()["queued"] == 0, "an empty queue")


def write(path: Path, content: bytes, ending: str) -> None:
    """Write a file as clients do, under a temporary name that is replaced."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(path.name + ending)
    temporary.write_bytes(content)
    os.replace(temporary, path)
