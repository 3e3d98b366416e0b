"""A real XRootD server, and limits that keep the tests short."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from app.formats import remote, xrootd
from tests.support.xrootd import XRootD, xrootd_server


@pytest.fixture
def server() -> Iterator[XRootD]:
    """A server with nothing in its store; this process knows nothing of it yet."""
    with xrootd_server() as server:
        yield server


@pytest.fixture(autouse=True)
def limits(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Two seconds for an answer, the version is asked for each time, and a silent server is asked again after half a second."""
    monkeypatch.setattr(xrootd, "RETRY_S", 0.5)
    remote.configure(timeout_s=2.0, recheck_s=0.0)
    yield
    remote.configure()
