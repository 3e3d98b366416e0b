"""`dqmhub runs`."""

from __future__ import annotations

import json

from app.core.settings import Settings
from app.runs import store
from app.runs.models import RunRecord
from tests.support.cli import dqmhub

RUN = 367123


def test_settled_runs_are_fetched_again_on_demand(hub: Settings) -> None:
    store.enroll([RUN, RUN + 1, RUN + 2])
    RunRecord.update(oms_due=None, rr_due=None).execute()
    done = dqmhub(hub, "runs", "refresh", str(RUN), str(RUN + 1))
    assert (done.returncode, done.stdout) == (0, "2 runs will be fetched by `dqmhub live`\n")
    assert store.due_runs("oms", 10) == store.due_runs("rr", 10) == [RUN + 1, RUN]
    dqmhub(hub, "runs", "refresh", str(RUN + 2))
    assert RUN + 2 in store.due_runs("oms", 10)


def test_the_facts_of_a_run_are_printed_as_json(hub: Settings) -> None:
    store.enroll([RUN])
    RunRecord.update(recorded_lumi=174.6).execute()
    found = json.loads(dqmhub(hub, "runs", "show", str(RUN)).stdout)
    assert (found["run"], found["oms"]["recorded_lumi"], found["sources"]["oms"]["state"]) == (RUN, 174.6, "not fetched")


def test_a_run_that_the_hub_does_not_have_is_an_error_of_one_line(hub: Settings) -> None:
    for arguments in (("show", "5"), ("refresh", "5"), ("refresh", "5", "9")):
        done = dqmhub(hub, "runs", *arguments)
        assert done.returncode == 1
        assert done.stderr.count("\n") == 1


def test_a_range_of_runs_that_ends_before_it_begins_is_named_as_such(hub: Settings) -> None:
    store.enroll([RUN])
    done = dqmhub(hub, "runs", "refresh", str(RUN + 1), str(RUN))
    assert (done.returncode, f"{RUN} is before {RUN + 1}" in done.stderr) == (2, True)


def test_one_run_is_counted_as_one_run(hub: Settings) -> None:
    store.enroll([RUN])
    assert dqmhub(hub, "runs", "refresh", str(RUN)).stdout == "1 run will be fetched by `dqmhub live`\n"
