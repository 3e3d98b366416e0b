"""The periodic tasks against the stand-ins: what is fetched, when again, and what happens in outages."""

from __future__ import annotations

import contextlib
import json
import logging
import time
from collections.abc import Iterator
from typing import Any

import pytest

from app.core.settings import Settings
from app.gui.models import Dataset, File, Sample
from app.queue.failure_log import log_failure, log_success
from app.runs import store
from app.runs.errors import ServiceOutage
from app.runs.fetching import SOURCES, Source, enroll_wanted, fetch_due
from app.runs.models import KNOWN, UNKNOWN, RunRecord, SourceState
from app.runs.significance import significance_of
from app.square.models import Run
from tests.support.run_services import RunServicesProcess

pytestmark = pytest.mark.slow

RUN = 367123
BEGUN = 1_690_000_000.0


@pytest.fixture
def sources(hub: Settings, services: RunServicesProcess) -> Iterator[dict[str, Source]]:
    found = {name: kind(services.settings()) for name, kind in SOURCES.items()}
    yield found
    for source in found.values():
        source.close()


def fetch(source: Source) -> None:
    fetch_due(source, lambda: False)


def facts(run: int = RUN) -> RunRecord:
    found = store.find_facts(run)
    assert found is not None
    return found


def make_due(source: str) -> None:
    RunRecord.update(**{f"{source}_due": 0.0}).execute()
    SourceState.update(retry_at=0.0).execute()


def test_runs_of_the_gui_and_of_dqm2_are_enrolled_but_not_those_of_playback(hub: Settings) -> None:
    file = File.create(url="/a.root", format="dqmio", registered=1.0)
    for run in (0, 367100):
        Sample.create(dataset=Dataset.get_or_create(name="/A/B/DQM")[0], run=run, lumi=0, file=file)
    for system, run in (("production", 367101), ("playback", 500016)):
        Run.create(system=system, run=run, first=1.0, last=2.0, jobs=0, version=1)
    assert enroll_wanted() == 2
    assert enroll_wanted() == 0
    assert sorted(row.run for row in RunRecord.select()) == [367100, 367101]


@pytest.mark.both_databases
def test_facts_of_both_sources_are_stored_with_their_age(services: RunServicesProcess, sources: dict[str, Source]) -> None:
    services.change(RUN, oms={"recorded_lumi": 174.6, "fill_number": 8800, "hlt_key": "/cdaq/physics/HLT"}, rr={"class": "Collisions23"})
    store.enroll([RUN])
    before = time.time()
    for source in sources.values():
        fetch(source)
    found = facts()
    assert (found.oms_state, found.rr_state) == (KNOWN, KNOWN)
    assert (found.recorded_lumi, found.fill, found.run_class) == (174.6, 8800, "Collisions23")
    assert found.era.startswith("2023")
    assert found.dcs_lumis is not None
    assert found.oms_at >= before
    assert found.component_states["dt-dt"]
    assert significance_of(found, services.settings()).value is True


def test_a_batch_is_fetched_newest_first(services: RunServicesProcess, hub: Settings) -> None:
    source = SOURCES["oms"](services.settings(runs_batch=3, runs_dcs_bits=()))
    store.enroll(range(RUN, RUN + 10))
    fetch(source)
    source.close()
    requested = [int(row["query"]["filter[run_number][eq]"]) for row in services.requests("oms", "/runs")]
    assert requested == [RUN + 9, RUN + 8, RUN + 7]


def test_an_unknown_run_is_fetched_again_and_then_known(services: RunServicesProcess, sources: dict[str, Source]) -> None:
    services.change(RUN, oms=None, rr=None)
    store.enroll([RUN])
    for name, source in sources.items():
        fetch(source)
        assert facts().source_column(name, "state") == UNKNOWN
        assert facts().source_column(name, "due") > time.time()
    services.change(RUN, oms={"recorded_lumi": 2.0}, rr={"class": "Collisions23"})
    for name, source in sources.items():
        make_due(name)
        fetch(source)
    assert (facts().oms_state, facts().recorded_lumi, facts().run_class) == (KNOWN, 2.0, "Collisions23")


def test_an_ongoing_run_and_late_luminosity_are_fetched_again(services: RunServicesProcess, sources: dict[str, Source]) -> None:
    start = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() - 600))
    services.change(RUN, oms={"start_time": start, "end_time": None, "recorded_lumi": None})
    store.enroll([RUN])
    fetch(sources["oms"])
    assert (facts().end, facts().recorded_lumi) == (None, None)
    assert facts().oms_due is not None
    services.change(RUN, oms={"end_time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()), "recorded_lumi": 3.5})
    make_due("oms")
    fetch(sources["oms"])
    assert facts().end is not None
    assert facts().recorded_lumi == 3.5
    assert facts().oms_due is not None  # it is young


def test_a_settled_run_is_fetched_once(services: RunServicesProcess, sources: dict[str, Source]) -> None:
    services.change(RUN, oms={"start_time": "2018-10-22T21:45:12Z", "end_time": "2018-10-22T21:48:47Z"})
    store.enroll([RUN])
    fetch(sources["oms"])
    fetch(sources["rr"])
    assert (facts().oms_due, facts().rr_due) == (None, None)


def test_a_changed_class_changes_the_version_and_the_same_answer_does_not(services: RunServicesProcess, sources: dict[str, Source]) -> None:
    store.enroll([RUN])
    versions = []
    for name in ("Commissioning23", "Commissioning23", "Collisions23"):
        services.change(RUN, rr={"class": name, "significant": False})
        make_due("rr")
        fetch(sources["rr"])
        versions.append(facts().version)
    assert versions[0] == versions[1] < versions[2]
    assert (facts().run_class, facts().rr_significant) == ("Collisions23", False)


def postpone_retry() -> None:
    """Let the pause of a failing source last longer than any test."""
    SourceState.update(retry_at=time.time() + 3600).where(SourceState.failures > 0).execute()


@pytest.mark.parametrize("name", ["oms", "rr"])
@pytest.mark.parametrize(
    "fault", [{"kind": "login_page"}, {"kind": "redirect"}, {"kind": "unauthorized"}, {"kind": "status", "code": 500}, {"kind": "close"}]
)
def test_in_an_outage_a_source_is_left_alone_and_then_works_again(
    services: RunServicesProcess, sources: dict[str, Source], name: str, fault: dict[str, Any]
) -> None:
    store.enroll(range(RUN, RUN + 8))
    services.fault(name, count=-1, **fault)
    before = time.time()
    with pytest.raises(ServiceOutage, match="next attempt at"):
        fetch(sources[name])
    state, requests = store.source_state(name), len(services.requests(name))
    assert (state.failures, state.ok_at) == (1, None)
    assert state.retry_at >= before + 10
    postpone_retry()
    with pytest.raises(ServiceOutage, match="next attempt at"):
        fetch(sources[name])
    assert len(services.requests(name)) == requests
    services.fault(name)
    make_due(name)
    fetch(sources[name])
    assert (store.source_state(name).failures, store.source_state(name).error) == (0, "")
    assert facts().source_column(name, "state") == KNOWN


def test_an_outage_is_one_line_of_the_log_when_it_begins_and_one_when_it_ends(
    services: RunServicesProcess, sources: dict[str, Source], caplog: pytest.LogCaptureFixture
) -> None:
    def step() -> None:  # as a run of the periodic task does it
        try:
            fetch(sources["oms"])
            log_success("facts")
        except ServiceOutage as error:
            log_failure("facts", error)
            postpone_retry()

    store.enroll([RUN])
    services.fault("oms", "login_page")
    services.fault("oms", "status", code=429, retry_after="1")
    with caplog.at_level(logging.WARNING):
        for again in (False, False, True, False):
            make_due("oms") if again else None
            step()
        make_due("oms")
        step()
        step()
    assert len(caplog.records) == 2
    assert "sign-in page" in caplog.records[0].message
    assert "works again" in caplog.records[1].message


def test_the_pause_that_a_source_demands_is_obeyed(services: RunServicesProcess, sources: dict[str, Source]) -> None:
    store.enroll([RUN])
    services.fault("oms", "status", code=429, retry_after="5000")
    before = time.time()
    with pytest.raises(ServiceOutage):
        fetch(sources["oms"])
    assert store.source_state("oms").retry_at >= before + 5000


def test_one_run_with_an_unusable_answer_leaves_the_others_alone(services: RunServicesProcess, sources: dict[str, Source]) -> None:
    store.enroll(range(RUN, RUN + 4))
    services.change(RUN + 2, rr={"class": 5}, record={"rr_attributes": None})
    fetch(sources["rr"])
    assert [facts(run).rr_state for run in range(RUN, RUN + 4)] == [KNOWN, KNOWN, "", KNOWN]
    assert "a run without number or rr_attributes" in facts(RUN + 2).rr_error
    assert facts(RUN + 2).rr_due > time.time()
    services.fault("oms", "status", code=500)
    fetch(sources["oms"])
    assert "status 500" in facts(RUN + 3).oms_error
    assert facts(RUN).oms_state == KNOWN


@pytest.mark.parametrize("requests_before", [1, 2, 3], ids=["fill", "first DCS group", "second DCS group"])
@pytest.mark.parametrize("code", [429, 500])
def test_an_old_run_whose_fill_or_dcs_was_refused_once_is_fetched_again(
    services: RunServicesProcess, sources: dict[str, Source], requests_before: int, code: int
) -> None:
    old = {"start_time": "2023-05-22T21:45:12Z", "end_time": "2023-05-22T21:48:47Z", "hlt_key": "/cdaq/cosmic/HLT/V1"}
    services.change(RUN, lumis=20, oms={**old, "fill_number": 8800})
    store.enroll([RUN])
    services.fault("oms", "slow", count=requests_before, seconds=0)
    services.fault("oms", "status", code=code)
    with contextlib.suppress(ServiceOutage):
        fetch(sources["oms"])
    assert (facts().oms_state, facts().era) == ("", None)
    assert facts().oms_due is not None
    make_due("oms")
    fetch(sources["oms"])
    assert facts().era.startswith("2023")
    assert (facts().injection_scheme is None, facts().dcs_lumis is None) == (False, False)
    assert facts().oms_due is None


def test_no_runs_are_looked_for_while_a_source_is_left_alone(services: RunServicesProcess, sources: dict[str, Source]) -> None:
    store.enroll([RUN])
    services.fault("oms", "login_page")
    with pytest.raises(ServiceOutage):
        fetch(sources["oms"])
    Run.create(system="production", run=RUN + 1, first=1.0, last=2.0, jobs=0, version=1)
    with pytest.raises(ServiceOutage):
        fetch(sources["oms"])
    assert store.find_facts(RUN + 1) is None
    SourceState.update(retry_at=0.0).execute()
    fetch(sources["oms"])
    assert facts(RUN + 1).oms_state == KNOWN


def test_facts_of_a_run_outlive_an_outage(services: RunServicesProcess, sources: dict[str, Source]) -> None:
    services.change(RUN, oms={"recorded_lumi": 7.0})
    store.enroll([RUN])
    fetch(sources["oms"])
    make_due("oms")
    services.fault("oms", "login_page")
    with pytest.raises(ServiceOutage):
        fetch(sources["oms"])
    assert (facts().oms_state, facts().recorded_lumi) == (KNOWN, 7.0)


def test_a_cosmic_run_is_counted_by_its_muon_bits(services: RunServicesProcess, sources: dict[str, Source]) -> None:
    services.change(RUN, lumis=20, oms={"hlt_key": "/cdaq/cosmic/HLT/V1"}, lumisections={"dtm_ready": False, "tob_ready": False})
    services.change(RUN + 1, lumis=20, oms={"hlt_key": "/cdaq/physics/HLT/V1"}, lumisections={"tob_ready": False})
    store.enroll([RUN, RUN + 1])
    fetch(sources["oms"])
    assert (facts(RUN).dcs_lumis, facts(RUN + 1).dcs_lumis) == (20, 0)


def test_a_luminosity_in_an_unknown_unit_keeps_its_unit(services: RunServicesProcess, sources: dict[str, Source]) -> None:
    services.change(RUN, oms={"recorded_lumi": 12.5})
    services.change(RUN, units={"recorded_lumi": "furlongs"})
    store.enroll([RUN])
    fetch(sources["oms"])
    assert (facts().recorded_lumi, facts().unknown_units["recorded_lumi"]) == (12.5, "furlongs")
    assert json.loads(facts().units) == facts().unknown_units


@pytest.mark.both_databases
def test_many_runs_are_read_as_single_ones(services: RunServicesProcess, sources: dict[str, Source]) -> None:
    runs = range(RUN, RUN + 6)
    services.change(RUN, oms={"stable_beam": None}, rr=None)
    store.enroll(runs)
    for source in sources.values():
        fetch(source)
    settings = services.settings()
    many = store.rows_of([*runs, 1])
    assert list(many) == list(runs)
    for run, row in many.items():
        single = facts(run)
        assert {name: getattr(single, name) for name in row._fields} == row._asdict()
        assert significance_of(row, settings) == significance_of(single, settings)
        assert type(row.stable_beam) in (bool, type(None))
