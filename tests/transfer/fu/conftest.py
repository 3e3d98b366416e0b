"""What tests of the mode `fu` share."""

from __future__ import annotations

import pytest

from services.transfer.fu import sending, service

NEVER_S = 1e9


@pytest.fixture(autouse=True)
def _times(monkeypatch: pytest.MonkeyPatch) -> None:
    """The loop looks more often whether it should end, and files wait for their companions however slow this machine is."""
    monkeypatch.setattr(service, "STEP_S", 0.02)
    monkeypatch.setattr(sending, "REPORT_WAIT_S", NEVER_S)
    monkeypatch.setattr(sending, "ORIGIN_WAIT_S", NEVER_S)
