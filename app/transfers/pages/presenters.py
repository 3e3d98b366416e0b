"""What the pages of transfers share: addresses, badges, and when a page that polls is out of date."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import quote

from flask import Response, render_template, request
from markupsafe import Markup

from app.core.database import rows
from app.transfers import kinds
from app.transfers.hosts import HostTransfers
from app.transfers.models import TransferHost, TransferRun
from app.transfers.settings import TransfersSettings
from app.transfers.silence import RETIRED_S, silent_processes
from app.web import is_fragment, nothing_new, page, request_settings
from app.web.badges import Badge
from app.web.fragment_cache import cached_fragment, fragment_response
from app.web.zone_view import ZoneView, zone_from_request

PATH = "/transfers"

RUN_BADGES = {
    kinds.ONGOING: Badge("ok", "run", "ongoing", "Clients of the run write files, or the builder unit waits for the end of the run."),
    kinds.ENDING: Badge("ok", "run", "ending", "No client runs any more; its last files are being sent."),
    kinds.MERGING: Badge("ok", "run", "merging", "The run is over at all filter units; its ROOT files are being merged."),
    kinds.MERGED: Badge("ok", "ok", "merged", "The ROOT files are merged; a file that comes late leads to a further version."),
    kinds.OVER: Badge("idle", "ok", "over", "Nothing more is done for the run."),
}
"""The badges of the states of a run, in their order."""

PROBLEM_BADGES = {
    kinds.SILENT: Badge("error", "error", "silent", "A process of the transfer does not report; what it does is not known."),
    kinds.PROCESS_FAILING: Badge("error", "error", "cannot work", "A process of the transfer reports that it cannot do its work."),
    kinds.END_LATE: Badge("error", "error", "end held up", "A newer run began long ago, and this one is still waited for."),
    kinds.FILE_MISSING: Badge("error", "error", "file missing", "A client has no new snapshot, or no ROOT file after the end of the run."),
    kinds.NOT_SENT: Badge("error", "error", "not sent", "Files of clients wait at the filter unit."),
    kinds.GUI_UNREACHABLE: Badge("error", "error", "GUI machine unreachable", "Its files wait at the builder unit."),
    kinds.GUI_FAILING: Badge("error", "error", "GUI machine gets no files", "It can be reached, but takes or registers no file."),
    kinds.DISK_FULL: Badge("error", "error", "disk above mark", "A disk is fuller than its mark."),
    kinds.CORRUPT_INPUT: Badge("error", "error", "damaged file", "A file was left out of a concatenation or merge."),
    kinds.MERGE_FAILED: Badge("error", "error", "merge failed", "The ROOT files of the run could not be merged."),
}
"""The badges of problems."""

MODE_TITLES = {kinds.FU: "filter unit", kinds.BU: "builder unit", kinds.CLEANUP: "clean-up"}
"""The modes of processes in words."""


class TransfersView(ZoneView):
    """State of the pages that all their links keep."""

    __slots__ = ()

    def run(self, run: int, **query: object) -> str:
        """The address of the page of a run."""
        return self.link(f"{PATH}/runs/{run}", **query)

    def concatenation(self, run: int, number: int) -> str:
        """The address of the page of a concatenation."""
        return self.link(f"{PATH}/runs/{run}/concatenations/{number}")

    def host(self, host: str, **query: object) -> str:
        """The address of the page of a host."""
        return self.link(f"{PATH}/hosts/{quote(host, safe='')}", **query)


def polled_page(name: str, version: str, context: Callable[[], Mapping[str, Any]], **frame: Any) -> Response:
    """A page of the area, or its fragment, which many browsers poll at the same time; 204 if the browser has this version.

    Args:
        name: Of the templates `<name>.html` and `<name>_fragment.html`.
        version: Of what the fragment shows.
        context: Returns the values of the fragment.
        frame: Values of the page around it.
    """
    if answer := nothing_new(version):
        return answer

    def render() -> str:
        return render_template(f"transfers/{name}_fragment.html", **context())

    fragment = cached_fragment((request.script_root, request.path, current_view(), version), render)
    if is_fragment():
        return fragment_response(fragment)
    template = f"transfers/{name}.html"
    return page(template, template, fragment_html=Markup(fragment.plain.decode()), **frame)


def current_view() -> TransfersView:
    """The state that the address of the request has."""
    return TransfersView(zone_from_request())


def transfers_settings() -> TransfersSettings:
    """The settings of the area."""
    return request_settings().of(TransfersSettings)


def run_badge(state: str) -> Badge:
    """The badge of the state of a run; also of none, and of one that a newer version has stored."""
    return RUN_BADGES.get(state, Badge("unsure", "unsure", state or "unknown"))


def is_retired(host: HostTransfers) -> bool:
    """Whether a process is silent for so long that its host was taken out of service."""
    return host.age_s >= RETIRED_S


def host_badge(host: HostTransfers) -> Badge:
    """Whether a process reports, whether it can do its work, and whether its reports are understood."""
    if is_retired(host):
        return Badge("idle", "off", "out of service")
    if host.is_silent:
        return Badge("error", "error", "silent")
    if host.state.get("error"):
        return Badge("error", "error", "fails")
    if host.dropped or host.refused:
        return Badge("warning", "warning", "records lost")
    return Badge("ok", "ok", "reporting")


def processes_version(silent_s: float) -> list[tuple[object, ...]]:
    """What differs when a process reported something new, or when one became silent or reports again.

    Its last report is not in it: pages show its time only while it is silent.
    """
    columns = TransferHost.id, TransferHost.version, TransferHost.dropped, TransferHost.refused
    return [*rows(TransferHost.select(*columns).order_by(TransferHost.id)), *silent_version(silent_s)]


def late_s(settings: TransfersSettings) -> float:
    """Age from which the data of a client of an ongoing run are late, s."""
    return settings.transfer_missing_lumis * kinds.LUMISECTION_S


def is_stale(run: int, late_s: float) -> bool:
    """Whether nothing was reported of a run for so long that all its data are late."""
    return bool(rows(TransferRun.select(TransferRun.run).where(TransferRun.run == run, TransferRun.changed < time.time() - late_s)))


def silent_version(silent_s: float) -> list[tuple[object, ...]]:
    """The processes that are silent, and since when."""
    return [tuple(each) for each in silent_processes(silent_s, time.time())]
