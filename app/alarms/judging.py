"""The periodic judgement of all rules: each once for each version of its sample, or every few seconds if time breaks it.

No rule stops another one: what prevents a judgement is noted in the rule, and its alarms stay as they are.
"""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import NamedTuple

from peewee import PeeweeException

from app.alarms.conditions import conditions
from app.alarms.conditions.base import Condition, WatchedPlots
from app.alarms.errors import NotJudged
from app.alarms.models import FOLDER, AlarmRule
from app.alarms.places import RulePlaces
from app.alarms.recording import Judgement, record, record_problem
from app.alarms.seen_plots import RunHistories
from app.alarms.telling import tell_all
from app.core.settings import Settings
from app.core.text import one_line
from app.formats import Columns, Facts, FormatError, MENames
from app.gui.catalog.catalog import Catalog, Freshness, OpenSample
from app.gui.catalog.stored import find_sample
from app.gui.errors import GuiError, Importing, UnknownSample
from app.gui.event_info import event_info, updates
from app.gui.samples import LARGEST, SampleKey, runs_of
from app.queue.periodic import TaskRun
from app.web.arguments import parse_int

log = logging.getLogger(__name__)


class WatchedSample(NamedTuple):
    """The sample of a dataset that is judged now."""

    key: SampleKey
    freshness: Freshness
    problem: str  # why it cannot be opened, or ""

    def mark(self, version: int) -> str:
        """The mark of a version of its list."""
        return f"{self.key.run}/{version}"


@contextmanager
def judging(judge: RuleJudge, run: TaskRun) -> Iterator[Callable[[], None]]:
    """The task that judges rules and tells people."""

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
        """Judge the rules whose samples have changed, and those that time breaks; then tell people."""
        tell_all(time.time())  # what a process that was killed has left: judging may end it
        rules = list(AlarmRule.select().where(AlarmRule.enabled).order_by(AlarmRule.dataset, AlarmRule.id))
        self._places.forget_others(rule.id for rule in rules)
        samples: dict[str, WatchedSample] = {}
        for rule in rules:
            if should_stop():
                return
            if rule.dataset not in samples:
                samples[rule.dataset] = self._watch(rule.dataset)
            self._judge_alone(rule, samples[rule.dataset])
        tell_all(time.time())

    def _watch(self, dataset: str) -> WatchedSample:
        """The ongoing run of a dataset, or its newest one; a changed file is imported."""
        key = SampleKey(0, 0, dataset)
        if find_sample(key) is None:
            key = SampleKey(next(iter(runs_of(dataset, limit=1)), 0), 0, dataset)
        try:
            return WatchedSample(key, self._catalog.freshness(key), "")
        except UnknownSample:
            return WatchedSample(key, Freshness(0, False, "", None), f"There is no run of {dataset}")
        except (GuiError, FormatError, OSError) as error:
            return WatchedSample(key, Freshness(0, False, "", None), f"The newest data cannot be read: {error}")

    def _judge_alone(self, rule: AlarmRule, sample: WatchedSample) -> None:
        try:
            self._judge(rule, sample)
        except Importing:
            return  # it is judged with what is being read
        except NotJudged as error:
            record_problem(rule, str(error))
        except PeeweeException:
            raise  # concerns all rules
        except Exception as error:  # of this rule or its sample alone
            if not isinstance(error, GuiError | FormatError | OSError):
                log.exception("The alarm rule %s (%s) cannot be judged", rule.id, rule.name)
            record_problem(rule, f"Cannot be judged: {one_line(str(error)) or type(error).__name__}")

    def _judge(self, rule: AlarmRule, sample: WatchedSample) -> None:
        condition = conditions().get(rule.condition)
        if condition is None:
            raise NotJudged(f"There is no condition {rule.condition}")
        now, limits = time.time(), json.loads(rule.limits)
        if not condition.needs_new_data:
            broken = condition.broken(_without_list(sample, rule, now), limits)
            record(rule, Judgement(sample.mark(sample.freshness.version), sample.key.run, list(broken), ""), now)
        elif sample.problem:
            raise NotJudged(sample.problem)
        elif rule.seen != sample.mark(sample.freshness.version):
            opened = self._catalog.open(sample.key, 0)
            watched = self._watched(rule, condition, sample, opened, now)
            broken = list(condition.broken(watched, limits))
            problem = "" if watched.mes or condition.needs_past else _nothing_there(rule, opened)
            record(rule, Judgement(sample.mark(opened.version), sample.key.run, broken, problem), now)

    def _watched(self, rule: AlarmRule, condition: Condition, sample: WatchedSample, opened: OpenSample, now: float) -> WatchedPlots:
        """What a rule watches. Raises NotJudged if its place is gone."""
        place = self._places.content(rule, opened)
        absent: Mapping[str, int] = {}
        run, lumi = run_and_lumi(opened) if condition.needs_past else (0, 0)
        if condition.needs_past:
            absent = self._histories.absent(rule, opened, place, run, lumi)
        return WatchedPlots(opened, sample.freshness, rule.place, place.mes, absent, lumi, now)


def run_and_lumi(sample: OpenSample) -> tuple[int, int]:
    """The number of the run, and the newest lumisection of all subsystems with it; 0 if the monitor elements do not tell."""
    _, found = event_info(sample, ("iRun",))
    run = parse_int(sample.scalar(found["iRun"]), LARGEST) if found else None
    states = updates(sample, sample.names.folder(b"").subfolders).values()
    return run or 0, max((state.lumi or 0 for state in states if state.old_run is None), default=0)


def _nothing_there(rule: AlarmRule, opened: OpenSample) -> str:
    kind = "folder" if rule.place_kind == FOLDER else f"plot of the {rule.place_kind}"
    return f"There is no {kind} {rule.place} in {opened.key}"


def _without_list(sample: WatchedSample, rule: AlarmRule, now: float) -> WatchedPlots:
    """What a rule about time alone watches: no monitor elements are opened for it."""
    empty = OpenSample(sample.key, 0, "", "", "", "", 0, MENames(()), Columns(), Facts({}, {}))
    freshness = sample.freshness._replace(problem=sample.freshness.problem or sample.problem)
    return WatchedPlots(empty, freshness, rule.place, (), {}, 0, now)
