"""The configuration of a directory source: rules for names of entries, and the places and forms of logs and READMEs."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from zoneinfo import ZoneInfo

from app.diary.errors import BadSourceConfig
from app.diary.sources.source import read_options
from app.diary.states import STATES

TEXTS = ("name", "user", "project", "kind", "reason")
TIMES = ("submitted", "started", "ended")
README_FIELDS = (*TEXTS, *TIMES, "parents")
_NAME = re.compile(r"\{(\w*)\}")


@dataclass(frozen=True)
class RuleOptions:
    """The options of a rule, as TOML has them."""

    state: str
    pattern: str
    folder: str = ""
    job_dir: str = "{folder}/{entry}"
    first_line: str = ""
    only_directories: bool = False
    needs_job_dir: bool = True


@dataclass(frozen=True)
class Rule:
    """A rule: an entry whose name has this form is a trace of the job whose id is in it.

    Attributes:
        state: State of the job.
        pattern: Form of the whole name, with the group `id`.
        folder: Where the entries are; "": where the job was submitted.
        job_dir: Template of the directory of the job, of the groups, `folder` and `entry`.
        first_line: Form of the first line of the entry, whose groups are for `job_dir`, too.
        only_directories: Other entries are not traces.
        needs_job_dir: Without its directory the job is not there.
        labels: Groups of the name that are labels.
    """

    state: str
    pattern: re.Pattern[str]
    folder: str
    job_dir: str
    first_line: re.Pattern[str] | None
    only_directories: bool
    needs_job_dir: bool
    labels: tuple[str, ...]

    def id_of(self, entry: str) -> str | None:
        """The id in the name of an entry. Digits beside it would be of another id: 123 is not in 1234567."""
        found = self.pattern.fullmatch(entry)
        if found is None or not (native_id := found["id"]):
            return None
        before, after = entry[: found.start("id")][-1:], entry[found.end("id") :][:1]
        is_cut = (native_id[0].isdigit() and before.isdigit()) or (native_id[-1].isdigit() and after.isdigit())
        return None if is_cut else native_id

    def groups_of(self, entry: str) -> dict[str, str]:
        """The groups of the name of an entry."""
        found = self.pattern.fullmatch(entry)
        return {name: value or "" for name, value in found.groupdict().items()} if found else {}

    def job_dir_of(self, names: Mapping[str, str]) -> str:
        """The directory of a job."""
        return os.path.join(names["folder"], _NAME.sub(lambda name: names.get(name[1], ""), self.job_dir))


@dataclass(frozen=True)
class SubmissionRules:
    """Logs of submissions: their folder and names, and the keys of their lines `key: value`."""

    folder: str
    pattern: str = r".+\.log"
    encoding: str = "utf-8"
    id: str = "job_number"
    workdir: str = "sge_o_workdir"
    submitted: str = "submission_time"
    submitted_format: str = "%a %b %d %H:%M:%S %Y"
    user: str = "owner"
    name: str = "job_name"


@dataclass(frozen=True)
class ReadmeOptions:
    """The options of READMEs other than their tables."""

    pattern: str
    encoding: str = "utf-8"
    time_format: str = "%Y-%m-%d %H:%M:%S"
    text_begin: str = ""
    text_end: str = ""


@dataclass(frozen=True)
class ReadmeRules(ReadmeOptions):
    """READMEs: their names, and what stands before the values of fields, labels and other facts."""

    keys: Mapping[str, str] = field(default_factory=dict)
    labels: Mapping[str, str] = field(default_factory=dict)
    facts: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class CommonOptions:
    """The options of the source other than its tables."""

    period_s: float = 10.0
    zone: str = "UTC"
    job_kind: str = "batch"
    project: str = ""
    logs: str = ""
    follow_days: float = 30.0
    complete_s: float = 60.0


@dataclass(frozen=True)
class DirectoryConfig:
    """The configuration of a directory source.

    Attributes:
        zone: Of times without one.
        project: Form of the path of a submission, with the group `project`; None: projects are not in paths.
        logs: Form of the names of logs in the directory of a job; None: none are searched.
        follow_s: Jobs that ended or vanished so long ago are not followed any more.
        complete_s: Pause between two scans that show all unfinished jobs, also the unchanged ones.
    """

    period_s: float
    zone: ZoneInfo
    job_kind: str
    project: re.Pattern[str] | None
    logs: re.Pattern[str] | None
    follow_s: float
    complete_s: float
    rules: tuple[Rule, ...]
    submissions: SubmissionRules | None
    readme: ReadmeRules | None

    def project_of(self, path: str) -> str | None:
        """The project of a job that was submitted here; None: unknown."""
        found = self.project.fullmatch(path) if self.project else None
        return found["project"] if found else None


def read_config(options: Mapping[str, Any]) -> DirectoryConfig:
    """The configuration from the options of a TOML file. Raises BadSourceConfig."""
    tables = {"rules": [], "submissions": None, "readme": None} | dict(options)
    rules, submissions, readme = (tables.pop(name) for name in ("rules", "submissions", "readme"))
    common = read_options(CommonOptions, tables)
    if not isinstance(rules, list) or not rules:
        raise BadSourceConfig("There must be [[rules]]")
    if not 0 < common.follow_days <= 36500 or not 0 <= common.complete_s <= 86400:  # also NaN
        raise BadSourceConfig("follow_days must be a number above 0, complete_s one from 0 to 86400")
    config = DirectoryConfig(
        period_s=common.period_s,
        zone=_zone(common.zone),
        job_kind=common.job_kind,
        project=_form("project", common.project, "project") if common.project else None,
        logs=_form("logs", common.logs) if common.logs else None,
        follow_s=common.follow_days * 86400,
        complete_s=common.complete_s,
        rules=tuple(_rule(f"rules {number}", table) for number, table in enumerate(rules, 1)),
        submissions=None if submissions is None else _submissions(submissions),
        readme=None if readme is None else _readme(readme),
    )
    if any(bool(rule.folder) == (submissions is not None) for rule in config.rules):
        raise BadSourceConfig("Without [submissions] each rule must have a folder; with [submissions] none may have one")
    return config


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ValueError, OSError, KeyError) as error:  # whatever the name is: a path, a folder, unknown
        raise BadSourceConfig(f"Unknown time zone {name!r}") from error


def _form(place: str, text: str, *groups: str) -> re.Pattern[str]:
    """A regular expression with these groups."""
    try:
        found = re.compile(text)
    except (re.error, RecursionError, OverflowError) as error:
        raise BadSourceConfig(f"{place}: {text!r} is no regular expression: {error}") from error
    if missing := [name for name in groups if name not in found.groupindex]:
        raise BadSourceConfig(f"{place}: {text!r} has no group (?P<{missing[0]}>...)")
    return found


def _options(place: str, kind: type[Any], table: object) -> Any:
    if not isinstance(table, Mapping):
        raise BadSourceConfig(f"{place} must be a table")
    try:
        return read_options(kind, table)
    except BadSourceConfig as error:
        raise BadSourceConfig(f"{place}: {error}") from error


def _rule(place: str, table: object) -> Rule:
    options: RuleOptions = _options(place, RuleOptions, table)
    if options.state not in STATES:
        raise BadSourceConfig(f"{place}: The option state must be one of {', '.join(STATES)}")
    if options.folder and not os.path.isabs(options.folder):
        raise BadSourceConfig(f"{place}: The option folder must begin with /")
    pattern = _form(f"{place}: pattern", options.pattern, "id")
    first_line = _form(f"{place}: first_line", options.first_line) if options.first_line else None
    names = {"folder", "entry", *pattern.groupindex, *(first_line.groupindex if first_line else ())}
    used = set(_NAME.findall(options.job_dir))
    if unknown := sorted(used - names):
        raise BadSourceConfig(f"{place}: job_dir has {{{unknown[0]}}}; names: {', '.join(sorted(names))}")
    labels = tuple(sorted(pattern.groupindex.keys() - used - {"id"}))
    return Rule(
        options.state, pattern, options.folder, options.job_dir, first_line, options.only_directories, options.needs_job_dir, labels
    )


def _submissions(table: object) -> SubmissionRules:
    options: SubmissionRules = _options("submissions", SubmissionRules, table)
    if not os.path.isabs(options.folder):
        raise BadSourceConfig("submissions: The option folder must begin with /")
    _form("submissions: pattern", options.pattern)
    _check_encoding("submissions", options.encoding)
    return options


def _readme(table: object) -> ReadmeRules:
    if not isinstance(table, Mapping):
        raise BadSourceConfig("readme must be a table")
    plain = {name: value for name, value in table.items() if name not in ("keys", "labels", "facts")}
    options: ReadmeOptions = _options("readme", ReadmeOptions, plain)
    keys, labels, facts = (_texts(f"readme.{name}", table.get(name, {})) for name in ("keys", "labels", "facts"))
    if unknown := sorted(keys.keys() - set(README_FIELDS)):
        raise BadSourceConfig(f"readme.keys: Unknown field {unknown[0]}; fields: {', '.join(README_FIELDS)}")
    _form("readme: pattern", options.pattern)
    _check_encoding("readme", options.encoding)
    return ReadmeRules(**vars(options), keys=keys, labels=labels, facts=facts)


def _texts(place: str, table: object) -> dict[str, str]:
    if not isinstance(table, Mapping) or not all(isinstance(value, str) and value for value in table.values()):
        raise BadSourceConfig(f"{place} must be a table of texts")
    return dict(table)


def _check_encoding(place: str, name: str) -> None:
    try:
        b"x".decode(name, "replace")
    except (LookupError, ValueError) as error:
        raise BadSourceConfig(f"{place}: Unknown encoding {name!r}") from error
