"""The output of bjobs."""

from __future__ import annotations

from pathlib import Path

from tests.diary.contract.sample import Options, TextSample


def line(number: int, stat: str, code: str = "-", reason: str = "-", finish: str = "-") -> bytes:
    """A line of bjobs."""
    times = f"Nov 28 16:26:24 2026|Nov 28 16:27:00 2026|{finish}"
    return f"{number}|0|{stat}|anna|night|default|ap1|4*node4:4*node5|{times}|{code}|{reason}|/home/anna|out.txt|-|mc run|v2".encode()


def options(path: Path) -> Options:
    return {"command": ["sh", "-c", 'cat "$0"', str(path)], "max_mib": 1}


GOOD = [
    ("91001", "pending", line(91001, "PEND")),
    ("91002", "running", line(91002, "RUN", finish="Nov 29 16:27:00 2026 L")),
    ("91003", "held", line(91003, "PSUSP")),
    ("91004", "running", line(91004, "SSUSP")),
    ("91005", "done", line(91005, "DONE", finish="Nov 28 16:29 L")),
    ("91006", "failed", line(91006, "EXIT", "7", finish="Nov 28 16:29:00 2026 L")),
    ("91007", "failed", line(91007, "EXIT", "139", finish="Nov 28 16:29:00 2026 L")),
    ("91008", "cancelled", line(91008, "EXIT", "130", "TERM_OWNER: job killed by owner", "Nov 28 16:29:00 2026 L")),
    ("91009", "unknown", line(91009, "ZOMBI")),
]
SAMPLES = (
    TextSample(
        "bjobs",
        "lsf",
        GOOD,
        lambda number: line(30000 + number, "EXIT", "3", "TERM_MEMLIMIT: job killed after reaching limit", "Nov 28 16:29:00 2026 L"),
        options,
        waiting={"command": ["sh", "-c", "exec sleep 3600"], "timeout_s": 1.0},
    ),
)
