"""Stand-ins of the services: one process for all tests, which is as new for each."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from app.runs import tokens
from tests.support.run_services import RunServicesProcess, run_services


@pytest.fixture(scope="session")
def services_process() -> Iterator[RunServicesProcess]:
    with run_services() as process:
        yield process


@pytest.fixture
def services(services_process: RunServicesProcess) -> RunServicesProcess:
    """The stand-ins without changes, faults, tokens and requests of other tests."""
    tokens._tokens.clear()
    services_process.reset()
    return services_process
