"""State of trends for the status page, `dqmhub trends status` and /metrics."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from peewee import fn

from app.core.area import State, StatusLine
from app.core.database import rows
from app.core.metrics import gauge
from app.core.settings import Settings
from app.core.text import counted
from app.trends.configured import has_configs
from app.trends.due import due_count
from app.trends.models import Trend, TrendConfigProblem, TrendDataset, TrendExtraction, TrendPoint, TrendReason, TrendVersion
from app.trends.rules.status import rule_lines, rule_metrics
from app.trends.states import DONE

if TYPE_CHECKING:
    from prometheus_client import Metric


class Totals(NamedTuple):
    """Numbers over all trends."""

    trends: int  # configured now
    retired: int
    by_state: dict[str, int]  # samples by the state of their extraction
    points: int
    last: float | None  # end of the last extraction, Unix s UTC


def totals() -> Totals:
    """The numbers of trends, samples and points. Points are those that extractions counted."""
    current = TrendVersion.select().where(TrendVersion.activated.is_null(False)).count()
    retired = Trend.select().where(Trend.retired).count()
    extraction = TrendExtraction
    by_state = dict(rows(extraction.select(extraction.state, fn.COUNT(extraction.run)).group_by(extraction.state)))
    points, last = rows(extraction.select(fn.SUM(extraction.points), fn.MAX(extraction.finished)))[0]
    return Totals(current, retired, by_state, int(points or 0), last)


def status_lines(settings: Settings) -> Iterator[StatusLine]:
    """The line of trends; none on an instance without configurations."""
    if not has_configs(settings):
        return
    found, due = totals(), due_count(settings)
    bad = sum(count for state, count in found.by_state.items() if state != DONE)
    parts = [counted(found.trends, "trend"), f"{counted(found.by_state.get(DONE, 0), 'sample')} extracted"]
    parts += [f"{due:,} due"] if due else []
    parts += [f"{bad:,} with problems"] if bad else []
    age = None if found.last is None else max(0.0, time.time() - found.last)
    yield StatusLine("trends", "warn" if bad else "ok", ", ".join(parts), age, next(iter(failures(1)), ""))
    if problems := config_problems():
        state: State = "warn" if problems.hiding else "ok"
        yield StatusLine("trend configurations", state, str(problems), None, problems.first)
    yield from rule_lines()


class ConfigProblems(NamedTuple):
    """What was wrong in the configurations when they were read last."""

    number: int
    hiding: int  # those that keep a trend from being used
    first: str  # with its place; one that hides trends before remarks

    def __str__(self) -> str:
        text = f"{counted(self.number, 'problem')} of configurations"
        return f"{text}, {self.hiding:,} of which hide trends" if self.hiding else text


def config_problems() -> ConfigProblems | None:
    """The problems of configurations; None without any."""
    problem = TrendConfigProblem
    count = problem.select().count()
    if not count:
        return None
    first = problem.select().order_by(problem.hides_trends.desc(), problem.id).first()
    return ConfigProblems(count, problem.select().where(problem.hides_trends).count(), f"{first.place}: {first.reason}")


def failures(limit: int = 10) -> list[str]:
    """The last extractions that failed, with their reasons."""
    extraction = TrendExtraction
    query = extraction.select(extraction.run, TrendDataset.name, extraction.error).join(TrendDataset).where(extraction.state != DONE)
    found = rows(query.order_by(extraction.finished.desc()).limit(limit))
    return [f"run {run} of {dataset}: {error}" for run, dataset, error in found]


def reason_counts() -> list[tuple[str, int]]:
    """Why runs have no point, or a marked one, and how often; the most frequent first. Reads all points."""
    query = TrendPoint.select(TrendReason.text, fn.COUNT(TrendPoint.run)).join(TrendReason).group_by(TrendReason.text)
    return [(text, count) for text, count in rows(query.order_by(fn.COUNT(TrendPoint.run).desc(), TrendReason.text))]


def metrics(settings: Settings) -> Iterator[Metric]:
    """Trends, and samples by the state of their extraction."""
    if not has_configs(settings):
        return
    found = totals()
    yield gauge("dqmhub_trends", "Configured trends", [({}, found.trends)])
    states = [({"state": state}, count) for state, count in sorted(found.by_state.items())]
    yield gauge("dqmhub_trend_samples", "Samples by the state of their trends", states)
    yield from rule_metrics()
