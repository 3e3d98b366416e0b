"""Documents of DQM^2 as rows of our tables. Nothing in a document is trusted to be there or of its type: what is not, is None or "" in the row."""

from __future__ import annotations

import json
import math
import re
from collections import defaultdict
from collections.abc import Sequence
from pathlib import PurePosixPath
from typing import Any, NamedTuple

import zstandard

from app.square.models import LUMIS_PER_PART

JOB, FILES, PLAYBACK = "dqm-source-state", "dqm-files", "dqm-playback"
TYPES = {JOB, FILES, PLAYBACK, "dqm-stats", "dqm-diskspace", "dqm-release"}
LUMI_S = 23.310893056
"""Length of a lumisection."""
LONGEST_LUMI_S = 3600.0
LOG_TEXTS = ("stdlog_start", "stdlog_end")
ARRAYS = ("lumis", "mtimes", "ctimes", "evt_processed", "evt_accepted", "fsize")
LONGEST, LONGEST_BYTES = 500, 1000
"""Characters of a text that is a column, and its bytes as UTF-8: two of them in an index are about what PostgreSQL takes."""
LONGEST_LIFE_S = 60 * 86400
LAST_TIME = 1e11
"""Greater ones are no Unix times."""

MOST_BYTES = 64 << 20
"""Of JSON; a larger document is none that anybody could look at."""

_BAD = re.compile("[\0\ud800-\udfff]")

Row = dict[str, Any]


class Rows(NamedTuple):
    """What is stored of one document; parts: points of each stream by number of the part, compressed."""

    document: Row
    job: Row | None
    log: Row | None
    graph: Row | None
    parts: dict[tuple[str, int], bytes]


def integer(value: Any) -> int | None:
    """A whole number of 63 bits, also as text; else None."""
    try:
        number = int(value) if isinstance(value, int | str) and len(str(value)) < 20 else None
    except ValueError:
        return None
    return number if number is not None and -(2**63) <= number < 2**63 else None


def number(value: Any) -> float | None:
    """A finite number, also as text; else None."""
    try:
        found = float(value) if isinstance(value, int | float | str) else math.nan
    except (ValueError, OverflowError):
        return None
    return found if math.isfinite(found) else None


def moment(value: Any) -> float | None:
    """A time of the calendar as Unix s, also as text; else None."""
    found = number(value)
    return found if found is not None and abs(found) < LAST_TIME else None


def text(value: Any) -> str:
    """A text that every database takes and indexes, cut at LONGEST; "" for what is none."""
    if not isinstance(value, str):
        return ""
    cut = _BAD.sub("\ufffd", value[:LONGEST])
    return cut if cut.isascii() else cut.encode()[:LONGEST_BYTES].decode(errors="ignore")


def mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def sequence(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def packed(value: Any) -> bytes:
    """A JSON value, compressed."""
    return zstandard.compress(json_of(value), 3)


def json_of(value: Any) -> bytes:
    """A value as JSON; ValueError when that is larger than MOST_BYTES."""
    try:
        found = json.dumps(value, separators=(",", ":"), allow_nan=False).encode()
    except ValueError:  # 1e999 is a number of JSON, but none of ours
        found = json.dumps(_finite(value), separators=(",", ":")).encode()
    if len(found) > MOST_BYTES:
        raise ValueError(f"it is larger than {MOST_BYTES >> 20} MB")
    return found


def _finite(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _finite(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_finite(item) for item in value]
    return str(value) if isinstance(value, float) and not math.isfinite(value) else value


def rows_of(system: str, host: str, document: dict[str, Any], rev: int, timestamp: float, now: float) -> Rows:
    """The rows of a document that came from a host, all but their version. ValueError when it cannot be stored."""
    key, kind, run = document["_id"], text(document.get("type")), integer(document.get("run"))
    ours = {"system": system, "key": key}
    extra = mapping(document.get("extra"))
    texts = {name: extra[name] for name in LOG_TEXTS if name in extra} if kind == JOB else {}
    rest = {**document, "extra": {name: value for name, value in extra.items() if name not in texts}} if texts else document
    body = json_of(rest)
    blob, log = zstandard.compress(body, 3), packed(texts) if texts else b""
    graph, parts = (_graph(ours, document, run), _parts(extra)) if kind == FILES and run is not None else (None, {})
    stored = ours | {
        "type": kind, "host": text(document.get("hostname")) or host, "run": run, "tag": text(document.get("tag")), "rev": rev,
        "timestamp": timestamp, "created": now, "received": now, "size": len(body), "body": blob,
        "bytes": len(blob) + len(log) + sum(map(len, parts.values())),
    }  # fmt: skip
    return Rows(
        stored,
        _job(ours, stored, document) if kind == JOB else None,
        ours | {"received": now, "body": log} if log else None,
        graph | {"received": now} if graph else None,
        parts,
    )


def _job(ours: Row, stored: Row, document: dict[str, Any]) -> Row:
    extra, command = mapping(document.get("extra")), [item for item in sequence(document.get("cmdline")) if isinstance(item, str)]
    path = command[1] if len(command) > 1 else ""
    return ours | {
        "run": stored["run"], "tag": stored["tag"], "host": stored["host"], "pid": integer(document.get("pid")),
        "exit_code": integer(document.get("exit_code")), "fi_state": integer(document.get("fi_state")),
        "lumi": integer(document.get("cmssw_lumi")), "events": integer(document.get("events_total")),
        "rate": number(document.get("events_rate")), "data_run": integer(document.get("cmssw_run")),
        "rss_kb": integer(str(mapping(extra.get("ps_info")).get("VmRSS", "")).removesuffix("kB").strip()),
        "cmssw": text(release(path)), "runkey": text(runkey(command)), "path": text(path),
        "started": _started(extra, stored["timestamp"]), "reported": stored["timestamp"],
    }  # fmt: skip


def release(path: str) -> str:
    """The CMSSW version in the path of a configuration, as 12_4_8_39145; "" for a path outside of any."""
    folders = [part for part in PurePosixPath(path).parts if "CMSSW_" in part]
    return folders[0].partition("CMSSW_")[2] if folders else ""


def runkey(command: Sequence[str]) -> str:
    """The run key in a command line, as cosmic_run."""
    keys = [item.removeprefix("runkey=") for item in command if item.startswith("runkey=")]
    return keys[-1] if keys else ""


def _started(extra: dict[str, Any], reported: float) -> float:
    """When a process began, by the first time that its memory was looked at; else when it reported."""
    looks = [moment for moment in map(number, mapping(extra.get("mem_info"))) if moment and reported - LONGEST_LIFE_S < moment <= reported]
    return min(looks, default=reported)


def _graph(ours: Row, document: dict[str, Any], run: int | None) -> Row:
    extra = mapping(document.get("extra"))
    lumi_s = number(extra.get("lumi")) or LUMI_S
    return ours | {
        "run": run, "host": text(document.get("hostname")), "tag": text(document.get("tag")),
        "global_start": moment(extra.get("global_start")), "source": text(extra.get("global_start_source")),
        "lumi_s": lumi_s if 0 < lumi_s < LONGEST_LUMI_S else LUMI_S,
    }  # fmt: skip


def _parts(extra: dict[str, Any]) -> dict[tuple[str, int], bytes]:
    """The files of each stream, in parts of LUMIS_PER_PART lumisections."""
    parts: dict[tuple[str, int], dict[str, list[Any]]] = defaultdict(lambda: {name: [] for name in ARRAYS})
    for stream, given in mapping(extra.get("streams")).items():
        arrays = [sequence(mapping(given).get(name)) for name in ARRAYS]
        for index, lumi in enumerate(map(integer, arrays[0])):
            if lumi is None or not 0 <= lumi < 2**31:
                continue
            part = parts[text(stream), lumi // LUMIS_PER_PART]
            part["lumis"].append(lumi)
            for name, values in zip(ARRAYS[1:], arrays[1:], strict=True):
                value = values[index] if index < len(values) else None
                part[name].append(value if type(value) in (int, float) and number(value) is not None else None)
    return {place: packed(points) for place, points in parts.items()}
