"""Random requests never cause an internal error."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import quote, urlencode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.mirror.options import Options
from tests.mirror import samples
from tests.mirror.conftest import MirrorClient

PATHS = [
    "/",
    "/live",
    "/timeline",
    "/timeline/",
    "/api",
    "/feed.xml",
    "/runs/7",
    "/logs/7/a",
    "/charts/7/delivery.svg",
    "/static/mirror.css",
    "/help",
    "/snapshots",
]
NAMES = ["db", "run", "from", "to", "since", "log", "what", "id", "cluster", "bad", "seen", "client", "bad_only", "ls", "v"]
VALUES = [
    "production",
    "playback",
    "7",
    "0",
    "-1",
    "1e3",
    "99999999999999999999",
    "get_run",
    "get_runs",
    "get_clients",
    "get_logs",
    "get_graph",
    "get_info",
    "get_cluster_status",
    "1",
    "",
]
HEADERS = [
    "If-None-Match",
    "Accept-Encoding",
    "Host",
    "X-Forwarded-For",
    "X-Forwarded-Host",
    "X-Forwarded-Proto",
    "Content-Type",
    "Range",
    "Cookie",
]

text = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
printable = st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=40)


@pytest.fixture(scope="module")
def mirror_with_runs(tmp_path_factory: pytest.TempPathFactory) -> MirrorClient:
    folder: Path = tmp_path_factory.mktemp("mirror")
    mirror = MirrorClient(Options(data=str(folder), keys=(samples.PUBLIC_KEY,), rate=0, trusted_proxies=("127.0.0.1/32",)))
    mirror.publish([*samples.run_items(7, [samples.client("beam")]), samples.run_data(8, [], "playback")])
    return mirror


@settings(max_examples=150)
@given(
    path=st.sampled_from(PATHS)
    | text.map(lambda name: "/" + quote(name))
    | st.tuples(st.sampled_from(PATHS), text).map(lambda two: two[0] + "/" + quote(two[1])),
    query=st.dictionaries(st.sampled_from(NAMES), st.sampled_from(VALUES) | text, max_size=5).map(urlencode)
    | printable.map(lambda words: words.replace("#", "")),
    headers=st.dictionaries(st.sampled_from(HEADERS), printable, max_size=3),
    method=st.sampled_from(["GET", "HEAD", "POST", "OPTIONS"]),
)
def test_no_request_causes_an_internal_error(
    mirror_with_runs: MirrorClient, path: str, query: str, headers: dict[str, str], method: str
) -> None:
    answer = mirror_with_runs.client.open(
        path, method=method, query_string=query, headers=headers, environ_overrides={"REMOTE_ADDR": "127.0.0.1"}
    )
    assert answer.status_code in (200, 204, 302, 304, 400, 403, 404, 405, 411, 429), (answer.status_code, answer.text)
    if answer.status_code in (204, 304) or method == "HEAD":
        assert answer.data == b""
    else:
        assert "Content-Security-Policy" in answer.headers
