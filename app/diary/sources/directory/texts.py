"""What is in submission logs and READMEs. Any text is read; what is not in it is unknown."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from app.diary.observations.checks import ID_CHARS, LAST_TIME
from app.diary.sources.directory.config import TIMES, ReadmeRules, SubmissionRules


@dataclass
class SubmissionLog:
    """A submission log."""

    native_id: str
    folder: str
    submitted: float  # Unix s UTC; 0: unknown
    user: str | None
    name: str | None
    facts: dict[str, str]


@dataclass
class ReadmeFacts:
    """The content of a README, and its unusable parts."""

    values: dict[str, Any] = field(default_factory=dict)  # fields of an observation
    labels: dict[str, str] = field(default_factory=dict)
    facts: dict[str, str] = field(default_factory=dict)
    parents: list[str] = field(default_factory=list)  # ids
    problems: list[str] = field(default_factory=list)


def lines_of(text: str) -> list[str]:
    """The lines of a text; `splitlines` would also split at letters that paths and notes may have."""
    return [line.rstrip("\r") for line in text.split("\n")]


def unix_time(text: str, form: str, zone: ZoneInfo) -> float | None:
    """A time as Unix s UTC; one without a zone is in this one. None: not a time."""
    try:
        found = datetime.strptime(text, form)
        at = (found if found.tzinfo else found.replace(tzinfo=zone)).timestamp()
    except (ValueError, OverflowError, OSError):
        return None
    return at if 0 <= at < LAST_TIME else None


def read_submission_log(text: str, rules: SubmissionRules, zone: ZoneInfo) -> SubmissionLog | None:
    """The content of the output of `qstat -j` at submission; None without id or folder. Indented lines continue others."""
    facts: dict[str, str] = {}
    for line in lines_of(text):
        key, colon, value = line.partition(":")
        if colon and not key[:1].isspace():
            facts.setdefault(key.strip(), value.strip())  # only the first: a value may have a colon
    native_id, folder = facts.get(rules.id, ""), facts.get(rules.workdir, "")
    if not native_id or not folder.startswith("/"):
        return None
    submitted = unix_time(facts.get(rules.submitted, ""), rules.submitted_format, zone) or 0.0
    return SubmissionLog(native_id, folder, submitted, facts.get(rules.user), facts.get(rules.name), facts)


def read_readme(text: str, rules: ReadmeRules, zone: ZoneInfo) -> ReadmeFacts:
    """The content of a README. A key is found anywhere in a line outside the free text; later lines win."""
    lines, free = _without_free_text(lines_of(text), rules)
    found = ReadmeFacts()
    for name, key in rules.keys.items():
        value = _last(lines, key)
        if value is None:
            continue
        if name == "parents":
            found.parents = [each for each in re.findall(r"\d+", value) if len(each) <= ID_CHARS]
        elif name not in TIMES:
            found.values[name] = value
        elif (at := unix_time(value, rules.time_format, zone)) is not None:
            found.values[name] = at
        else:
            found.problems.append(f"{key} {value} is no time of the form {rules.time_format}")
        found.facts[key.strip(" :")] = value
    found.labels = _named(lines, rules.labels)
    found.facts |= _named(lines, rules.facts) | ({"information": free} if free else {})
    return found


def _last(lines: list[str], key: str) -> str | None:
    found = [line.partition(key)[2].strip() for line in lines if key in line]
    return found[-1] if found else None


def _named(lines: list[str], keys: Mapping[str, str]) -> dict[str, str]:
    found = {name: _last(lines, key) for name, key in keys.items()}
    return {name: value for name, value in found.items() if value}


def _without_free_text(lines: list[str], rules: ReadmeRules) -> tuple[list[str], str]:
    """The lines outside the free text, and the free text, which has no keys; a text without an end does not count."""
    begin = next((at for at, line in enumerate(lines) if rules.text_begin and rules.text_begin in line), None)
    end = next((at for at, line in enumerate(lines) if begin is not None and at > begin and rules.text_end in line), None)
    if begin is None or end is None:
        return lines, ""
    return lines[: begin + 1] + lines[end:], "\n".join(lines[begin + 1 : end]).rstrip()
