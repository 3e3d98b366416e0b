"""`dqmhub work`."""

from __future__ import annotations

import json

from app import queue
from app.core.settings import Settings
from app.queue import Work
from tests.support.cli import dqmhub


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
