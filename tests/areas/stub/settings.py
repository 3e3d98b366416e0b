"""Settings of the stub area."""

from __future__ import annotations

from dataclasses import dataclass

from app.core.settings import setting, settings_table


@settings_table
@dataclass(frozen=True)
class StubSettings:
    """Settings of the stub area."""

    stub_greeting: str = setting("Welcome", "Words at the top of the stub page.")
