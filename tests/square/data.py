"""The jobs and files of the real runs 358788, 358791 and 358792 in the tables, as if they were reported today."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import zstandard

from app.core.counters import VersionCounter, advance
from app.core.database import proxy
from app.square.models import LUMIS_PER_PART, Document, Graph, GraphPart, Host, HostStatus, Job, Log, Run
from app.square.upserts import upsert

SYSTEM = "production"


COMPRESSOR = zstandard.ZstdCompressor()


def pack_json(value: Any) -> bytes:
    return COMPRESSOR.compress(json.dumps(value).encode())


def whole(value: str) -> int | None:
    """A number of the old database, where -1 means not reported."""
    return None if int(value) == -1 else int(value)


def insert(row: Any) -> None:
    """Insert a new row many times faster than `create`, which writes its SQL again for each."""
    upsert(type(row), [dict.fromkeys(row._meta.sorted_field_names) | row.__data__], row.version)


def job(row: dict[str, Any], version: int, **change: Any) -> None:
    """The row of a job, its document and log, by a row of the original mirror; change: other values of the row."""
    lines = {name: row[name] for name in ("stdlog_start", "stdlog_end")}
    path, reported = row["client_path"], float(row["timestamp_epoch"])
    values = {
        "system": SYSTEM,
        "key": row["id"],
        "run": row["run"],
        "tag": row["client"],
        "host": row["hostname"],
        "pid": int(row["id"].rpartition("pid")[2]),
        "exit_code": whole(row["exit_code"]),
        "fi_state": int(row["fi_state"]),
        "lumi": whole(row["cmssw_lumi"]),
        "events": whole(row["events_total"]),
        "data_run": whole(row["cmssw_run"]),
        "rate": None if float(row["events_rate"]) < 0 else float(row["events_rate"]),
        "rss_kb": int(row["vmrss"].split()[0]),
        "cmssw": path.split("/")[4].partition("CMSSW_")[2],
        "runkey": row["runkey"].removeprefix("runkey="),
        "path": path,
        "started": reported - 60,
        "reported": reported,
        "version": version,
        **change,
    }
    insert(Job(**values))
    insert(Log(system=values["system"], key=values["key"], received=time.time(), body=pack_json(lines), version=version))
    document(values["key"], body_of(values, row), values, version)


def body_of(values: dict[str, Any], row: dict[str, Any]) -> dict[str, Any]:
    """The document of a job; fields that the original mirror discarded are reconstructed."""
    at = values["reported"]
    return {
        "_id": values["key"],
        "type": "dqm-source-state",
        "hostname": values["host"],
        "tag": values["tag"],
        "run": values["run"],
        "cmdline": ["cmsRun", values["path"], "runInputDir=/fff/BU0/ramdisk", f"runNumber={values['run']}", row["runkey"]],
        "extra": {
            "ps_info": {"VmRSS": row["vmrss"], "Name": "cmsRun"},
            "mem_info": {str(at - 40): "200000 130000 30000 1 0 120000 0", str(at - 10): "210000 135000 30000 1 0 120000 0"},
            "lumi_seen": {
                "lumi000001": "close: ok",
                "lumi000002": "close: eof",
                "lumi000003": "skipped: timeout",
                "lumi000004": "open: file iterator",
            },
            "lumi_stats": {
                str(at - 40): {"n": "1", "nevents": "12", "nmillis": "23310", "rate": "0.51"},
                str(at - 10): {"n": "2", "nevents": "30", "nmillis": "23310", "rate": "1.29"},
            },
        },
    }


def document(key: str, body: Any, values: dict[str, Any], version: int) -> None:
    made = {"system": values["system"], "key": key, "type": "dqm-source-state", "host": values["host"], "run": values["run"]}
    size = {"size": 1, "bytes": 1, "rev": 1, "timestamp": time.time(), "created": time.time(), "received": time.time()}
    insert(Document(**made, **size, tag=values["tag"], body=pack_json(body), version=version))


def graph(row: dict[str, Any], version: int, system: str = SYSTEM) -> None:
    """The files of a run."""
    made = Graph.create(
        system=system,
        key=row["id"],
        run=int(row["run"]),
        host=row["hostname"],
        tag="analyze_files",
        global_start=float(row["global_start_epoch"]),
        source="global_file",
        lumi_s=23.310893056,
        received=time.time(),
        version=version,
    )
    for stream, points in row["stream_data"].items():
        parts: dict[int, dict[str, list[Any]]] = {}
        for view, lumi in enumerate(points["lumis"]):
            part = parts.setdefault(lumi // LUMIS_PER_PART, {name: [] for name in points})
            for name, values in points.items():
                part[name].append(values[view])
        for number, part in parts.items():
            insert(GraphPart(graph=made, stream=stream, part=number, points=pack_json(part), version=version))


def summed(run: int, version: int) -> None:
    """The row of a run, by its jobs."""
    jobs = list(Job.select().where(Job.run == run))
    codes = [job.exit_code for job in jobs]
    Run.delete().where(Run.run == run).execute()
    Run.create(
        system=SYSTEM,
        run=run,
        first=min(job.started for job in jobs),
        last=max(job.reported for job in jobs),
        jobs=len(jobs),
        running=codes.count(None),
        finished=codes.count(0),
        crashed=sum(1 for code in codes if code),
        lumi=max((job.lumi for job in jobs if job.lumi is not None), default=None),
        data_run=max(job.data_run or 0 for job in jobs) or None,
        runkey=jobs[0].runkey,
        cmssw=jobs[0].cmssw,
        version=version,
    )


def hosts(version: int) -> None:
    now = time.time()
    for name in ("fu-c2f11-11-01", "fu-c2f11-11-02", "fu-c2f11-11-03", "fu-c2f11-11-04", "bu-c2f11-09-01"):
        Host.create(system=SYSTEM, name=name, role=name[:2], rev=7, last_ok=now - 1, last_new=now - 2, version=version)
    for name, up, message in (
        ("dqmfu-c2b03-45-01", True, ""),
        ("dqmfu-c2b04-45-01", False, "ConnectionRefusedError(111, 'Connection refused')"),
    ):
        HostStatus.create(system=SYSTEM, name=name, up=up, message=message, first=now - 500, last=now - 5, version=version)


def fill(folder: Path) -> None:
    """The three runs and four hosts; the newest run is ongoing, its jobs reported just now."""
    rows = [row for row in json.loads((folder / "dqmsquare" / "runs.json").read_bytes()) if row["run"] is not None]
    graphs = json.loads((folder / "dqmsquare" / "graphs.json").read_bytes())
    now = time.time()
    with proxy.atomic():
        version = advance(SYSTEM)
        for row in rows:
            live = str(row["run"]) == "358792"
            job(row, version, run=int(row["run"]), **({"reported": now - 3, "started": now - 11000} if live else {}))
        for row in graphs:
            if row["stream_data"]:
                graph(row, version)
        for run in (358788, 358791, 358792):
            summed(run, version)
        hosts(version)


def change(key: str, **values: Any) -> None:
    """A new report of a job, as the poller would store it."""
    with proxy.atomic():
        version = advance(SYSTEM)
        Job.update(version=version, **values).where(Job.key == key).execute()
        summed(Job.get(Job.key == key).run, version)


def report_again(run: int) -> None:
    """The jobs of a run and all machines report just now: they may have been filled in a while ago."""
    now = time.time()
    with proxy.atomic():
        version = advance(SYSTEM)
        Job.update(reported=now - 3, version=version).where(Job.run == run).execute()
        summed(run, version)
        Host.update(last_ok=now - 1, last_new=now - 2).execute()
        HostStatus.update(last=now - 5).execute()


def version() -> int:
    return int(VersionCounter.get(VersionCounter.name == SYSTEM).version)
