"""Mirrors in this process and in their own processes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from werkzeug.test import Client, TestResponse

from protocol.snapshot import Item
from services.mirror.options import Options
from services.mirror.routes import Routes
from tests.mirror import samples
from tests.mirror.process import MirrorProcess, mirror_process
from tests.support.stopped_clock import clock

__all__ = ["clock"]


class MirrorClient:
    """The application of a mirror, called without a server."""

    def __init__(self, options: Options) -> None:
        self.routes = Routes(options)
        self.client = Client(self.routes.application)

    def get(self, address: str, **headers: str) -> TestResponse:
        return self.client.get(address, headers={name.replace("_", "-"): value for name, value in headers.items()})

    def post(self, raw: bytes) -> TestResponse:
        return self.client.post("/snapshots", data=raw)

    def publish(self, items: Iterable[Item], since: int = 0, until: int = 1, **more: Any) -> None:
        answer = self.post(samples.snapshot(items, since, until, **more))
        assert answer.status_code == 200, answer.text

    def json(self, address: str) -> Any:
        answer = self.get(address)
        assert (answer.status_code, answer.content_type) == (200, "application/json"), answer.text
        return answer.json


@pytest.fixture
def options(tmp_path: Path) -> Options:
    return Options(data=str(tmp_path / "mirror"), keys=(samples.PUBLIC_KEY,))


@pytest.fixture
def mirror(options: Options) -> MirrorClient:
    return MirrorClient(options)


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., MirrorProcess]]:
    """A function that starts mirror processes, with options as keywords; they stop after the test."""
    with ExitStack() as stack:
        yield lambda **options: stack.enter_context(mirror_process(tmp_path, **options))
