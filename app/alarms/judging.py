"""The periodic judgement of all rules: each once for each version of its sample, or every few seconds if time breaks it.

No rule stops another one: what prevents a judgement is noted in the rule, and its alarms stay as they are. An alarm about a monitor
element (ME) that the run no longer has stays, too: an absent plot is neither good nor bad.
"""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import NamedTuple

from app.alarms.conditions import conditions
from app.alarms.conditions.base import Condition, WatchedPlots
from app.alarms.due_notices import add_due_notices
from app.alarms.errors import NotJudged
from app.alarms.models import FOLDER, AlarmRule
from app.alarms.places import RulePlaces
from app.alarms.recording import Judgement, record, record_problem
from app.alarms.seen_plots import RunHistories
from app.core.outages import outage_of
from app.core.settings import Settings
from app.core.text import one_line
from app.formats import Columns, Facts, FormatError, MENames
from app.gui.catalog.catalog import Catalog, Freshness, OpenSample
from app.gui.catalog.stored import find_sample
from app.gui.errors import GuiError, Importing, UnknownSample
from app.gui.event_info import event_info, updates
from app.gui.models import File
from app.gui.samples import LARGEST, SampleKey, runs_of
from app.queue.periodic import TaskRun
from app.web.arguments import parse_int

log = logging.getLogger(__name__)

UNREADABLE = "The newest data cannot be read"

REPLACED = "\N{REPLACEMENT CHARACTER}"
"""In texts of paths that are no UTF-8."""

NO_LUMI = "The data do not contain their lumisection (iLumiSection in a folder EventInfo), so it is unknown for how long a plot is absent"


class WatchedSample(NamedTuple):
    """The sample of a dataset that is judged now."""

    key: SampleKey
    freshness: Freshness
    problem: str  # why it cannot be opened, or ""
    registered: float | None = None  # when its newest file was registered if no list is stored yet, Unix s UTC

    def mark(self, version: int) -> str:
        """The mark of a version of its list."""
        return f"{self.key.run}/{version}"


@contextmanager
def judging(judge: RuleJudge, run: TaskRun) -> Iterator[Callable[[], None]]:
    """The task that judges rules and notifies people."""

    def step() -> None:
        judge.step(run.should_stop)

    yield step


class RuleJudge:
    """Judges the rules in one process; it keeps lists and places in memory."""

    def __init__(self, settings: Settings) -> None:
        self._catalog = Catalog(settings)
        self._places = RulePlaces()
        self._histories = RunHistories()

    def step(self, should_stop: Callable[[], bool] = lambda: False) -> None:
        """Judge the rules whose samples have changed, and those that time breaks; then notify people."""
        add_due_notices(time.time())  # what a process that was killed has left: judging may end it
        rules = list(AlarmRule.select().where(AlarmRule.enabled).order_by(AlarmRule.dataset, AlarmRule.id))
        self._places.forget_others(rule.id for rule in rules)
        samples: dict[str, WatchedSample] = {}
        for rule in rules:
            if should_stop():
                return
            if rule.dataset not in samples:
                samples[rule.dataset] = self._watch(rule.dataset)
            self._judge_alone(rule, samples[rule.dataset])
        add_due_notices(time.time())

    def _watch(self, dataset: str) -> WatchedSample:
        """The ongoing run of a dataset, or its newest one; a changed file is imported."""
        key = SampleKey(0, 0, dataset)
        if find_sample(key) is None:
            key = SampleKey(next(iter(runs_of(dataset, limit=1)), 0), 0, dataset)
        try:
            freshness = self._catalog.freshness(key)
            return WatchedSample(key, freshness, "", _registered(key) if freshness.changed is None else None)
        except UnknownSample:
            return WatchedSample(key, Freshness(0, False, "", None), f"There is no run of {dataset}")
        except Exception as error:  # of this sample alone
            _raise_outage(error)
            if not isinstance(error, GuiError | FormatError | OSError):
                log.exception("The newest data of %s cannot be looked at", dataset)
            return WatchedSample(key, Freshness(0, False, "", None), f"{UNREADABLE}: {error}")

    def _judge_alone(self, rule: AlarmRule, sample: WatchedSample) -> None:
        try:
            self._judge(rule, sample)
        except Importing:
            return  # it is judged with what is being read
        except NotJudged as error:
            record_problem(rule, str(error))
        except Exception as error:  # of this rule or its sample alone
            _raise_outage(error)
            if not isinstance(error, GuiError | FormatError | OSError):
                log.exception("The alarm rule %s (%s) cannot be judged", rule.id, rule.name)
            record_problem(rule, f"Cannot be judged: {one_line(str(error)) or type(error).__name__}")

    def _judge(self, rule: AlarmRule, sample: WatchedSample) -> None:
        condition = conditions().get(rule.condition)
        if condition is None:
            raise NotJudged(f"There is no condition {rule.condition}")
        now, limits = time.time(), json.loads(rule.limits)
        data_problem = f"{UNREADABLE}: {sample.freshness.problem}" if sample.freshness.problem else ""
        if not condition.needs_new_data:
            broken = condition.broken(_without_list(sample, rule, now), limits)
            record(rule, Judgement(sample.mark(sample.freshness.version), sample.key.run, list(broken), ""), now)
        elif sample.problem:
            raise NotJudged(sample.problem)
        elif rule.seen == sample.mark(sample.freshness.version):
            record_problem(rule, data_problem or rule.judged_problem)
        else:
            opened = self._catalog.open(sample.key, 0)
            run, lumi = run_and_lumi(opened)
            plots = WatchedPlots(opened, sample.freshness, rule.place, (), {}, lumi, now)
            watched = self._watched(rule, condition, plots, run)
            problem = _nothing_there(rule, opened) if not (watched.mes or condition.needs_past) else condition.shortcoming(watched)
            judgement = Judgement(sample.mark(opened.version), sample.key.run, list(condition.broken(watched, limits)), problem)
            is_judged = partial(_has, opened.names) if condition.judges_plots else judgement.is_judged
            record(rule, judgement._replace(run_number=run, lumi=lumi, is_judged=is_judged, data_problem=data_problem), now)

    def _watched(self, rule: AlarmRule, condition: Condition, plots: WatchedPlots, run: int) -> WatchedPlots:
        """What a rule watches. Raises NotJudged if its place is gone."""
        place = self._places.content(rule, plots.sample)
        absent: Mapping[str, int] = {}
        if condition.needs_past:
            if not plots.lumi:
                raise NotJudged(NO_LUMI)
            absent = self._histories.absent(rule, plots.sample, place, run, plots.lumi)
        return plots._replace(mes=place.mes, absent=absent)


def _raise_outage(error: Exception) -> None:
    """Raise an error again that concerns all rules: nothing is noted of what cannot be stored now."""
    if outage_of(error):
        raise error


def _registered(key: SampleKey) -> float | None:
    """When the newest file of a sample was registered, Unix s UTC."""
    row = find_sample(key)
    file = File.get_or_none(File.id == row.newest_file.file) if row else None
    return file.registered if file else None


def _has(names: MENames, subject: str) -> bool:
    """Whether a list has an ME with this path; one that is no UTF-8 is not looked for."""
    return REPLACED in subject or names.find(subject.encode()) is not None


def run_and_lumi(sample: OpenSample) -> tuple[int, int]:
    """The number of the run, and the newest lumisection of all subsystems with it; 0 if the monitor elements do not contain it."""
    _, found = event_info(sample, ("iRun",))
    run = parse_int(sample.scalar(found["iRun"]), LARGEST) if found else None
    states = updates(sample, sample.names.folder(b"").subfolders).values()
    return sample.key.run or run or 0, max((state.lumi or 0 for state in states if state.old_run is None), default=0)


def _nothing_there(rule: AlarmRule, opened: OpenSample) -> str:
    kind = "folder" if rule.place_kind == FOLDER else f"plot of the {rule.place_kind}"
    return f"There is no {kind} {rule.place} in {opened.key}"


def _without_list(sample: WatchedSample, rule: AlarmRule, now: float) -> WatchedPlots:
    """What a rule about time alone watches: no monitor elements are opened for it."""
    empty = OpenSample(sample.key, 0, "", "", "", "", 0, MENames(()), Columns(), Facts({}, {}))
    freshness = sample.freshness._replace(problem=sample.freshness.problem or sample.problem)
    return WatchedPlots(empty, freshness, rule.place, (), {}, 0, now, sample.registered)
