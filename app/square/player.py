"""The playback player by its documents: which run it plays, and how far it is. No value is trusted to be there or of its type."""

from __future__ import annotations

import time
from pathlib import PurePosixPath
from typing import NamedTuple

from app.square.documents import LUMI_S, PLAYBACK
from app.square.models import Document
from app.square.values import integer, mapping, number, sequence, text, unpack_json
from app.web.badges import Badge

SILENT_LUMIS = 5
"""A running player reports every lumisection; without a report for so many it is considered silent."""

MAX_LUMI_S = 600.0

MAX_ITEMS = 100
"""Longest list of streams or lumisections."""

PLAYER_BADGES = {
    "running": Badge("ok", "run", "playing", "The player copies the files of one lumisection after the other."),
    "eor": Badge("idle", "ok", "end of run", "The player has played all lumisections; the next run begins in a moment."),
    "stopped": Badge("idle", "off", "stopped", "The player is idle and waits for a command."),
    "error": Badge("error", "error", "error", "The player failed. See its log."),
}
"""The badges of the states that a player reports."""

SILENT = Badge("warning", "warning", "silent", "The player was playing, but has not reported for some lumisections.")


class PlayedStream(NamedTuple):
    """A stream of the run being played."""

    name: str
    files: int  # lumisections with files


class PlayerReport(NamedTuple):
    """The newest report of a player about a run; None and "" where it reports nothing."""

    host: str
    run: int | None  # run number under which it plays
    state: str
    at: float  # time of the report, Unix s UTC
    lumi: int | None  # last lumisection played
    lumis: int | None  # number of lumisections
    source: str  # folder with the files
    runkey: str  # as pp_run
    lumi_s: float | None  # seconds per lumisection
    skipped: list[int]  # lumisections that are not played
    streams: list[PlayedStream]

    @property
    def age_s(self) -> float:
        """Age of the report, s."""
        return max(0.0, time.time() - self.at)

    @property
    def badge(self) -> Badge:
        """The badge of the state."""
        late_s = SILENT_LUMIS * min(self.lumi_s or LUMI_S, MAX_LUMI_S)
        if self.state == "running" and self.age_s > late_s:
            return SILENT
        return PLAYER_BADGES.get(self.state, Badge("idle", "unsure", self.state or "unknown", "A state unknown to this hub."))

    @property
    def folder(self) -> str:
        """The last part of the source, as run349963."""
        return PurePosixPath(self.source).name


def latest_player_report(system: str, run: int | None, or_later: bool = False) -> PlayerReport | None:
    """The newest report of the player of a system.

    Args:
        run: Reports about this run only; None for any run.
        or_later: Also reports about later runs.
    """
    chosen = Document.system == system, Document.type == PLAYBACK
    about_run = () if run is None else (Document.run >= run,) if or_later else (Document.run == run,)
    row = Document.select().where(*chosen, *about_run).order_by(Document.timestamp.desc()).first()
    return _report(row) if row else None


def _report(row: Document) -> PlayerReport:
    document = mapping(unpack_json(row.body))
    config, streams = mapping(document.get("config")), mapping(mapping(document.get("extra")).get("streams_found"))
    lumi_s = number(config.get("lumi_timeout"))
    return PlayerReport(
        host=row.host,
        run=row.run,
        state=text(document.get("state")),
        at=row.timestamp,
        lumi=integer(document.get("ls")),
        lumis=integer(config.get("number_of_ls")),
        source=text(config.get("source")),
        runkey=text(config.get("run_key")),
        lumi_s=lumi_s if lumi_s and lumi_s > 0 else None,
        skipped=[lumi for lumi in map(integer, sequence(config.get("lumi_to_skip"))[:MAX_ITEMS]) if lumi is not None],
        streams=[PlayedStream(text(name), _count_files(values)) for name, values in sorted(streams.items())[:MAX_ITEMS]],
    )


def _count_files(stream: object) -> int:
    return len(sequence(mapping(stream).get("lumi_files")))
