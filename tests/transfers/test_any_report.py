"""Reports with anything in them: the hub stores or refuses each part, and shows what it stored."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.transfers.samples import (
    RUN,
    bu_state,
    cleanup_record,
    cleanup_state,
    concatenation_record,
    delivery_record,
    file_record,
    fu_state,
    merge_record,
    process,
    report,
    root_record,
)

RECORDS: tuple[Callable[[int], dict[str, Any]], ...] = (
    *(file_record, root_record, concatenation_record, merge_record, delivery_record, cleanup_record),
)
STATES = {"fu": fu_state(clients=(process(7), process(8, tag="", snapshot=0))), "bu": bu_state(), "cleanup": cleanup_state()}

ODD = (
    None,
    True,
    False,
    0,
    -1,
    1.5,
    2**31,
    2**53,
    2**63,
    2**70,
    1e300,
    "",
    "x" * 3000,
    "a\0b\ud800",
    "\u202e",
    [],
    {},
    [None],
    [[1]],
    {"": {}},
)
values = st.sampled_from(ODD) | st.integers() | st.floats() | st.text(max_size=9)


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Where in a document something can be replaced."""
    yield path
    parts = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, part in parts:
        yield from places(part, (*path, key))


def replaced(value: Any, path: tuple[Any, ...], part: Any) -> Any:
    """A document with one part replaced."""
    if not path:
        return part
    copy = dict(value) if isinstance(value, dict) else list(value)
    copy[path[0]] = replaced(copy[path[0]], path[1:], part)
    return copy


@st.composite
def reports(draw: st.DrawFn) -> Any:
    """A report of one record of each kind in which up to three parts are replaced."""
    mode = draw(st.sampled_from(sorted(STATES)))
    first = draw(st.integers(1, 1000))
    document = report(*(make(first + number) for number, make in enumerate(RECORDS)), mode=mode, state=STATES[mode])
    for _ in range(draw(st.integers(1, 3))):
        document = replaced(document, draw(st.sampled_from(list(places(document)))), draw(values))
    return document


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(document=reports())
def test_any_report_is_stored_or_refused_part_by_part_and_all_pages_still_answer(client: FlaskClient, document: Any) -> None:
    answer = client.post("/api/v1/transfers/reports", data=json.dumps(document), content_type="application/json")
    assert answer.status_code in (200, 400), answer.text
    if answer.status_code == 200:
        assert len(answer.json["refused"]) <= len(document["records"]) + 1
    assert client.get("/api/v1/transfers").status_code == 200
    assert client.get(f"/api/v1/transfers/{RUN}").status_code in (200, 404)
    assert client.get("/api/v1/transfers/hosts").status_code == 200
    assert client.get("/transfers").status_code == 200
    assert client.get(f"/transfers/runs/{RUN}").status_code in (200, 404)
    for each in (client.get(f"/api/v1/transfers/{RUN}").json or {}).get("concatenations", [])[:1]:
        assert client.get(f"/transfers/runs/{RUN}/concatenations/{each['number']}").status_code == 200
    for host in client.get("/api/v1/transfers/hosts").json["hosts"]:
        assert client.get(f"/transfers/hosts/{host['host']}").status_code == 200
    assert client.get("/metrics").status_code == 200
