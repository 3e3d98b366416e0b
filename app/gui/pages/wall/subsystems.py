"""The states of the subsystems of the ongoing run on a wall."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from app.formats import Subfolder
from app.gui.addresses import text
from app.gui.catalog.catalog import OpenSample
from app.gui.errors import GuiError
from app.gui.event_info import FOLDER, Update, event_info, updates
from app.gui.files.entries import is_live
from app.gui.pages.subsystem_state import place, state_badge
from app.gui.pages.wall.newest import data_time, newest_sample, sentence
from app.gui.pages.workspaces.subsystem_summary import REPORT, SummaryValue, summary_value
from app.gui.quality import FailingCounts, failing_mes
from app.web.badges import Badge


class SubsystemState(NamedTuple):
    """A subsystem in the matrix."""

    name: str
    badge: Badge
    detail: str  # report summary, last lumisection
    at: float  # last event of its process, or else the time of the file, Unix s UTC
    place: tuple[Any, ...]  # among others, the worst first


def context(options: Mapping[str, Any]) -> Mapping[str, Any]:
    """Values of the template gui/wall_subsystems.html."""
    try:
        sample = newest_sample(options["dataset"])
    except GuiError as error:
        return {"problem": sentence(error)}
    folders = {text(folder.name): folder for folder in sample.names.folder(b"").subfolders}
    chosen = str(options["subsystems"]).split()
    found = _states(sample, {name: folders[name] for name in chosen or folders if name in folders})
    if not chosen:
        found.sort(key=lambda state: (state.place, state.name))
    _, numbers = event_info(sample, ("iRun", "iLumiSection"))
    known = {name: sample.scalar(index) for name, index in numbers.items()}
    return {
        "states": found,
        "absent": [name for name in chosen if name not in folders],
        "run": known.get("iRun") or sample.key.run,
        "lumi": known.get("iLumiSection", ""),
        "is_live": is_live(sample.key.run, sample.key.dataset),
        "note": sample.note,
        "at": data_time(sample),
        "old_s": options["old_s"],
    }


def _states(sample: OpenSample, folders: Mapping[str, Subfolder]) -> list[SubsystemState]:
    """The states of these top folders. Without EventInfo a folder is shown only if it has a report summary or failing tests."""
    current = updates(sample, sample.names.folder(b"").subfolders) if is_live(sample.key.run, sample.key.dataset) else {}
    failing = failing_mes(sample.columns)
    found = []
    for name, folder in folders.items():
        counts, update = failing.counts(folder.first, folder.last), current.get(folder.name)
        index = sample.names.find(folder.name + FOLDER + REPORT.value, folder.first, folder.last)
        summary = None if index is None else summary_value(sample.scalar(index))
        if update or summary or any(counts):
            found.append(_state(name, counts, summary, update, data_time(sample)))
    return found


def _state(name: str, counts: FailingCounts, summary: SummaryValue | None, update: Update | None, file_at: float) -> SubsystemState:
    parts = [summary.text] if summary and summary.share is not None else []
    parts += [f"LS {update.lumi}"] if update and update.lumi is not None else []
    at = file_at if update is None or update.at is None else update.at
    return SubsystemState(name, state_badge(counts, summary, update), ", ".join(parts), round(at), place(counts, summary, update))
