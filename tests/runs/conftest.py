"""Stand-ins of the services, one process for each test: tests change their state."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from app.runs import tokens
from tests.support.run_services import RunServicesProcess, run_services


@pytest.fixture
def services() -> Iterator[RunServicesProcess]:
    tokens._tokens.clear()
    with run_services() as process:
        yield process
