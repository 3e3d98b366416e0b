"""The player of old runs: what it plays and how far it is, as its own documents say. Nothing in them is trusted to be there or of its type."""

from __future__ import annotations

import time
from pathlib import PurePosixPath
from typing import NamedTuple

from app.square.details import unpacked
from app.square.documents import PLAYBACK, integer, mapping, number, sequence, text
from app.square.models import Document
from app.square.states import Look

LATE = 5
"""Lumisections of silence after which a player that plays is taken to stand still; it reports each."""
LUMI_S = 23.4
LONGEST_LUMI_S = 600.0
MOST = 100
"""Streams or lumisections of one list that are shown."""

STATES = {
    "running": Look("ok", "run", "plays", "The player copies the files of one lumisection after the other."),
    "eor": Look("idle", "ok", "end of run", "The player has played all lumisections, and begins the next run in a moment."),
    "stopped": Look("idle", "off", "stopped", "The player plays nothing, and waits for a command."),
    "error": Look("error", "error", "error", "The player failed, and plays nothing: look at its log."),
}
SILENT = Look("warning", "warning", "silent", "The player said that it plays, but has not reported for some lumisections.")


class Stream(NamedTuple):
    """A stream of the played run; files: how many lumisections of it the player has found."""

    name: str
    files: int


class Player(NamedTuple):
    """What a player says of one run.

    run: under which it plays; state: as it says it; at: of its report, Unix s UTC; lumi: the last one played, of `lumis`
    in all; source: folder of the files; runkey: as pp_run; lumi_s: seconds for a lumisection; skipped: lumisections that
    are left out. None or "" is what it does not say.
    """

    host: str
    run: int | None
    state: str
    at: float
    lumi: int | None
    lumis: int | None
    source: str
    runkey: str
    lumi_s: float | None
    skipped: list[int]
    streams: list[Stream]

    @property
    def age_s(self) -> float:
        return max(0.0, time.time() - self.at)

    @property
    def look(self) -> Look:
        late_s = LATE * min(self.lumi_s or LUMI_S, LONGEST_LUMI_S)
        if self.state == "running" and self.age_s > late_s:
            return SILENT
        return STATES.get(self.state, Look("idle", "unsure", self.state or "unknown", "The player says what this hub does not know."))

    @property
    def folder(self) -> str:
        """The last part of the source, as run349963."""
        return PurePosixPath(self.source).name


def player(system: str, run: int | None, later: bool = False) -> Player | None:
    """What the player of a system said last of a run, or, with `later`, of this one or one after it; run None: of any."""
    chosen = Document.system == system, Document.type == PLAYBACK
    of_run = () if run is None else (Document.run >= run,) if later else (Document.run == run,)
    row = Document.select().where(*chosen, *of_run).order_by(Document.timestamp.desc()).first()
    return _player(row) if row else None


def _player(row: Document) -> Player:
    said = mapping(unpacked(row.body))
    config, found = mapping(said.get("config")), mapping(mapping(said.get("extra")).get("streams_found"))
    lumi_s = number(config.get("lumi_timeout"))
    return Player(
        row.host, row.run, text(said.get("state")), row.timestamp, integer(said.get("ls")), integer(config.get("number_of_ls")),
        text(config.get("source")), text(config.get("run_key")), lumi_s if lumi_s and lumi_s > 0 else None,
        [lumi for lumi in map(integer, sequence(config.get("lumi_to_skip"))[:MOST]) if lumi is not None],
        [Stream(text(name), len(sequence(mapping(given).get("lumi_files")))) for name, given in sorted(found.items())[:MOST]],
    )  # fmt: skip
