"""What tests of the mode `fu` share."""

from __future__ import annotations

import pytest

from services.transfer.fu import service


@pytest.fixture(autouse=True)
def _short_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    """The loop looks more often whether it should end."""
    monkeypatch.setattr(service, "STEP_S", 0.02)
