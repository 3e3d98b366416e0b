"""What all tests of the transfer share."""

from __future__ import annotations

import pytest

from services.transfer import hub
from tests.support.patience import PATIENCE_S


@pytest.fixture(autouse=True)
def _patient_requests(monkeypatch: pytest.MonkeyPatch) -> None:
    """A request whose answer is late is sent once more, and tests count what a hub gets."""
    monkeypatch.setattr(hub, "TIMEOUT_S", PATIENCE_S)
