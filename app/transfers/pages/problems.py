"""The problems that last, as pages list them: silent processes first, with what to do about each kind."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import NamedTuple

from app.transfers import kinds
from app.transfers.hosts import HostTransfers
from app.transfers.pages.presenters import MODE_TITLES, PROBLEM_BADGES, is_retired
from app.transfers.runs import RunProblem
from app.web.badges import Badge
from app.web.frame import href

SILENT = "silent"
MAX_PROBLEMS = 10
SILENT_BADGE = Badge("error", "error", "silent", "A process of the transfer does not report any more.")
NOT_REPORTED = {
    kinds.FU: "no file of its clients is reported",
    kinds.BU: "no concatenation, merge or delivery is reported",
    kinds.CLEANUP: "not known whether its clean-up removes anything",
}
"""What is not known while a process of a mode is silent."""
ACTIONS = {
    SILENT: "On the host, see \u201csystemctl status dqmhub-transfer@MODE\u201d (fu, bu or cleanup) and its log, and start it again.",
    "file-missing": "See the job of the client in DQM^2 and its log: it hangs, or has ended, and must be started again.",
    "not-sent": "On the filter unit, see \u201cjournalctl -u dqmhub-transfer@fu\u201d; files wait, and are sent when the cause is gone.",
    "gui-unreachable": "See whether the machine runs, and \u201cssh -o BatchMode=yes HOST true\u201d as dqmpro on the builder unit.",
    "gui-failing": "401 and 403 are about the token that the builder unit has for this machine, other answers about its hub.",
    "disk-full": "Make room: on a filter or builder unit remove folders of old runs, on a GUI machine see its clean-up.",
    "corrupt-input": "If its next snapshot is damaged, too, see the log of the client; a ROOT file is merged when a good one replaces it.",
    "merge-failed": "On the builder unit, see \u201cjournalctl -u dqmhub-transfer@bu\u201d; its ROOT files stay there, and a later file is merged with them.",
}
"""What to do, by kind of problem: one sentence each."""


class ShownProblem(NamedTuple):
    """Problems of the same kind, run, host and text.

    Attributes:
        subjects: Clients, GUI machines, disks or files.
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


def silent_problems(found: Iterable[HostTransfers], stored: Collection[RunProblem] = ()) -> list[RunProblem]:
    """A problem for each silent process that is in service. stored: those that are known as problems already are left out."""
    known = {each.host for each in stored if each.kind == SILENT}
    silent = [each for each in found if each.is_silent and not is_retired(each) and each.host not in known]
    return [RunProblem(SILENT, each.host, 0, each.mode, _name(each), NOT_REPORTED[each.mode], each.seen, None) for each in silent]


def _name(host: HostTransfers) -> str:
    return f"{MODE_TITLES[host.mode]} {host.host}"


def open_problems(found: Iterable[RunProblem]) -> ProblemList:
    """Those that last, silent processes first; such as those of all clients of a filter unit whose disk is full are one."""
    groups: dict[tuple[object, ...], list[RunProblem]] = {}
    lasting = sorted((each for each in found if each.ended is None), key=lambda each: each.kind != SILENT)
    for each in lasting:
        host = "" if each.kind == SILENT else each.host
        groups.setdefault((each.kind, each.run, host, each.origin, each.text), []).append(each)
    shown = list(groups.values())[:MAX_PROBLEMS]
    first = {group[0].kind: group for group in reversed(shown)}
    return ProblemList([_shown_problem(group, first[group[0].kind] is group) for group in shown], len(lasting))


def _shown_problem(group: Sequence[RunProblem], is_first: bool) -> ShownProblem:
    first = group[0]
    badge = SILENT_BADGE if first.kind == SILENT else PROBLEM_BADGES.get(first.kind, Badge("error", "error", first.kind))
    subjects, hosts = sorted(each.subject for each in group), {each.host for each in group}
    action = ACTIONS.get(first.kind, "") if is_first else ""
    host = first.host if len(hosts) == 1 else ""
    return ShownProblem(
        badge, first.run, host, first.text, subjects, min(each.began for each in group), action, href(f"/help/transfers#{first.kind}")
    )
