"""Documents of P5 as rows of the tables. Missing or wrong values become None or "" in the row."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from pathlib import PurePosixPath
from typing import Any, NamedTuple

from app.square.models import LUMIS_PER_PART
from app.square.values import compress, integer, json_bytes, mapping, moment, number, pack_json, sequence, text

JOB, FILES, PLAYBACK = "dqm-source-state", "dqm-files", "dqm-playback"
TYPES = {JOB, FILES, PLAYBACK, "dqm-stats", "dqm-diskspace", "dqm-release"}
"""Known types of documents."""

LUMI_S = 23.310893056
"""Length of a lumisection, s."""

MAX_LUMI_S = 3600.0

LOG_FIELDS = ("stdlog_start", "stdlog_end")
"""Fields of a document with the log texts, below `extra`."""

FILE_COLUMNS = ("lumis", "mtimes", "ctimes", "evt_processed", "evt_accepted", "fsize")
"""Arrays of a stream, with one entry per file."""

MAX_LIFETIME_S = 60 * 86400
"""An earlier start of a process is an error in its document."""

Columns = dict[str, Any]
"""Values of a row by column."""


class DocumentRows(NamedTuple):
    """The rows of one document, without their version."""

    document: Columns
    job: Columns | None
    log: Columns | None
    graph: Columns | None
    parts: dict[tuple[str, int], bytes]  # points of the graph by stream and part


def rows_of(system: str, host: str, document: dict[str, Any], rev: int, timestamp: float, now: float) -> DocumentRows:
    """The rows of a document from a host. Raises ValueError if it cannot be stored."""
    kind, run = text(document.get("type")), integer(document.get("run"))
    identity = {"system": system, "key": document["_id"]}
    extra = mapping(document.get("extra"))
    logs = {name: extra[name] for name in LOG_FIELDS if name in extra} if kind == JOB else {}
    rest = {**document, "extra": {name: value for name, value in extra.items() if name not in logs}} if logs else document
    body = json_bytes(rest)
    blob, log = compress(body), pack_json(logs) if logs else b""
    graph, parts = (_graph(identity, document, run), _parts(extra)) if kind == FILES and run is not None else (None, {})
    stored = identity | {
        "type": kind,
        "host": text(document.get("hostname")) or host,
        "run": run,
        "tag": text(document.get("tag")),
        "rev": rev,
        "timestamp": timestamp,
        "created": now,
        "received": now,
        "size": len(body),
        "body": blob,
        "bytes": len(blob) + len(log) + sum(map(len, parts.values())),
    }
    return DocumentRows(
        stored,
        _job(identity, stored, document) if kind == JOB else None,
        identity | {"received": now, "body": log} if log else None,
        graph | {"received": now} if graph else None,
        parts,
    )


def _job(identity: Columns, stored: Columns, document: dict[str, Any]) -> Columns:
    extra, command = mapping(document.get("extra")), [item for item in sequence(document.get("cmdline")) if isinstance(item, str)]
    path = command[1] if len(command) > 1 else ""
    return identity | {
        "run": stored["run"],
        "tag": stored["tag"],
        "host": stored["host"],
        "pid": integer(document.get("pid")),
        "exit_code": integer(document.get("exit_code")),
        "fi_state": integer(document.get("fi_state")),
        "lumi": integer(document.get("cmssw_lumi")),
        "events": integer(document.get("events_total")),
        "rate": number(document.get("events_rate")),
        "data_run": integer(document.get("cmssw_run")),
        "rss_kb": integer(str(mapping(extra.get("ps_info")).get("VmRSS", "")).removesuffix("kB").strip()),
        "cmssw": text(release(path)),
        "runkey": text(runkey(command)),
        "path": text(path),
        "started": _started(extra, stored["timestamp"]),
        "reported": stored["timestamp"],
        "stopped_by": None,
    }


def release(path: str) -> str:
    """The CMSSW version in the path of a configuration, as 12_4_8_39145; "" if there is none."""
    folders = [part for part in PurePosixPath(path).parts if "CMSSW_" in part]
    return folders[0].partition("CMSSW_")[2] if folders else ""


def runkey(command: Sequence[str]) -> str:
    """The run key in a command line, as cosmic_run; "" if there is none."""
    keys = [item.removeprefix("runkey=") for item in command if item.startswith("runkey=")]
    return keys[-1] if keys else ""


def _started(extra: dict[str, Any], reported: float) -> float:
    """The start of a process: its first memory measurement, otherwise its report."""
    measured = map(number, mapping(extra.get("mem_info")))
    plausible = [at for at in measured if at and reported - MAX_LIFETIME_S < at <= reported]
    return min(plausible, default=reported)


def _graph(identity: Columns, document: dict[str, Any], run: int | None) -> Columns:
    extra = mapping(document.get("extra"))
    lumi_s = number(extra.get("lumi")) or LUMI_S
    return identity | {
        "run": run,
        "host": text(document.get("hostname")),
        "tag": text(document.get("tag")),
        "global_start": moment(extra.get("global_start")),
        "source": text(extra.get("global_start_source")),
        "lumi_s": lumi_s if 0 < lumi_s < MAX_LUMI_S else LUMI_S,
    }


def _parts(extra: dict[str, Any]) -> dict[tuple[str, int], bytes]:
    """The files of each stream in parts of LUMIS_PER_PART lumisections."""
    parts: dict[tuple[str, int], dict[str, list[Any]]] = defaultdict(lambda: {name: [] for name in FILE_COLUMNS})
    for stream, columns in mapping(extra.get("streams")).items():
        lumis, *others = [sequence(mapping(columns).get(name)) for name in FILE_COLUMNS]
        for index, lumi in enumerate(map(integer, lumis)):
            if lumi is None or not 0 <= lumi < 2**31:
                continue
            part = parts[text(stream), lumi // LUMIS_PER_PART]
            part["lumis"].append(lumi)
            for name, values in zip(FILE_COLUMNS[1:], others, strict=True):
                value = values[index] if index < len(values) else None
                part[name].append(value if type(value) in (int, float) and number(value) is not None else None)
    return {key: pack_json(points) for key, points in parts.items()}
