"""The panel with the run information: what a folder `EventInfo` of the sample has on the run and on the process that wrote it."""

from __future__ import annotations

from typing import NamedTuple

from markupsafe import Markup

from app.core.zones import ZONES
from app.gui.addresses import text
from app.gui.catalog.catalog import OpenSample
from app.gui.event_info import UNFILLED, event_info
from app.gui.pages.readable import readable_real
from app.gui.view import View
from app.web.clock import time_html

LABELS = {
    "iRun": "Run",
    "iLumiSection": "Lumisection",
    "iEvent": "Event",
    "runStartTimeStamp": "Start of the run",
    "eventTimeStamp": "Time of the last event",
    "processTimeStamp": "Last event processed",
    "processLatency": "Time since the event before",
    "processedEvents": "Processed events",
    "processEventRate": "Rate",
    "reportSummary": "Report summary",
    "CertificationSummary": "Certification",
    "CMSSW_Version": "Release",
    "Globaltag": "Global tag",
    "eventSelection": "Event selection",
    "processName": "Process",
    "processID": "Process ID",
    "processStartTimeStamp": "Start of the process",
    "hostName": "Host",
    "workingDir": "Working directory",
}
"""Names of the numbers and texts, with their labels in the panel."""

ELSEWHERE = {"CMSSW_Version": b"Info/ProvInfo/CMSSW", "Globaltag": b"Info/ProvInfo/Globaltag"}
"""MEs with the same values for samples whose `EventInfo` lacks them."""

COUNTS = frozenset({"iEvent", "processedEvents"})
TIMES = frozenset({"runStartTimeStamp", "eventTimeStamp", "processTimeStamp", "processStartTimeStamp"})
SHARES = frozenset({"reportSummary", "CertificationSummary"})
MAX_TEXT = 200
"""Characters of a text that are shown; the page of its ME has all."""
UNITS = {"processLatency": "s", "processEventRate": "events/s"}


class RunFact(NamedTuple):
    """A value of the run information."""

    label: str
    value: str | Markup  # for people
    full: str  # as it is in the file
    address: str  # of its ME


class RunInfo(NamedTuple):
    """The run information of a sample."""

    folder: str
    folder_address: str
    facts: list[RunFact]
    zones: list[tuple[str, str, bool]]  # key, address of the same page, and whether it is that of this page


def run_info(sample: OpenSample, view: View) -> RunInfo | None:
    """The run information for the page of a view; None for a sample without any."""
    folder, found = event_info(sample, LABELS)
    if not found:
        return None
    for name, path in ELSEWHERE.items():
        if name not in found and (index := sample.names.find(path)) is not None:
            found[name] = index
    facts = [_fact(sample, view, name, found[name]) for name in LABELS if name in found]
    zones = [(name, view.replace(tz=name).address, name == view.tz) for name in ZONES]
    return RunInfo(text(folder), view.of_folder(folder).address, facts, zones)


def _fact(sample: OpenSample, view: View, name: str, index: int) -> RunFact:
    path, value = sample.names[index], sample.scalar(index)
    address = view.of_folder(path.rpartition(b"/")[0]).of_plot(path).address
    return RunFact(LABELS[name], readable_fact(name, value, view.tz), value, address)


def readable_fact(name: str, value: str, tz: str) -> str | Markup:
    """A value of the run information for people; tz: a key of ZONES.

    >>> readable_fact("processedEvents", "1234567", "utc"), readable_fact("reportSummary", "0.98765", "utc")
    ('1,234,567', '98.77 %')
    """
    if value in UNFILLED:
        return "none yet"
    try:
        number = float(value)
    except ValueError:
        return value if len(value) <= MAX_TEXT else f"{value[:MAX_TEXT]} …"
    if name in TIMES:
        return time_html(number, tz, with_zone=True) if number > 0 else "none yet"
    if name in COUNTS and number.is_integer():
        return f"{int(value) if value.isdecimal() else int(number):,}"  # numbers of events can have more digits than a float
    if name in SHARES:
        return f"{100 * number:.4g} %" if 0 <= number <= 1 else "no data"
    return f"{readable_real(value)} {UNITS[name]}" if name in UNITS else value
