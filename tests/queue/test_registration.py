"""Handlers and periodic tasks of one name: one would replace the other, or wait for its lease for ever."""

from __future__ import annotations

from contextlib import nullcontext

import pytest

from app.core.settings import Settings
from app.queue import execution, periodic
from app.queue.models import BackgroundJob


def test_two_modules_cannot_handle_one_kind_of_job(monkeypatch: pytest.MonkeyPatch) -> None:
    def other(_: BackgroundJob) -> None: ...

    monkeypatch.setattr(execution, "HANDLERS", {"clean": other})
    other.__module__ = "jobs.other"
    with pytest.raises(ValueError, match=r"Both jobs\.other and tests\.queue\.test_registration handle jobs of the kind clean"):
        execution.handler("clean")(lambda _: None)
    assert {"clean": other} == execution.HANDLERS


def test_two_modules_cannot_have_one_periodic_task(monkeypatch: pytest.MonkeyPatch, settings: Settings) -> None:
    def tasks(_: Settings) -> list[periodic.PeriodicTask]:
        return [periodic.PeriodicTask("clean", 1.0, nullcontext)]

    def other(hub: Settings) -> list[periodic.PeriodicTask]:
        return tasks(hub)

    other.__module__ = "jobs.other"
    monkeypatch.setattr(periodic, "_sources", [tasks, other])
    with pytest.raises(ValueError, match=r"Both tests\.queue\.test_registration and jobs\.other have the periodic task clean"):
        periodic.configured_tasks(settings)
