"""The protocol of the web server over HTTP and over the websocket."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
import socket
import time
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection
from typing import Any, TypeVar
from urllib.parse import urlsplit

import pytest
from aiohttp import ClientSession, ClientWebSocketResponse, WSMsgType

from tests.support.p5 import BU, FU, GATEWAY, P5, Simulators
from tests.support.patience import PATIENCE_S

T = TypeVar("T")

STORED_ORDER = ["timestamp", "type", "hostname", "tag", "run", "_id", "_rev"]
PUSHED_ORDER = ["_id", "_rev", "timestamp", "hostname", "type", "tag", "run"]


def upload(p5: P5, *ids: str, host: str = FU) -> None:
    documents = [{"_id": id, "type": "dqm-source-state", "report_timestamp": 1.5, "hostname": host} for id in ids]
    assert p5.at(host).post("/_upload/", json.dumps({"docs": documents})).status == 200


def test_a_document_has_only_its_newest_revision(p5: P5) -> None:
    upload(p5, "a", "b")
    upload(p5, "a")
    assert [(header["_id"], header["_rev"]) for header in p5.headers(FU)] == [("b", 2), ("a", 3)]
    (document,) = p5.documents(FU, "a")
    assert list(document) == ["_id", "type", "report_timestamp", "hostname", "_rev", "timestamp", "tag", "run"]
    assert (document["_rev"], document["timestamp"], document["tag"]) == (3, 1.5, None)


def test_the_header_at_the_known_revision_is_sent_again(p5: P5) -> None:
    upload(p5, "a", "b", "c")
    assert [header["_id"] for header in p5.headers(FU, 2)] == ["b", "c"]
    assert [header["_id"] for header in p5.headers(FU, 0)] == ["a", "b", "c"]


def test_without_headers_there_is_no_message(p5: P5) -> None:
    assert p5.sync(FU, {"event": "sync_request", "known_rev": None}) == []


def test_a_message_has_at_most_a_thousand_headers(p5: P5) -> None:
    p5.incident("backlog", host=FU, count=2500)
    messages = p5.sync(FU, {"event": "sync_request", "known_rev": None})
    assert [(m["rev"], m["sync_to_rev"], len(m["headers"]), m["total_sent"], m["total_avail"]) for m in messages] == [
        ([1, 1000], 2500, 1000, 1000, 2500),
        ([1001, 2000], 2500, 1000, 2000, 2500),
        ([2001, 2500], 2500, 500, 2500, 2500),
    ]
    assert list(messages[0]["headers"][0]) == STORED_ORDER


def test_unknown_documents_are_left_out(p5: P5) -> None:
    upload(p5, "a")
    assert [document["_id"] for document in p5.documents(FU, "x", "a", "a")] == ["a"]


def test_a_document_keeps_its_own_revision(p5: P5) -> None:
    p5.incident("upload", host=FU, documents=[{"_id": "a", "_rev": 7912099}, {"_id": "b"}])
    upload(p5, "c")
    assert [(header["_id"], header["_rev"]) for header in p5.headers(FU)] == [("b", 2), ("a", 7912099), ("c", 7912100)]


@pytest.mark.parametrize("address", ["/redirect?path=nowhere&port=9215", f"/redirect?path={FU}&port=22", "/redirect"])
def test_an_unreachable_machine_is_a_critical_error(p5: P5, address: str) -> None:
    answer = p5.post(address, '{"messages": []}')
    assert (answer.status, answer.headers["Content-Type"]) == (500, "text/html; charset=UTF-8")
    assert answer.content == b"<h1>Critical error while processing request: /redirect</h1>"


@pytest.mark.parametrize("body", ["", "{", "[]", "[" * 100_000, '{"messages": ["{}"]}', '{"messages": [1]}', '{"messages": 1}'])
def test_an_invalid_request_is_a_critical_error(p5: P5, body: str) -> None:
    assert p5.post("/sync_proxy", body).status == 500
    assert p5.post("/sync_proxy", '{"messages": []}').content == b'{"messages": []}'


def test_an_unknown_address_is_not_found_and_cross_site_requests_are_forbidden(p5: P5) -> None:
    answer = p5.get("/nowhere")
    assert (answer.status, answer.headers["Content-Type"]) == (404, "text/html; charset=UTF-8")
    assert p5.post("/_simulator/incidents/gateway_down", Origin="http://evil.example").status == 403
    assert p5.get("/login").status == 200


def test_redirected_responses_have_the_content_type_html(p5: P5) -> None:
    answer = p5.redirect(FU, {"event": "sync_request", "known_rev": None})
    assert answer.headers["Content-Type"] == "text/html; charset=UTF-8"
    assert answer.headers["Access-Control-Allow-Origin"] == "*"


@pytest.mark.parametrize(
    ("cookie", "status"),
    [("1234; selenium-secret-secret=changeme", 200), ("selenium-secret-secret=wrong", 303), ("other=changeme", 303), (None, 500)],
)
def test_cmsweb_needs_the_cookie_after_any_other_text(p5: P5, cookie: str | None, status: int) -> None:
    headers = {"Host": "cmsweb.cern.ch"} | ({"Cookie": cookie} if cookie else {})
    answer = p5.get("/cr/exe?what=get_cluster_status", **headers)
    assert answer.status == status
    if status == 303:
        assert answer.headers["Location"] == "https://cmsweb.cern.ch/"


def test_cmsweb_reads_documents_without_a_cookie_but_uploads_none(p5: P5) -> None:
    upload(p5, "a", host=GATEWAY)
    answer = p5.post("/_upload/", json.dumps({"docs": [{"_id": "b"}]}), Host="cmsweb.cern.ch")
    assert (answer.status, answer.content) == (200, b"")
    known = p5.post("/sync_proxy", json.dumps({"messages": ['{"event": "sync_request", "known_rev": null}']}), Host="cmsweb.cern.ch")
    assert [header["_id"] for header in json.loads(known.json()["messages"][0])["headers"]] == ["a"]


def test_the_root_redirects_to_the_site(p5: P5) -> None:
    answer = p5.get("/", Host=f"{GATEWAY}.cms:9215")
    assert (answer.status, answer.headers["Location"]) == (303, f"http://{GATEWAY}.cms:9215/static/index.html")
    outside = p5.get("/", Host="cmsweb.cern.ch", Cookie="selenium-secret-secret=changeme")
    assert outside.headers["Location"] == "http://cmsweb.cern.ch/dqm/dqm-square-origin/static/index.html"
    assert p5.get("/login").content == b"<p>Welcome! You are not logged in.</p>"


def test_info_names_the_machine_and_its_cluster(p5: P5) -> None:
    info = p5.at(BU).get("/info").json()
    assert list(info) == ["hostname", "timestamp", "cluster", "db_size"]
    assert (info["hostname"], info["cluster"]["label"]) == (BU, "production_c2a06")
    assert list(info["cluster"]["_all"]) == ["production_c2a06", "playback_c2a06", "lookarea_c2a06"]


def test_dropped_documents_are_removed_but_recorded(p5: P5) -> None:
    upload(p5, "a", "b")
    assert p5.at(FU).post("/utils/drop_ids", '{"ids": ["a"]}').content == b"Deleted 1 rows!"
    assert [header["_id"] for header in p5.headers(FU)] == ["b"]
    assert {row["id"]: row["there"] for row in p5.record()["documents"]} == {"a": False, "b": True}


def run_in_thread(conversation: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine in a thread of its own, because the browser of other tests has an event loop in the main thread."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, conversation).result()


async def next_message(connection: ClientWebSocketResponse) -> Any:
    message = await asyncio.wait_for(connection.receive(), PATIENCE_S)
    assert message.type is WSMsgType.TEXT
    return json.loads(message.data)


def test_the_websocket_sends_current_and_new_documents(p5: P5) -> None:
    upload(p5, "a")

    async def follow() -> None:
        async with ClientSession() as session, session.ws_connect(p5.at(FU).address + "/sync") as connection:
            assert connection.protocol is None
            await connection.send_str('{"event": "sync_request", "known_rev": null}')
            first = await next_message(connection)
            assert [list(header) for header in first["headers"]] == [STORED_ORDER]
            await asyncio.to_thread(upload, p5, "b", "c")
            pushed = await next_message(connection)
            assert (pushed["rev"], pushed["sync_to_rev"]) == ([2, 3], 3)
            assert [list(header) for header in pushed["headers"]] == [PUSHED_ORDER, PUSHED_ORDER]
            await connection.send_str('{"event": "request_documents", "ids": ["c"]}')
            assert [document["_id"] for document in (await next_message(connection))["documents"]] == ["c"]

    run_in_thread(follow())


def test_the_handshake_is_that_of_the_original(p5: P5) -> None:
    key = base64.b64encode(b"sixteen bytes...").decode()
    wanted = {"Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Key": key, "Sec-WebSocket-Version": "13"}
    place = urlsplit(p5.address)
    connection = HTTPConnection(place.netloc, timeout=PATIENCE_S)
    connection.request("GET", "/sync", headers={**wanted, "Sec-WebSocket-Protocol": "http-only"})
    answer = connection.sock.recv(4096).decode()
    connection.close()
    assert answer.startswith("HTTP/1.1 101 ")
    accept = base64.b64encode(hashlib.sha1(f"{key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11".encode()).digest()).decode()
    fields = {name.lower(): value for name, _, value in (line.partition(": ") for line in answer.split("\r\n")[1:])}
    assert fields["sec-websocket-accept"] == accept
    assert "sec-websocket-protocol" not in fields


def test_nothing_is_pushed_before_the_first_sync_request(p5: P5) -> None:
    async def follow() -> None:
        async with ClientSession() as session, session.ws_connect(p5.at(FU).address + "/sync") as connection:
            await asyncio.to_thread(upload, p5, "a")
            await connection.send_str('{"event": "request_documents", "ids": []}')
            assert (await next_message(connection))["event"] == "update_documents"

    run_in_thread(follow())


def test_slow_clients_block_nobody(p5: P5) -> None:
    p5.incident("backlog", host=GATEWAY, count=3000)
    place = urlsplit(p5.address)
    assert place.hostname
    assert place.port
    with socket.create_connection((place.hostname, place.port)) as half, socket.create_connection((place.hostname, place.port)) as deaf:
        half.sendall(b"POST /sync_proxy HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{")
        body = json.dumps({"messages": ['{"event": "sync_request"}'] * 20})
        for _ in range(5):
            deaf.sendall(f"POST /sync_proxy HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode())
        upload(p5, "a")
        assert [header["_id"] for header in p5.headers(FU)] == ["a"]


def test_a_websocket_that_reads_nothing_is_disconnected(p5: P5) -> None:
    long = "x" * 60_000

    async def deaf() -> int:
        async with ClientSession() as session, session.ws_connect(p5.at(FU).address + "/sync") as connection:
            await connection.send_str('{"event": "sync_request", "known_rev": null}')
            await connection.send_str('{"event": "request_documents", "ids": []}')
            await next_message(connection)
            for number in range(1200):
                await asyncio.to_thread(p5.incident, "upload", host=FU, documents=[{"_id": f"d{number}", "tag": long}])
            return len([message async for message in connection])

    assert run_in_thread(asyncio.wait_for(deaf(), PATIENCE_S)) < 1200
    assert len(p5.headers(FU)) == 1200


def test_a_fast_clock_does_not_overtake_the_wall_clock(simulators: Simulators) -> None:
    with simulators.run("--speed", "1000", "--behind", "3600") as p5:
        newest = 0.0
        while not newest or p5.status()["now"] - newest > 60:
            newest = max(header["timestamp"] for header in p5.headers(BU))
        assert p5.status()["now"] <= time.time()
