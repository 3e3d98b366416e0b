"""What the texts of several batch systems have in common."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Sequence

from app.diary.errors import BadSourceConfig
from app.diary.observations.observation import JobKey, Observation

SECRET_KEYS = frozenset(("env_list", "sge_o_path", "context", "job_args", "submit_cmd", "qsub_cmd"))
"""Keys whose values are not kept: variables and arguments of users may be passwords."""

IDS_AT_ONCE = 100
"""Jobs that one command is asked for."""
MOST_DAYS = 36500

_KEY = re.compile(r"([A-Za-z][\w ()/-]*):[ \t]*")
_RULE = re.compile(r"={20,}[ \t\r]*")


def without_secrets(text: str) -> str:
    """The output of `qstat -j` without the lines of secret keys, and those that go on with their values.

    A value of several lines may look like a key: the next key is where its value begins in the same column.
    """
    kept = []
    column = 0  # of the secret value; 0: there is none
    for line in text.split("\n"):
        match = _KEY.match(line)
        if _RULE.fullmatch(line) or (match and (not column or match.end() == column or match.end(1) + 2 >= column)):
            is_secret = match is not None and match[1].strip() in SECRET_KEYS
            has_value = match is not None and match.end() < len(line.rstrip())
            column = 0 if match is None or not is_secret else match.end() if has_value else 1
        if not column:
            kept.append(line)
    return "\n".join(kept)


def log_paths(folder: str, files: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """Path and kind of log files: relative paths are in the folder; none for /dev/null, "" and a path in no folder."""
    whole = ((posixpath.join(folder, path), kind) for path, kind in files if path)
    return [(path, kind) for path, kind in whole if path.startswith("/") and path != "/dev/null"]


def of_keys(found: Iterable[Observation], keys: Sequence[JobKey]) -> list[Observation]:
    """The observations of the jobs with these keys: ids come again, so the time of submission must be theirs, if they have one."""
    exact = {(key.native_id, key.submitted) for key in keys}
    any_time = {key.native_id for key in keys if not key.submitted}
    return [each for each in found if each.native_id in any_time or (each.native_id, int(each.submitted)) in exact]


def portions(ids: Sequence[str]) -> list[Sequence[str]]:
    """The ids in batches, one for each command."""
    return [ids[begin : begin + IDS_AT_ONCE] for begin in range(0, len(ids), IDS_AT_ONCE)]


def check_first_days(days: float) -> None:
    """Check the option `first_days`, how far back a first scan looks. Raises BadSourceConfig."""
    if not 0 < days <= MOST_DAYS:
        raise BadSourceConfig(f"The option first_days must be a number above 0, at most {MOST_DAYS:,}")
