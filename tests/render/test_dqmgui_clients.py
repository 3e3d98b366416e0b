"""Requests in the form sent by clients of the DQM GUI's renderer."""

from __future__ import annotations

import json
import socket
import struct
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.render.pictures import Picture, read
from tests.render.service import PATIENCE_S, Service

pytestmark = pytest.mark.slow

SIZE = "h=200;w=266"
TYPES = {
    "TH1F": 0x10,
    "TH1S": 0x11,
    "TH1D": 0x12,
    "TH1I": 0x13,
    "TH2F": 0x20,
    "TH2S": 0x21,
    "TH2D": 0x22,
    "TH2I": 0x23,
    "TH3F": 0x30,
    "TProfile": 0x40,
    "TProfile2D": 0x41,
}
"""Type bytes of CMSSW for each class of monitor element. The DQM GUI itself always sends 0x10."""


@dataclass(frozen=True)
class RawRequest:
    """One request with all fields of the protocol."""

    data: bytes = b""
    spec: str = SIZE
    flags: int = 0x10
    count: int = 1
    name: str = "Folder/element"
    file: bytes = b""
    tests: bytes = b""
    version: int = 0
    kind: int = 4

    def message(self) -> bytes:
        parts = [self.file, self.name.encode(), self.spec.encode(), self.data, self.tests]
        header = [self.kind, self.flags, self.version & 0xFFFFFFFF, self.version >> 32, self.count, *map(len, parts)]
        return struct.pack("=11I", 44 + sum(map(len, parts)), *header) + b"".join(parts)


class Connection:
    """A persistent connection to the service."""

    def __init__(self, path: Path) -> None:
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(PATIENCE_S)
        self.socket.connect(str(path))

    def read(self, length: int) -> bytes:
        raw = b""
        while len(raw) < length:
            part = self.socket.recv(length - len(raw))
            assert part, "the service closed the connection"
            raw += part
        return raw

    def exchange(self, request: RawRequest) -> tuple[int, bytes]:
        self.socket.sendall(request.message())
        code, length = struct.unpack("=ii", self.read(8))
        return code, self.read(length)

    def picture(self, request: RawRequest) -> Picture:
        code, image = self.exchange(request)
        assert code == 0
        return read(image)


@pytest.fixture
def client(service: Service) -> Iterator[Connection]:
    connection = Connection(service.state / "socket")
    yield connection
    connection.socket.close()


@pytest.fixture
def data(objects: Path) -> dict[str, bytes]:
    """The objects by name, encoded as data of a request."""
    raw = {path.stem: path.read_bytes() for path in objects.glob("*.obj") if path.stat().st_size < 1_000_000}
    return {name: struct.pack("=Ii", len(content), 0) + content for name, content in raw.items()}


@pytest.mark.parametrize("name", TYPES)
def test_each_type_is_drawn_whatever_type_the_flags_state(client: Connection, data: dict[str, bytes], name: str) -> None:
    image = client.picture(RawRequest(data[name]))
    assert (image.width, image.height) == (266, 200)
    assert client.picture(RawRequest(data[name], flags=TYPES[name])) == image


def test_specification_written_by_the_dqm_gui_is_accepted(client: Connection, data: dict[str, bytes]) -> None:
    full = (
        f"{SIZE};showstats=0;norm=False;showerrbars=1;xtype=lin;ytype=log;ztype=def;xmin=10.0;xmax=90.0;ymin=1.0;ymax=1e+20;zmin=0.0;"
        "zmax=5.0;drawopts=HIST;reflabel1=run 1;reflabel2=run 2"
    )
    image = client.picture(RawRequest(data["TH1F"] + data["reference"] + data["TH1D"], full, count=3))
    shuffled = ";".join(reversed(full.split(";")))
    assert client.picture(RawRequest(data["TH1F"] + data["reference"] + data["TH1D"], shuffled, count=3)) == image


def test_type_version_and_quality_tests_are_ignored(client: Connection, data: dict[str, bytes]) -> None:
    plain = client.exchange(RawRequest(data["TH1F"]))
    assert client.exchange(RawRequest(data["TH1F"], kind=99, version=2**63 + 5, tests=b"some quality test")) == plain


@pytest.mark.parametrize("displacement", [4, -4, 2**31 - 1, -(2**31)])
def test_wrong_displacement_gives_the_same_plot(client: Connection, data: dict[str, bytes], displacement: int) -> None:
    moved = data["TH1F"][:4] + struct.pack("=i", displacement) + data["TH1F"][8:]
    assert client.exchange(RawRequest(moved)) == client.exchange(RawRequest(data["TH1F"]))


@pytest.mark.parametrize("kind", [0x00, 0x01, 0x02, 0x03, 0x0F])
def test_scalars_are_text_and_count_as_one_object(client: Connection, kind: int) -> None:
    image = client.exchange(RawRequest(b"one\ntwo", flags=kind))
    assert image[0] == 0
    assert client.exchange(RawRequest(b"one\ntwo", flags=kind, count=3)) == image
    missing = client.exchange(RawRequest(struct.pack("=Ii", 0, 0)))
    assert client.exchange(RawRequest(b"", flags=kind)) == missing != image


def test_json_of_one_object_several_objects_text_and_nothing(client: Connection, data: dict[str, bytes]) -> None:
    as_json = f"{SIZE};json=True"
    code, one = client.exchange(RawRequest(data["TH1F"], as_json))
    assert (code, json.loads(one)["_typename"]) == (0, "TH1F")
    code, both = client.exchange(RawRequest(data["TH1F"] + data["TProfile"], as_json, count=2))
    assert (code, [item["_typename"] for item in json.loads(both)["objects"]]) == (0, ["TH1F", "TProfile"])
    code, text = client.exchange(RawRequest(b"words", as_json, flags=3))
    assert (code, json.loads(text)["fString"]) == (0, "words")
    assert client.exchange(RawRequest(struct.pack("=Ii", 0, 0), as_json)) == (0, b"")
    assert client.exchange(RawRequest(b"", as_json, flags=3)) == (0, b"")


@pytest.mark.parametrize("reference", ["overlay", "ratiooverlay", "stacked"])
def test_objects_that_crashed_the_dqm_gui_renderer_are_drawn(client: Connection, data: dict[str, bytes], reference: str) -> None:
    clean = client.picture(RawRequest(data["TH1F"], f"{SIZE};ref={reference}"))
    for name in ("nan", "inf", "nan2d", "nanprofile"):
        assert client.picture(RawRequest(data[name], f"{SIZE};ref={reference}")) != clean
    for main, other in (("TH1F", "coarse"), ("TH1F", "TH2F"), ("TH2F", "TH1F"), ("TProfile", "TH1F"), ("TH1F", "words"), ("words", "TH1F")):
        assert client.picture(RawRequest(data[main] + data[other], f"{SIZE};ref={reference}", count=2)).width == 266


@pytest.mark.parametrize("length", [1, 8, 9, 20, 60, 400])
def test_truncated_object_is_reported_without_losing_the_worker(service: Service, client: Connection, objects: Path, length: int) -> None:
    workers = service.workers
    raw = (objects / "TH1F.obj").read_bytes()[:length]
    code, image = client.exchange(RawRequest(struct.pack("=Ii", length, 0) + raw))
    assert (code, read(image).width) == (2, 266)
    assert service.workers == workers


def test_labels_may_come_in_any_order(client: Connection, data: dict[str, bytes]) -> None:
    both = data["TH1F"] + data["reference"] + data["TH1D"]
    ordered = client.picture(RawRequest(both, f"{SIZE};reflabel1=first;reflabel2=second", count=3))
    assert client.picture(RawRequest(both, f"{SIZE};reflabel2=second;reflabel1=first", count=3)) == ordered


def test_incomplete_request_does_not_block_other_clients(service: Service, data: dict[str, bytes]) -> None:
    message = RawRequest(data["TH1F"]).message()
    stalled = [Connection(service.state / "socket") for _ in range(2 * len(service.workers))]
    for connection in stalled:
        connection.socket.sendall(message[:-1])
    other = Connection(service.state / "socket")
    expected = other.exchange(RawRequest(data["TH1F"]))
    for connection in stalled:
        connection.socket.sendall(message[-1:])
        code, length = struct.unpack("=ii", connection.read(8))
        assert (code, connection.read(length)) == expected
        connection.socket.close()
    other.socket.close()


def test_missing_streamer_file_is_reported_with_an_unchanged_plot(client: Connection, data: dict[str, bytes]) -> None:
    code, image = client.exchange(RawRequest(data["TH1F"], file=b"/nonexistent.root"))
    assert code != 0
    assert image == client.exchange(RawRequest(data["TH1F"]))[1]


def test_requests_in_flight_are_served_when_the_service_stops(program: Path, tmp_path: Path, data: dict[str, bytes]) -> None:
    with Service(program, tmp_path, "--workers", "2") as separate_service:
        separate_service.wait_until_ready()
        connections = [Connection(separate_service.state / "socket") for _ in range(200)]
        for connection in connections:
            connection.socket.sendall(RawRequest(data["TH2F"]).message())
        stopped: list[int] = []
        stopping = threading.Thread(target=lambda: stopped.append(separate_service.stop()))
        stopping.start()
        answers = []
        for connection in connections:
            code, length = struct.unpack("=ii", connection.read(8))
            answers.append((code, connection.read(length)))
            connection.socket.close()
        stopping.join()
        assert stopped == [0]
        assert {code for code, _ in answers} == {0}
        assert len(set(answers)) == 1
        assert "stopped after 200 plots and 0 lost workers" in separate_service.log
