"""Problems of the transfer: each is stored once, from its begin to its end. Within a transaction on the version counter."""

from __future__ import annotations

from collections.abc import Mapping

from app.transfers.models import TransferProblem

MAX_SUBJECTS = 100
"""Problems of one finding that are stored."""


def update_problems(kind: str, host: str, run: int, origin: str, found: Mapping[str, str], now: float) -> bool:
    """Store what a check found: new problems begin, those that it does not find any more end; returns whether something changed.

    Args:
        kind, host, run, origin: Of the problems that the check is about.
        found: What is wrong, by subject. Of a problem that lasts the text is replaced.
        now: Unix s by the clock of the hub.
    """
    open_ones = TransferProblem.select().where(
        TransferProblem.ended.is_null(),
        TransferProblem.kind == kind,
        TransferProblem.host == host,
        TransferProblem.run == run,
        TransferProblem.origin == origin,
    )
    known = {problem.subject: problem for problem in open_ones}
    if gone := [problem.id for subject, problem in known.items() if subject not in found]:
        TransferProblem.update(ended=now).where(TransferProblem.id.in_(gone)).execute()
    changed = [problem for subject, problem in known.items() if found.get(subject, problem.text) != problem.text]
    for problem in changed:
        TransferProblem.update(text=found[problem.subject]).where(TransferProblem.id == problem.id).execute()
    new = [subject for subject in sorted(found) if subject not in known][: max(MAX_SUBJECTS - len(known) + len(gone), 0)]
    for subject in new:
        TransferProblem.create(kind=kind, host=host, run=run, origin=origin, subject=subject, text=found[subject], began=now)
    return bool(gone or changed or new)


def end_problem(kind: str, host: str, run: int, origin: str, subject: str, now: float) -> None:
    """End one problem, if it lasts."""
    TransferProblem.update(ended=now).where(
        TransferProblem.ended.is_null(),
        TransferProblem.kind == kind,
        TransferProblem.host == host,
        TransferProblem.run == run,
        TransferProblem.origin == origin,
        TransferProblem.subject == subject,
    ).execute()
