"""Documents of hosts instead of jobs: memory, disks, delivered files, the playback player."""

from __future__ import annotations

from typing import Any

from .runs import LUMI_S, Run
from .store import Document

GB = 1 << 30


def stats(host: str, pid: int, now: float) -> Document:
    """dqm-stats: memory of a host, and the last log lines of its applets."""
    total, used = 252 * GB, int((40 + now % 977 / 977 * 30) * GB)
    lines = [f"[{int(now)}] fff_web: Accepted 31 document(s) from input connection: 127.0.0.1\n"]
    return {
        "sequence": int(now / 75) % 100000,
        "hostname": host,
        "extra": {
            "loggers": {"fff_web": lines, "fff_selftest": []},
            "meminfo": {"MemTotal": total // 1024, "MemFree": (total - used) // 1024},
        },
        "pid": pid,
        "_id": f"dqm-stats-{host}",
        "type": "dqm-stats",
        "timestamp": now,
        "memory_used": used,
        "memory_free": total - used,
        "memory_total": total,
    }


def diskspace(host: str, pid: int, now: float, name: str) -> Document:
    """dqm-diskspace: the disk that a deleter monitors."""
    total, used = 256 * GB, int((100 + now % 1801 / 1801 * 40) * GB)
    tag = f"fff_deleter_{name}_{'_'.join(host.split('-')[1:])}"
    return {
        "sequence": int(now / 30) % 100000,
        "disk_used": used,
        "disk_free": total - used,
        "disk_total": total,
        "hostname": host,
        "tag": tag,
        "extra": {"file_count": used // (40 << 20), "thresholds": {"rename": 60, "delete": 80}},
        "pid": pid,
        "_id": f"dqm-diskspace-{host}-{tag}",
        "type": "dqm-diskspace",
    }


def files(host: str, pid: int, run: Run, now: float) -> Document:
    """dqm-files: delivered files of a run. It has no timestamp; the web server adds the time of the upload."""
    extra = {"streams": run.files(now), "global_start": run.started, "global_start_source": "global_file", "lumi": LUMI_S}
    id = f"dqm-files-{host}-analyze_files-run{run.number}"
    head = {"sequence": 0, "hostname": host, "tag": "analyze_files", "run": run.number, "extra": extra}
    return {**head, "pid": pid, "_id": id, "type": "dqm-files"}


def playback(host: str, pid: int, run: Run, config: dict[str, Any], socket: str) -> Document:
    """dqm-playback: state of the player, and the files of each stream."""
    names = [stream.removesuffix(f"_{run.merger}").removeprefix("stream") for stream in run.streams]
    lumis = range(1, max(run.last_lumi, 1) + 1)
    found = {
        name: {"lumi_files": [[f"run{run.source}_ls{lumi:04d}_stream{name}_{run.merger}.jsn", run.merger] for lumi in lumis]}
        for name in names
    }
    path = f"{config['source']}run{run.source}_ls{run.last_lumi:04d}"
    document: Document = {"state": "eor" if run.ended else "running", "config": dict(config), "socket_name": socket}
    if run.last_lumi:
        document["ls"] = run.last_lumi
    document["extra"] = {"ls_map": {name: f"{path}_stream{name}_{run.merger}.jsn" for name in names}, "streams_found": found}
    tag = "applets.fff_simulator"
    document |= {"sequence": 0, "hostname": host, "tag": tag, "run": run.number, "pid": pid, "type": "dqm-playback"}
    return document | {"_id": f"dqm-playback-{host}-{tag}-run{run.number}"}
