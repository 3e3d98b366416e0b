"""`dqmhub work` as a process."""

from __future__ import annotations

import json
import subprocess
import sys

from app import queue
from app.core.settings import TREE, Settings
from app.queue import Work
from tests.support.patience import PATIENCE_S
from tests.support.processes import environment


def dqmhub(settings: Settings, *arguments: str) -> subprocess.CompletedProcess[str]:
    code = "import sys; from app.cli import main; sys.exit(main())"
    return subprocess.run(
        [sys.executable, "-c", code, *arguments],
        cwd=TREE,
        env=environment(settings),
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )


def test_work_is_listed_for_people_and_programs(hub: Settings) -> None:
    first = queue.enqueue("import", "1")
    queue.enqueue("extract", "2", queue="live")
    Work.update(state="failed", error="ValueError: no histogram in it").where(Work.id == first.id).execute()
    listed = dqmhub(hub, "work", "ls").stdout.splitlines()
    assert "live queued" in listed[0]
    assert "failed" in listed[1]
    assert "no histogram in it" in listed[1]
    rows = [json.loads(line) for line in dqmhub(hub, "work", "ls", "--json", "--state", "failed", "--kind", "import").stdout.splitlines()]
    assert [(row["id"], row["kind"], row["key"], row["state"]) for row in rows] == [(first.id, "import", "1", "failed")]
    assert dqmhub(hub, "work", "ls", "--kind", "merge").stdout == ""


def test_work_is_cancelled_and_tried_again(hub: Settings) -> None:
    row = queue.enqueue("import", "1")
    assert dqmhub(hub, "work", "cancel", str(row.id)).returncode == 0
    assert Work.get_by_id(row.id).state == "cancelled"
    refused = dqmhub(hub, "work", "cancel", str(row.id))
    assert (refused.returncode, refused.stderr) == (1, f"Error: work {row.id} is cancelled, not open\n")
    assert dqmhub(hub, "work", "retry", str(row.id)).returncode == 0
    assert Work.get_by_id(row.id).state == "queued"
