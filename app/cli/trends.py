"""`dqmhub trends`: check configurations, extract points, and print them."""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from app import cli
from app.cli.trend_configs import check_reason, configs
from app.cli.trend_groups import groups
from app.cli.trend_metrics import metrics
from app.core.settings import Settings
from app.core.text import counted

if TYPE_CHECKING:
    from app.trends.configs.folder import Configs
    from app.trends.single import CaseResult


@click.group()
def trends() -> None:
    """Trends: one number for each run from each file."""


trends.add_command(groups)
trends.add_command(configs)
trends.add_command(metrics)


@trends.command()
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path), required=False)
def check(folder: Path | None) -> None:
    """Check the configurations of trends.

    FOLDER has a folder for each subsystem with .ini and .toml files; default: the setting trend_configs, with the configurations
    made on pages. Each problem is printed with file and line; the exit code is 1 if there is any.
    """
    from app.trends.configs.folder import load_configs

    found = _load(partial(load_configs, folder)) if folder else _load_all(cli.open_database())
    for problem in found.problems:
        click.echo(problem)
    click.echo(f"{counted(len(found.trends), 'trend')}, {counted(len(found.problems), 'problem')}", err=True)
    sys.exit(1 if found.problems else 0)


def _load(read: Callable[[], Configs]) -> Configs:
    """Configurations; a folder that cannot be read ends the command with the reason."""
    from app.trends.errors import ConfigError

    try:
        return read()
    except ConfigError as error:
        raise click.ClickException(f"{error}; set trend_configs to a folder that is there") from error


def _load_all(settings: Settings) -> Configs:
    """The configurations of this instance: those of its folder, and those made on pages."""
    from app.trends.configs.sources import load_all_configs

    return _load(partial(load_all_configs, settings))


@trends.command()
@click.argument("paths", nargs=-1)
@click.option("--dataset", default="", help="Dataset of these files, /primary/processed/tier; default: from their names.")
def extract(paths: tuple[str, ...], dataset: str) -> None:
    """Extract the points that are missing, in this process.

    PATHS are files and folders that are registered first; without them, all samples that are due are extracted. Files with a
    higher version in their name (DQM_V0002 before DQM_V0001) take precedence.
    """
    from app.gui.files.entries import dataset_problem
    from app.trends.due import due, waiting_count
    from app.trends.extraction import extract as extract_sample
    from app.trends.states import DONE
    from app.trends.versions import sync

    if dataset and (problem := dataset_problem(dataset)):
        raise click.BadParameter(problem, param_hint="--dataset")
    settings = cli.open_database()
    configs = _load_all(settings)
    sync(configs)
    problems = _register(paths, dataset, settings) if paths else []
    samples = due(settings)
    failed = 0
    with click.progressbar(samples, label="extracting", show_pos=True, file=sys.stderr) as bar:
        for sample in bar:
            state, text = extract_sample(sample, settings)
            if state != DONE:
                failed += 1
                problems.append(f"{sample}: {text}")
    for line in problems:
        click.echo(line, err=True)
    click.echo(f"{counted(len(samples) - failed, 'sample')} extracted, {failed:,} failed")
    if configs.problems:
        click.echo(f"{counted(len(configs.problems), 'problem')} of configurations, see `dqmhub trends check`", err=True)
    if waiting := waiting_count():
        verb = "waits for its" if waiting == 1 else "wait for their"
        click.echo(f"{counted(waiting, 'sample')} {verb} next try, see `dqmhub trends status`", err=True)
    sys.exit(1 if failed or (problems and not samples) else 0)


def _register(paths: Sequence[str], dataset: str, settings: Settings) -> list[str]:
    """Register the files with the highest version of each sample; returns the problems."""
    from app.cli.files import file_entries, last_of_each_sample, store_entries
    from app.gui.files.naming import Overrides
    from app.trends.extraction import dataset_id
    from app.trends.extraction_state import retry_now
    from app.trends.precedence import file_version_number, note_losing_file

    entries, problems = file_entries(paths, settings, Overrides(dataset))
    entries.sort(key=lambda entry: file_version_number(entry.url))
    used = last_of_each_sample(entries, problems)
    store_entries(used)
    for entry in used:
        retry_now(dataset_id(entry.dataset), entry.run)
    winners = {(entry.dataset, entry.run): entry.url for entry in used if not entry.lumi}
    for entry in entries:
        winner = winners.get((entry.dataset, entry.run), entry.url)
        if winner != entry.url and not entry.lumi:
            note_losing_file(dataset_id(entry.dataset), entry.run, entry.url, winner)
    return problems


@trends.command()
@click.option("--subsystem", default="", help="Trends of this subsystem alone.")
@click.option("--name", default="", help="The trend of this name alone.")
@click.option("--reason", required=True, help="Why, for the audit log.")
def recompute(subsystem: str, name: str, reason: str) -> None:
    """Let points be computed again in all samples, for instance after a mended metric."""
    from app.trends.recompute import recompute as recompute_trends

    check_reason(reason)
    cli.open_database()
    name = name.removeprefix("plot:")
    _check_name(subsystem, name)
    count = recompute_trends(subsystem, name, reason.strip())
    if not count:
        raise click.ClickException("No such trend is configured any more")
    click.echo(f"{counted(count, 'trend')} will be computed again")


def _check_name(subsystem: str, name: str) -> None:
    """End the command, with the nearest name, if there is no such trend."""
    from app.trends.errors import UnknownSelection
    from app.trends.trend_names import check_trend_name

    try:
        check_trend_name(subsystem, name)
    except UnknownSelection as error:
        raise click.ClickException(str(error)) from error


@trends.command()
@click.option("--reasons", is_flag=True, help="Also count why runs have no point; reads all points.")
def status(reasons: bool) -> None:
    """Print how many samples were extracted and are due, what failed, and the problems of configurations."""
    from app.trends.due import due_count
    from app.trends.status import config_problems, failures, reason_counts, totals

    settings = cli.open_database()
    found = totals()
    click.echo(f"trends: {found.trends:,} configured, {found.retired:,} retired")
    states = [f"{count:,} {state}" for state, count in sorted(found.by_state.items())]
    click.echo("samples: " + ", ".join([*states, f"{due_count(settings):,} due"]))
    click.echo(f"points: {found.points:,}")
    if problems := config_problems():
        click.echo(f"{problems}; the first: {problems.first}")
    for failure in failures():
        click.echo(failure)
    for text, count in reason_counts() if reasons else ():
        click.echo(f"{count:>10,}  {text}")


@trends.command()
@click.option("--format", type=click.Choice(["json", "csv"]), default="json", show_default=True, help="JSON lines, or CSV with a header.")
@click.option("--subsystem", default="", help="Points of this subsystem alone.")
@click.option("--name", default="", help="Points of the trend of this name alone.")
def export(format: str, subsystem: str, name: str) -> None:
    """Print all points, with dataset, version of the configuration, file, and the reason where there is none."""
    from app.trends.export import ExportedPoint, exported_points

    cli.open_database()
    name = name.removeprefix("plot:")
    _check_name(subsystem, name)
    points = exported_points(subsystem, name)
    if format == "csv":
        writer = csv.writer(sys.stdout)
        writer.writerow(ExportedPoint._fields)
        writer.writerows(points)
    else:
        for point in points:
            click.echo(json.dumps(point._asdict()))


@trends.command()
@click.argument("file", required=False)
@click.argument("expression", required=False)
@click.argument("me", required=False)
@click.option("--histo1", default="", help="The second monitor element of the metric.")
@click.option("--histo2", default="", help="The third monitor element of the metric.")
@click.option("--reference", default="", help="The monitor element to compare with.")
@click.option("--batch", is_flag=True, help="Read cases from standard input: JSON lines with file, metric, me, histo1, histo2, reference.")
def compute(file: str | None, expression: str | None, me: str | None, histo1: str, histo2: str, reference: str, batch: bool) -> None:
    """Compute a metric from a file, and print value, error and reason as JSON; exit code 1 if the file cannot be read.

    \b
    dqmhub trends compute FILE "basic.BinCount(2)" PixelPhase1/Tracks/ntracks
    """
    from app.trends.single import compute_case

    if batch == bool(file) or not (batch or (expression and me)):
        raise click.UsageError("Expected FILE, EXPRESSION and ME, or --batch alone")
    if not batch:
        result = compute_case({"file": file, "metric": expression, "me": me, "histo1": histo1, "histo2": histo2, "reference": reference})
        click.echo(json.dumps(result.document))
        sys.exit(0 if result.is_readable else 1)
    for line in sys.stdin:
        if line.strip():
            click.echo(json.dumps(_computed_line(line).document))


def _computed_line(line: str) -> CaseResult:
    from app.trends.single import CaseResult, compute_case

    try:
        case = json.loads(line)
    except (ValueError, RecursionError):
        case = None
    return compute_case(case) if isinstance(case, dict) else CaseResult(None, None, "The line is no JSON object")
