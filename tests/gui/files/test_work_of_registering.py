"""What registering costs the database: in proportion to the entries, whatever it holds already."""

from __future__ import annotations

import pytest

from app.core.database import proxy
from app.core.settings import Settings
from app.gui.files.entries import Entry
from app.gui.files.register import Registered, register
from app.gui.models import Dataset, File, Sample
from tests.support.queries import database_work

DATASET = "/ZeroBias/Run2023C-PromptReco-v1/DQMIO"
RUNS, LUMIS = 50, 2000
MOST_PER_ENTRY = 2000
"""Instructions; 75 of 2,000 lumisections of as many runs took 40,000 for each when those between were read."""

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
    done: list[Registered] = []
    assert database_work(lambda: done.append(register(entries(lumis)))) < MOST_PER_ENTRY * RUNS
    assert done == [Registered(0, RUNS, 0)]


def test_new_lumisections_of_long_runs_cost_no_more(full_hub: Settings) -> None:
    assert database_work(lambda: register(entries([LUMIS + 1, 2 * LUMIS]))) < MOST_PER_ENTRY * RUNS
    assert [row.lumi for row in Sample.select().where(Sample.first)] == [1] * RUNS
