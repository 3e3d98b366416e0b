"""`dqmhub jobs`."""

from __future__ import annotations

import json

from app.core.settings import Settings
from app.queue import store
from app.queue.models import BackgroundJob
from tests.support.cli import dqmhub


def test_jobs_are_listed_as_text_and_json(hub: Settings) -> None:
    first = store.enqueue("import", "1")
    store.enqueue("extract", "2", queue="live")
    BackgroundJob.update(state="failed", error="ValueError: no histogram in it").where(BackgroundJob.id == first.id).execute()
    listed = dqmhub(hub, "jobs", "ls").stdout.splitlines()
    assert "live queued" in listed[0]
    assert "failed" in listed[1]
    assert "no histogram in it" in listed[1]
    rows = [json.loads(line) for line in dqmhub(hub, "jobs", "ls", "--json", "--state", "failed", "--kind", "import").stdout.splitlines()]
    assert [(row["id"], row["kind"], row["key"], row["state"]) for row in rows] == [(first.id, "import", "1", "failed")]
    assert dqmhub(hub, "jobs", "ls", "--kind", "merge").stdout == ""


def test_a_job_is_cancelled_and_retried(hub: Settings) -> None:
    row = store.enqueue("import", "1")
    assert dqmhub(hub, "jobs", "cancel", str(row.id)).returncode == 0
    assert BackgroundJob.get_by_id(row.id).state == "cancelled"
    refused = dqmhub(hub, "jobs", "cancel", str(row.id))
    assert (refused.returncode, refused.stderr) == (1, f"Error: Job {row.id} is cancelled, not queued or running\n")
    assert dqmhub(hub, "jobs", "retry", str(row.id)).returncode == 0
    assert BackgroundJob.get_by_id(row.id).state == "queued"
