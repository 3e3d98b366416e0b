"""For the same documents, the responses are byte for byte those of fff_web."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from tests.support.p5 import P5

HOST = "fu-c2f11-11-01"
CUT = re.compile(r"\.\.\.<cut, total (\d+) bytes>$")


@pytest.fixture
def p5_with_capture(p5: P5, dqmsquare: Any) -> P5:
    """A simulator with the documents of the capture in their order; dqm-stats of the recording host is repeated at the end."""
    documents = dqmsquare("wire_documents.json")[HOST]
    captured = dqmsquare("p5_wire_capture.json")
    stats = json.loads(json.loads(captured[0]["response_body"])["messages"][0])["headers"][-1]
    for document in documents:
        del document["_rev"]
        p5.post("/_upload/", json.dumps({"docs": [document]}))
    again = {key: stats[key] for key in ("_id", "timestamp", "hostname", "type")}
    p5.post("/_upload/", json.dumps({"docs": [again]}))
    return p5


def test_captured_requests_have_the_captured_responses(p5_with_capture: P5, dqmsquare: Any) -> None:
    for row in dqmsquare("p5_wire_capture.json"):
        answer = p5_with_capture.post(row["request"].removeprefix("POST "), row["request_body"])
        expected = row["response_body"]
        if cut := CUT.search(expected):
            assert answer.content[: cut.start()] == expected[: cut.start()].encode()
            assert len(answer.content) == int(cut[1])
        else:
            assert answer.content == expected.encode()
        for name in row["response_headers"].keys() - {"Date"}:
            assert answer.headers[name] == row["response_headers"][name], name
