"""Removal of what was reported long ago, in short transactions."""

from __future__ import annotations

from collections.abc import Callable

from app.core.counters import advance
from app.core.database import proxy, rows
from app.transfers.kinds import OPEN_STATES, OVER
from app.transfers.models import (
    COUNTER,
    TransferCleanup,
    TransferClient,
    TransferHost,
    TransferProblem,
    TransferProcess,
    TransferRun,
    TransferRunState,
)
from app.transfers.product_models import TransferConcatenation, TransferDelivery, TransferMerge
from app.transfers.reports.store import touch_runs

DAY_S = 86400.0
OF_RUN = (
    *(TransferConcatenation, TransferMerge, TransferDelivery, TransferClient),
    *(TransferProcess, TransferRunState, TransferProblem, TransferRun),
)
"""Tables with a column `run`."""


def remove_old(days: int, now: float, progress: Callable[[int], object] = lambda _: None) -> int:
    """Remove old runs with all that is stored of them; returns their number. Old hosts, problems and rounds of clean-up go, too.

    Args:
        days: Days since the last report with something new.
        now: Unix s.
        progress: Called with the number of runs so far.
    """
    before, removed = now - days * DAY_S, 0
    for (run,) in rows(TransferRun.select(TransferRun.run).where(TransferRun.changed < before).order_by(TransferRun.run)):
        with proxy.atomic():
            advance(COUNTER)  # reports wait
            if not TransferRun.select().where(TransferRun.run == run, TransferRun.changed < before).exists():
                continue  # it was reported again
            for table in OF_RUN:
                table.delete().where(table.run == run).execute()
        removed += 1
        progress(removed)
    _remove_others(before, now)
    return removed


def forget_host(host: str, now: float) -> bool:
    """Forget the processes of a host that was taken out of service, and end its problems and runs; returns whether it was known.

    What was sent from it stays. A process that reports again is known again.
    """
    with proxy.atomic():
        version = advance(COUNTER)
        if not TransferHost.delete().where(TransferHost.host == host).execute():
            return False
        lasts = TransferProblem.ended.is_null(), TransferProblem.host == host
        is_open = TransferRunState.host == host, TransferRunState.state.in_(OPEN_STATES)
        touched = {run for (run,) in rows(TransferRunState.select(TransferRunState.run).where(*is_open))}
        touched |= {run for (run,) in rows(TransferProblem.select(TransferProblem.run).where(*lasts))}
        TransferProblem.update(ended=now).where(*lasts).execute()
        TransferRunState.update(state=OVER, since=now, waiting_for="[]").where(*is_open).execute()
        touch_runs(touched - {0}, version, now)
    return True


def _remove_others(before: float, now: float) -> None:
    with proxy.atomic():
        advance(COUNTER)
        silent = [host for (host,) in rows(TransferHost.select(TransferHost.host).where(TransferHost.seen < before))]
        TransferHost.delete().where(TransferHost.seen < before).execute()
        TransferProblem.update(ended=now).where(TransferProblem.ended.is_null(), TransferProblem.host.in_(silent)).execute()
        TransferProblem.delete().where(TransferProblem.ended < before).execute()
        TransferCleanup.delete().where(TransferCleanup.at < before).execute()
