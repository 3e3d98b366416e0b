"""What `squeue` and `sacct` print of jobs, as observations.

Fields are apart by the unit separator, and each line of `squeue` begins with the record separator, since names of jobs
may have any other character, also the end of a line. Times are Unix s.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from app.core.text import one_line
from app.diary import states
from app.diary.errors import CommandFailed
from app.diary.observations.observation import Observation, ParentKey
from app.diary.sources.batch_fields import log_paths
from app.diary.sources.command import SHOWN_CHARS
from app.diary.sources.task_numbers import MOST_TASKS, task_numbers

FIELD, RECORD = "\x1f", "\x1e"
SQUEUE = {
    "JobID": "%i",
    "JobName": "%j",
    "User": "%u",
    "Account": "%a",
    "Partition": "%P",
    "State": "%T",
    "Submit": "%V",
    "Start": "%S",
    "End": "%e",
    "NodeList": "%N",
    "WorkDir": "%Z",
    "Reason": "%r",
    "Dependency": "%E",
    "Comment": "%k",
}
SACCT = (
    *("JobID", "JobName", "User", "Account", "Partition", "State", "ExitCode", "Submit", "Start", "End", "NodeList", "WorkDir"),
    *("Reason", "ElapsedRaw", "NCPUS", "Comment"),
)
ENDED = "BF,CA,CD,DL,F,NF,OOM,PR,RQ,RV,TO"
"""The states of ended jobs, for `sacct -s`; a requeued one has ended, too, and begins again as another record."""

STATES = {
    **dict.fromkeys(("PENDING", "CONFIGURING", "REQUEUED", "REQUEUE_FED", "POWER_UP_NODE", "EXPEDITING"), states.PENDING),
    **dict.fromkeys(("REQUEUE_HOLD", "RESV_DEL_HOLD", "SPECIAL_EXIT"), states.HELD),
    **dict.fromkeys(("RUNNING", "COMPLETING", "SUSPENDED", "RESIZING", "SIGNALING", "STAGE_OUT", "STOPPED"), states.RUNNING),
    "COMPLETED": states.DONE,
    **dict.fromkeys(("FAILED", "NODE_FAIL", "OUT_OF_MEMORY", "TIMEOUT", "BOOT_FAIL", "DEADLINE", "LAUNCH_FAILED"), states.FAILED),
    **dict.fromkeys(("CANCELLED", "REVOKED", "PREEMPTED"), states.CANCELLED),
}
LAST_SIGNAL = 31
"""Larger ones are marks of Slurm itself: 53 is a job that could not be started, 125 one without memory."""
HELD_REASONS = ("JobHeld", "DependencyNeverSatisfied", "BadConstraints")
"""Beginnings of the reasons for which a waiting job does not start by itself."""

_NOTHING = ("", "(null)", "None", "NONE", "N/A", "Unknown", "None assigned")
_ID = re.compile(r"(\d+)(?:_(\d+)|_\[([^\]]*)\])?(?:\+\d+)?")
_SPECIFIER = re.compile(r"%(\d?)(.)", re.DOTALL)
_PARENT = re.compile(r":(\d+(?:_\d+)?)")
_BEGIN = re.compile(r"\d+[^\x1f\n]*\x1f")

Record = Mapping[str, str]


def squeue_records(text: str) -> tuple[list[Record], list[tuple[str, str]]]:
    """The jobs that `squeue` printed, and text and reason of each record that is not whole.

    Raises CommandFailed when there is something, but no record.
    """
    _check_frame("squeue", text, RECORD)
    before = text.partition(RECORD)[0].strip()
    records: list[str] = [before] if before else []
    for part in text.split(RECORD)[1:]:
        fields = part.split(FIELD)
        is_followed = len(fields) > len(SQUEUE) and fields[len(SQUEUE)][:1] in ("", "\n")  # by what belongs to no record
        whole = [*fields[: len(SQUEUE)], ""] if is_followed else fields
        records.append(FIELD.join(whole))
        if rest := FIELD.join(fields[len(whole) - 1 :]).strip("\n") if is_followed else "":
            records.append(rest)
    return _records(records, (*SQUEUE, "end"))


def sacct_records(text: str) -> tuple[list[Record], list[tuple[str, str]]]:
    """The same of what `sacct` printed."""
    _check_frame("sacct", text, FIELD)
    records: list[list[str]] = []  # lines
    separators = 0  # of the last one
    for line in text.removesuffix("\n").split("\n"):
        is_of_last = records and not _BEGIN.match(line) and not (FIELD in line and separators == len(SACCT) - 1)
        if is_of_last:  # the name of a job has several lines
            records[-1].append(line)
            separators += line.count(FIELD)
        elif line:
            records.append([line])
            separators = line.count(FIELD)
    return _records(["\n".join(lines) for lines in records], SACCT)


def _check_frame(program: str, text: str, mark: str) -> None:
    """Words of an error with exit code 0 are no empty queue."""
    if text.strip() and mark not in text:
        raise CommandFailed(program, f"It printed no jobs: {one_line(text)[:SHOWN_CHARS]}")


def _records(texts: list[str], names: tuple[str, ...]) -> tuple[list[Record], list[tuple[str, str]]]:
    found: list[Record] = []
    bad = []
    for text in texts:
        values = text.split(FIELD)
        if len(values) == len(names):
            found.append(dict(zip(names, values, strict=True)))
        else:
            bad.append((text, f"It has {len(values)} fields, not {len(names)}"))
    return found, bad


def is_id(text: str) -> bool:
    """Whether a text is the id of one job."""
    match = _ID.fullmatch(text)
    return match is not None and match[3] is None


def task_ids(text: str, most: int = MOST_TASKS) -> list[str]:
    """The ids of the jobs that a JobID stands for: `6_[1-3%2]` for those of the waiting tasks 6_1, 6_2 and 6_3.

    Raises ValueError for another text, or more tasks.
    """
    match = _ID.fullmatch(text)
    if not match:
        raise ValueError("JobID is not a job id such as 6 or 6_1")
    array, _, tasks = match.groups()
    return [text] if tasks is None else [f"{array}_{task}" for task in task_numbers(tasks.partition("%")[0], most)]


def observation(record: Record, native_id: str, seen: float, source: str) -> Observation:
    """A record as an observation. Raises ValueError for one that cannot be used."""
    word = record["State"].split(" ")[0].rstrip("+")
    reason = _text(record["Reason"])
    state = STATES.get(word, states.UNKNOWN)
    if state == states.PENDING and (reason.startswith(HELD_REASONS) or "held" in reason):
        state = states.HELD
    has_started = state not in (states.PENDING, states.HELD)  # else Start is when it may
    has_ended = state in (states.DONE, states.FAILED, states.CANCELLED)
    has_run = not (state == states.CANCELLED and record.get("ElapsedRaw", "0") == "0")
    code, signal = _exit_code(record.get("ExitCode", ""), word) if has_ended and has_run else (None, None)
    labels = {"host": _text(record["NodeList"]), "queue": _text(record["Partition"])}
    numbers = {"elapsed_s": record.get("ElapsedRaw", ""), "cpus": record.get("NCPUS", "")}
    return Observation(
        native_id=native_id,
        seen=seen,
        state=state,
        submitted=_time(record["Submit"]) or 0,
        kind="batch",
        name=_text(record["JobName"]),
        user=_text(record["User"]),
        project=_text(record["Account"]),
        exit_code=code,
        signal=signal,
        reason=_ended_reason(record, word) if has_ended else reason,
        started=_time(record["Start"]) if has_started and has_run else None,
        ended=_time(record["End"]) if has_ended else None,
        workdir=_text(record["WorkDir"]),
        labels={name: value for name, value in labels.items() if value},
        metrics={name: float(value) for name, value in numbers.items() if value.isdigit() and has_ended},
        parents=[ParentKey(source, each) for each in dict.fromkeys(_PARENT.findall(record.get("Dependency", "")))],
        facts={name: value for name, value in record.items() if value not in _NOTHING and name != "end"},
    )


def log_files(patterns: Iterable[str], job: Observation, number: str) -> list[tuple[str, str]]:
    """The log files of a job, by the file name patterns of `sbatch`, which Slurm shows as they were given.

    Args:
        patterns: Of its output and its errors. One that needs more than is known here gives no file.
        job: Its observation.
        number: Its number without array and task, `%j`.
    """
    array, _, task = job.native_id.partition("_")
    host = (job.labels or {}).get("host", "").partition(".")[0]
    known = {"A": array, "a": task, "j": number, "u": job.user, "x": job.name, "N": host, "%": "%"}
    files = {}
    for pattern in patterns:
        parts = _SPECIFIER.split(pattern)  # text, width, letter, text, ...
        values = [known.get(letter) for letter in parts[2::3]]
        if all(values):
            shown = [(value or "").zfill(int(width or 0)) for value, width in zip(values, parts[1::3], strict=True)]
            files["".join(text + value for text, value in zip(parts[::3], [*shown, ""], strict=True))] = "file"
    return log_paths("", files.items())


def _exit_code(text: str, word: str) -> tuple[int | None, int | None]:
    """Exit code and signal; a job that was ended from outside has the code 0, too, which is not its own."""
    code, _, signal = text.partition(":")
    if signal.strip("0"):
        return None, int(signal) if int(signal) <= LAST_SIGNAL else None
    return int(code) if code and (word in ("COMPLETED", "FAILED") or code.strip("0")) else None, None


def _ended_reason(record: Record, word: str) -> str:
    """Details of an ended job beyond done or failed."""
    code = record.get("ExitCode", "")
    is_odd = int(code.partition(":")[2] or 0) > LAST_SIGNAL
    words = ["" if word in ("COMPLETED", "FAILED") else record["State"], f"ExitCode {code}" if is_odd else ""]
    return ", ".join(filter(None, words))


def _text(value: str) -> str:
    return "" if value in _NOTHING else value


def _time(value: str) -> float | None:
    return None if value in _NOTHING else float(value)
