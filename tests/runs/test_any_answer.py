"""Whatever JSON a service sends, its client returns a value or raises a ServiceError, and a database can store what it returns."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.core.settings import Settings
from app.runs import store, tokens
from app.runs.errors import ServiceError
from app.runs.fetching import SOURCES, fetch_due
from app.runs.oms import OmsClient
from app.runs.run_registry import RunRegistryClient
from tests.support.run_services import RunServicesProcess

pytestmark = pytest.mark.slow

RUN = 367123

NAMES = st.sampled_from(
    [
        "data",
        "attributes",
        "meta",
        "row",
        "units",
        "links",
        "next",
        "totalResourceCount",
        "run_number",
        "start_time",
        "end_lumi",
        "l1_key",
        "fill_number",
        "runs",
        "pages",
        "rr_attributes",
        "class",
        "DatasetTripletCache",
        "triplet_summary",
        "dt-dt",
        "GOOD",
        "err",
    ]
)
SCALARS = st.sampled_from([None, True, 0, 1, -1, RUN, 2**63, 10**400, 1.5, float("nan"), "", "a\0b", "\ud800", "2022-07-12T21:22:46Z"])
JSON = st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=4), max_leaves=15)
OMS_ANSWER = st.fixed_dictionaries(
    {"data": JSON | st.lists(st.fixed_dictionaries({"attributes": JSON, "meta": JSON}), max_size=2)}, optional={"meta": JSON, "links": JSON}
)
RR_ANSWER = st.fixed_dictionaries(
    {"pages": st.just(1) | JSON, "runs": JSON | st.lists(st.fixed_dictionaries({"run_number": st.just(RUN), "rr_attributes": JSON}))},
    optional={"DatasetTripletCache": JSON},
)
SAMPLES = settings(max_examples=100, suppress_health_check=list(HealthCheck))


def assert_answered(query: Callable[[], object]) -> None:
    """A query returns, or raises a ServiceError whose text can be shown."""
    problem = ""
    try:
        query()
    except ServiceError as error:
        problem = str(error)
    assert problem.isprintable()


@pytest.fixture(scope="module")
def answering(services_process: RunServicesProcess) -> RunServicesProcess:
    """Stand-ins whose answers the tests write."""
    tokens._tokens.clear()
    services_process.reset()
    return services_process


@SAMPLES
@given(answer=JSON | OMS_ANSWER)
def test_any_answer_of_oms(answering: RunServicesProcess, answer: object) -> None:
    client = OmsClient(answering.settings())
    for query in (client.run, client.fill, lambda run: client.lumis_with(run, ["tob"])):
        answering.fault("oms")
        answering.fault("oms", "text", count=-1, body=json.dumps(answer))
        assert_answered(partial(query, RUN))
    client.close()


@SAMPLES
@given(answer=JSON | RR_ANSWER)
def test_any_answer_of_the_run_registry(answering: RunServicesProcess, answer: object) -> None:
    client = RunRegistryClient(answering.settings())
    answering.fault("rr")
    answering.fault("rr", "text", count=-1, body=json.dumps(answer))
    assert_answered(lambda: client.runs([RUN]))
    client.close()


@pytest.mark.both_databases
def test_texts_that_no_database_stores_are_cleaned(hub: Settings, services: RunServicesProcess) -> None:
    wild = "a\0b\ud800c\u202e" + "x" * 10_000
    services.change(RUN, oms={"hlt_key": wild, "l1_key": wild}, units={"recorded_lumi": wild}, rr={"class": wild, "state": wild})
    services.change(RUN, record={"DatasetTripletCache": {"triplet_summary": {wild: {wild: 3}}}})
    services.change(RUN - 1, rr={"class": "Cosmics23"})
    store.enroll([RUN, RUN - 1])
    for name, kind in SOURCES.items():
        source = kind(services.settings())
        fetch_due(source, lambda: False)
        services.fault(name, "err", message=wild)
        store.RunRecord.update(**{f"{name}_due": 0.0}).where(store.RunRecord.run == RUN).execute()
        fetch_due(source, lambda: False)
        source.close()
    found = store.find_facts(RUN)
    assert found is not None
    assert found.hlt_key.startswith("a\ufffdb\ufffdc\ufffdxxx")
    assert len(found.hlt_key) == len(found.run_class) == 500
    assert found.rr_error.isprintable()
    assert found.rr_error
    assert found.unknown_units["recorded_lumi"].startswith("a\ufffdb")
