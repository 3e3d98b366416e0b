"""The words of the reports of the transfer, and the kinds of its problems."""

from __future__ import annotations

FU, BU, CLEANUP = MODES = ("fu", "bu", "cleanup")
"""Modes of the processes of the transfer."""
MODE_WORDS = {FU: "filter unit", BU: "builder unit", CLEANUP: "clean-up"}

FILE, CONCATENATION, MERGE, DELIVERY, CLEANUP_ROUND = RECORD_KINDS = ("file", "concatenation", "merge", "delivery", "cleanup")
"""Kinds of records."""

SNAPSHOT, ROOT_FILE = FILE_KINDS = ("snapshot", "ROOT file")
"""Files of a client."""
DELIVERED_KINDS = ("concatenation", "merged file")
MERGED_FILE = "merged file"

ONGOING, ENDING, MERGING, MERGED, OVER = RUN_STATES = ("ongoing", "ending", "merging", "merged", "over")
"""States of a run at a filter unit (ongoing, ending, over) or a builder unit (ongoing, merging, merged, over)."""
OPEN_STATES = (ONGOING, ENDING, MERGING)

SILENT = "silent"
PROCESS_FAILING, END_LATE = "process-failing", "end-late"
FILE_MISSING, NOT_SENT, GUI_UNREACHABLE, GUI_FAILING, DISK_FULL, CORRUPT_INPUT, MERGE_FAILED = (
    *("file-missing", "not-sent", "gui-unreachable", "gui-failing", "disk-full", "corrupt-input", "merge-failed"),
)
PROBLEM_KINDS = (
    *(SILENT, PROCESS_FAILING, NOT_SENT, GUI_UNREACHABLE, GUI_FAILING, DISK_FULL),
    *(FILE_MISSING, CORRUPT_INPUT, MERGE_FAILED, END_LATE),
)
"""Kinds of problems; silence is not stored."""

LUMISECTION_S = 23.310893056
"""Length of a lumisection, s."""
