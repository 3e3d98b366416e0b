"""The problems that last, as pages list them: silent processes first, with what to do about each kind."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from app.transfers import kinds
from app.transfers.pages.presenters import PROBLEM_BADGES
from app.transfers.runs import NO_PROCESS, RunProblem
from app.web.badges import Badge
from app.web.frame import href

MAX_PROBLEMS = 10
ACTIONS = {
    kinds.SILENT: "On the host, see \u201csystemctl status dqmhub-transfer@MODE\u201d (fu, bu or cleanup) and its log, and start it again.",
    kinds.PROCESS_FAILING: "On the host, make the folder that the text names readable and writable for dqmpro; it is tried again by itself.",
    kinds.END_LATE: "See whether a client of the run hangs on the hosts that are named: end it there, and the run is merged.",
    kinds.FILE_MISSING: "See the job of the client in DQM^2 and its log: it hangs, or has ended too early.",
    kinds.NOT_SENT: "On the filter unit, see \u201cjournalctl -u dqmhub-transfer@fu\u201d; files wait, and are sent when the cause is gone.",
    kinds.GUI_UNREACHABLE: "See whether the machine runs, and \u201cssh -o BatchMode=yes HOST true\u201d as dqmpro on the builder unit.",
    kinds.GUI_FAILING: "401 and 403 are about the token that the builder unit has for this machine, other answers about its hub.",
    kinds.DISK_FULL: "Make room: on a filter or builder unit remove folders of old runs, on a GUI machine see its clean-up.",
    kinds.CORRUPT_INPUT: "If its next snapshot is damaged, too, see the log of the client; a ROOT file is merged when a good one replaces it.",
    kinds.MERGE_FAILED: "On the builder unit, see \u201cjournalctl -u dqmhub-transfer@bu\u201d; its ROOT files stay there, and a later file is merged with them.",
}
"""What to do, by kind of problem: one sentence each."""


class ShownProblem(NamedTuple):
    """Problems of the same kind, run, host and text.

    Attributes:
        subjects: Clients, GUI machines, disks or files.
        host: Its name; "" for several hosts, and for one that has never reported and so has no page.
        began: When the first of them began.
        action: What to do; "" if a problem before it in the list says so.
        help: Address of the help on problems of this kind.
    """

    badge: Badge
    run: int
    host: str
    text: str
    subjects: list[str]
    began: float
    action: str
    help: str


class ProblemList(NamedTuple):
    """The problems that last.

    Attributes:
        shown: The first ones.
        total: How many there are.
    """

    shown: list[ShownProblem]
    total: int

    @property
    def hidden(self) -> int:
        """How many are not shown."""
        return self.total - sum(len(each.subjects) for each in self.shown)


def open_problems(found: Iterable[RunProblem]) -> ProblemList:
    """The lasting problems, silent processes first. Problems with one cause are one row, such as those of all clients of an FU with a full disk."""
    groups: dict[tuple[object, ...], list[RunProblem]] = {}
    lasting = sorted((each for each in found if each.ended is None), key=lambda each: each.kind != kinds.SILENT)
    for each in lasting:
        host = "" if each.kind == kinds.SILENT else each.host
        groups.setdefault((each.kind, each.run, host, each.origin, each.text), []).append(each)
    shown = list(groups.values())[:MAX_PROBLEMS]
    first = {group[0].kind: group for group in reversed(shown)}
    return ProblemList([_shown_problem(group, first[group[0].kind] is group) for group in shown], len(lasting))


def _shown_problem(group: Sequence[RunProblem], is_first: bool) -> ShownProblem:
    first = group[0]
    badge = PROBLEM_BADGES.get(first.kind, Badge("error", "error", first.kind))
    subjects, hosts = sorted(map(_subject, group)), {each.host for each in group}
    action = ACTIONS.get(first.kind, "") if is_first else ""
    host = first.host if len(hosts) == 1 and first.text != NO_PROCESS else ""
    return ShownProblem(
        badge, first.run, host, first.text, subjects, min(each.began for each in group), action, href(f"/help/transfers#{first.kind}")
    )


def _subject(problem: RunProblem) -> str:
    return f"{problem.subject} {problem.host}" if problem.kind == kinds.SILENT else problem.subject
