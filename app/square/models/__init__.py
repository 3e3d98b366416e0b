"""Tables of DQM^2, with rows for each system (see `app.square.systems`). Times are Unix s UTC.

The poller alone writes what machines report; what people add or command (`Acknowledgement`, `Pin`, `HiddenRun`,
`CommandedStop`) has tables of its own. All fields of all documents are kept: `Document.body` and `Log.body` together are the document as it
came, and the typed columns of `Job`, `Graph` and `Run` are what pages show and search. Texts contain no NUL and no lone
surrogates.

Each system has a version counter (see `app.core.counters`). A poll of a run compares `Run.version`, one of a whole
system its counter. A poll without changes (`Host.last_ok`) does not advance it; a host that begins or ceases to fail
does. Nothing advances it while the poller is not running; pages see that by the age of `last_ok`.
"""

from __future__ import annotations

from app.square.models.documents import LUMIS_PER_PART, DeadLetter, Document, Graph, GraphPart, Log
from app.square.models.hosts import Host, HostStatus
from app.square.models.notes import Acknowledgement, CommandedStop, HiddenRun, Pin
from app.square.models.runs import Job, Run

__all__ = [
    "LUMIS_PER_PART",
    "Acknowledgement",
    "CommandedStop",
    "DeadLetter",
    "Document",
    "Graph",
    "GraphPart",
    "HiddenRun",
    "Host",
    "HostStatus",
    "Job",
    "Log",
    "Pin",
    "Run",
]
