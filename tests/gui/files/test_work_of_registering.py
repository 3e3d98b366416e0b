"""What registering costs the database: in proportion to the entries, whatever it holds already."""

from __future__ import annotations

import pytest

from app.core.database import proxy
from app.core.settings import Settings
from app.gui.files.entries import Entry
from app.gui.files.register import Registered, register
from app.gui.models import Dataset, File, Sample
from tests.support.write_watch import WriteWatch, watched

DATASET = "/ZeroBias/Run2023C-PromptReco-v1/DQMIO"
RUNS, LUMIS = 50, 2000
MOST_PER_ENTRY = 2000
"""Instructions of SQLite; there were 20,000 and more when all lumisections of each run were read."""

SAMPLES = """
WITH RECURSIVE run(number) AS (SELECT 1 UNION ALL SELECT number + 1 FROM run WHERE number < {runs}),
    lumi(number) AS (SELECT 1 UNION ALL SELECT number + 1 FROM lumi WHERE number < {lumis})
INSERT INTO sample (dataset_id, run, lumi, file_id, me_count, version, first)
SELECT {dataset}, run.number, lumi.number, {file}, 10, 1, lumi.number = 1 FROM run, lumi
"""


@pytest.fixture
def full_hub(hub: Settings) -> Settings:
    """A hub with long runs, all in one file."""
    file = File.create(url="/data/all.root", format="tdirectory", registered=0.0)
    dataset = Dataset.create(name=DATASET)
    proxy.execute_sql(SAMPLES.format(runs=RUNS, lumis=LUMIS, dataset=dataset.id, file=file.id))
    return hub


def entries(lumis: list[int]) -> list[Entry]:
    return [Entry(DATASET, run, lumis[run % len(lumis)], f"/data/{run}.root", "tdirectory") for run in range(1, RUNS + 1)]


@pytest.mark.parametrize("lumis", [[1], [1, LUMIS]])
def test_a_call_for_few_lumisections_of_long_runs_does_not_read_the_others(full_hub: Settings, lumis: list[int]) -> None:
    with watched(watch := WriteWatch(most_instructions=MOST_PER_ENTRY * RUNS)):
        assert register(entries(lumis)) == Registered(0, RUNS, 0)
    assert watch.longest[0].instructions > 0
    assert watch.too_long == []


def test_new_lumisections_of_long_runs_cost_no_more(full_hub: Settings) -> None:
    with watched(watch := WriteWatch(most_instructions=MOST_PER_ENTRY * RUNS)):
        assert register(entries([LUMIS + 1, 2 * LUMIS])) == Registered(RUNS, 0, 0)
    assert watch.too_long == []
    assert [row.lumi for row in Sample.select().where(Sample.first)] == [1] * RUNS
