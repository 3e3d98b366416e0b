"""The log of the render service: lines with the id of the request, as text or as JSON."""

from __future__ import annotations

import json
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from protocol.log_lines import LINE_BYTES
from render.client import Request
from tests.render.service import Service, scalar_request, wait_until
from tests.support.patience import PATIENCE_S

ID = "4f1d0a5e" * 4
HOSTILE = 'two\nlines "quoted" \\ \x1b[31m é 😀 \u2028'


@pytest.fixture(scope="module")
def debugged(program: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    arguments = ["--workers", "1", "--log-format", "json", "--log-level", "debug"]
    service = Service(program, tmp_path_factory.mktemp("log"), *arguments)
    wait_until(lambda: "ready at" in service.log, "the service should be ready")
    with service:
        yield service


TALKATIVE = r"""
#include <cstdio>
#include <iostream>
#include <string>
const int started = [] {
  std::cout << "to \"output\"\nsecond line" << std::endl;
  std::cerr << "to error, \xff\n" << std::string(5000, 'x') << "\n";
  std::string accents;
  for (int i = 0; i < 1500; ++i) accents += "\xc3\xa9";
  std::cerr << "<" << std::string(3000, '\1') << accents << ">\n";
  std::printf("by printf\n");
  return 0;
}();
"""


def lines(service: Service) -> list[dict[str, Any]]:
    text = service.log_path.read_bytes()
    return [json.loads(line) for line in text.split(b"\n")[:-1]]


def line_of(service: Service, request_id: str) -> dict[str, Any]:
    wait_until(lambda: request_id in service.log, "the log should name the request")
    (found,) = [line for line in lines(service) if line.get("request") == request_id]
    return found


def test_lines_have_time_level_process_and_message(debugged: Service) -> None:
    first = lines(debugged)[0]
    assert first.keys() == {"time", "level", "process", "pid", "logger", "message"}
    assert (first["level"], first["process"]) == ("info", "render")
    assert first["message"].startswith("ROOT ")


def test_the_line_of_a_plot_names_its_request(debugged: Service) -> None:
    request = scalar_request("42")
    debugged.client.render(Request(request.name, request.spec, flags=request.flags, text=request.text, request_id=ID))
    found = line_of(debugged, ID)
    assert found["level"] == "debug"
    assert found["message"].startswith(f"drew '{request.name}' as '{request.spec}' in ")


def test_a_plot_without_an_id_is_drawn(debugged: Service) -> None:
    debugged.client.render(scalar_request("43"))
    assert any("request" not in line and line["level"] == "debug" for line in lines(debugged))


def test_names_from_outside_cannot_break_a_line(debugged: Service) -> None:
    debugged.client.render(Request(name=HOSTILE, spec="w=60;h=40", flags=0, text=b"1", request_id="hostile1"))
    assert 'two?lines "quoted" \\ ?[31m é 😀 \u2028' in line_of(debugged, "hostile1")["message"]


@pytest.mark.parametrize("request_id", ["x" * 65, "a b", "a;w=9", 'a"b', "é"])
def test_an_id_that_is_not_one_word_is_refused_as_part_of_the_specification(debugged: Service, request_id: str) -> None:
    request = Request(name="Test/42", spec="w=60;h=40", flags=0, text=b"1", request_id=request_id)
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(str(debugged.state / "socket"))
        connection.sendall(request.message())
        assert connection.recv(8) == b"\2\0\0\0\0\0\0\0"


def test_what_a_plugin_prints_becomes_lines_of_the_log(program: Path, tmp_path: Path) -> None:
    (tmp_path / "talkative.cc").write_text(TALKATIVE)
    subprocess.run(["g++", "-shared", "-fPIC", "-o", "talkative.so", "talkative.cc"], cwd=tmp_path, check=True, timeout=PATIENCE_S)
    arguments = ["--workers", "1", "--log-format", "json", "--load", str(tmp_path / "talkative.so")]
    with Service(program, tmp_path, *arguments) as service:
        wait_until(lambda: "by printf" in service.log, "the log should have what the plugin printed")
        wait_until(lambda: "ready at" in service.log, "the service should be ready")
        messages = [line["message"] for line in lines(service) if line["message"].startswith("output: ")]
    expected = ['to "output"', "second line", "to error, \ufffd", "x" * 2000, "x" * 1000, "by printf"]
    longest = max(map(len, service.log_path.read_bytes().split(b"\n")))
    assert {f"output: {text}" for text in expected} <= set(messages)
    assert f"<{chr(1) * 3000}{'é' * 1500}>" in "".join(text.removeprefix("output: ") for text in messages), "none is cut in a character"
    assert longest < LINE_BYTES


@pytest.mark.parametrize(
    ("option", "value", "expected"),
    [("--log-format", "xml", "text or json"), ("--log-level", "loud", "debug, info, warning or error")],
)
def test_an_unknown_format_or_level_is_refused(program: Path, tmp_path: Path, option: str, value: str, expected: str) -> None:
    command = [program, "--state-directory", f"{tmp_path}/", option, value]
    refused = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE_S, check=False)
    assert refused.returncode == 1
    assert f"{option} must be {expected}" in refused.stderr
