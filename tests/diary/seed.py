"""Jobs of the demo, for tests of all areas."""

from __future__ import annotations

from app.core.settings import Settings
from app.diary.demo import make_demo


def fill(settings: Settings, now: float) -> None:
    """One in seven of the jobs of the demo, with reviews, logs and searches."""
    make_demo(settings, step=7)
