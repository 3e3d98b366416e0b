"""Event logs of HTCondor."""

from __future__ import annotations

from tests.diary.contract.sample import TextSample

USAGE = "".join(
    f"\t\tUsr 0 00:00:01, Sys 0 00:00:00  -  {part} Usage\n" for part in ("Run Remote", "Run Local", "Total Remote", "Total Local")
)
BYTES = "".join(
    f"\t1415  -  {part} By Job\n" for part in ("Run Bytes Sent", "Run Bytes Received", "Total Bytes Sent", "Total Bytes Received")
)
SUBMITTED = "000 ({0}.000.000) 2026-11-28 16:26:24 Job submitted from host: <10.1.2.3:9618?addrs=10.1.2.3-9618&alias=ap>\n"
EXECUTED = "001 ({0}.000.000) 2026-11-28 16:27:00 Job executing on host: <10.1.2.4:9618>\n\tSlotName: slot1@node4\n"
HELD = "012 ({0}.000.000) 2026-11-28 16:28:00 Job was held.\n\tOut of disk\n\tCode 21 Subcode 102\n"
ABORTED = "009 ({0}.000.000) 2026-11-28 16:28:00 Job was aborted.\n\tvia condor_rm (by user anna)\n"
EVICTED = (
    "004 ({0}.000.000) 2026-11-28 16:28:00 Job was evicted.\n\t(0) CPU times\n"
    + "".join(USAGE.splitlines(True)[:2])
    + "".join(BYTES.splitlines(True)[:2])
)
ENDED = "005 ({0}.000.000) 2026-11-28 16:29:00 Job terminated.\n\t(1) Normal termination (return value {1})\n" + USAGE + BYTES
KILLED = "005 ({0}.000.000) 11/28 16:29:00 Job terminated.\n\t(0) Abnormal termination (signal {1})\n\t(0) No core file\n" + USAGE + BYTES


def life(cluster: int, *events: str, code: int = 0) -> bytes:
    """The events of a job."""
    return "...\n".join(events).format(cluster, code).removesuffix("\n").encode()


GOOD = [
    ("91001.0", "pending", life(91001, SUBMITTED)),
    ("91002.0", "running", life(91002, SUBMITTED, EXECUTED)),
    ("91003.0", "held", life(91003, SUBMITTED, EXECUTED, HELD)),
    ("91004.0", "cancelled", life(91004, SUBMITTED, ABORTED)),
    ("91005.0", "pending", life(91005, SUBMITTED, EXECUTED, EVICTED)),
    ("91006.0", "done", life(91006, SUBMITTED, EXECUTED, ENDED)),
    ("91007.0", "failed", life(91007, SUBMITTED, EXECUTED, ENDED, code=7)),
    ("91008.0", "failed", life(91008, SUBMITTED, EXECUTED, KILLED, code=11)),
]
SAMPLES = (
    TextSample(
        "condor-log",
        "htcondor-log",
        GOOD,
        lambda number: life(30000 + number, SUBMITTED, EXECUTED, ENDED, code=7),
        lambda path: {"files": [str(path)], "max_mib": 1},
        between=b"\n...\n",
        after=b"\n...\n",
        most=(1 << 20) // 75,  # bytes of the shortest event
    ),
)
