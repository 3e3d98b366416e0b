"""The web server of the tests, and connections that end with a test."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from tests.support.http_server import http_server


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    with http_server() as found:
        yield found


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as found:
        yield found
