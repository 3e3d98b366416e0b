"""The periodic task of rules. It loads what evaluates them, with numpy, when there is a rule."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from app.core.settings import Settings
from app.queue.periodic import Step, TaskRun
from app.trends.rules.models import TrendRule

TASK = "trend rules"
"""Name of the periodic task."""


@contextmanager
def evaluating(settings: Settings, run: TaskRun) -> Iterator[Step]:
    """Evaluate the rules whose points or definitions have changed."""

    def step() -> None:
        for rule in list(TrendRule.select().where(TrendRule.enabled)):
            from app.trends.rules.stepping import evaluate_if_changed

            if run.should_stop():
                return
            evaluate_if_changed(rule, settings)

    yield step
