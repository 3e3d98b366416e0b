"""`dqmhub trends metrics`: the metrics that configurations can name."""

from __future__ import annotations

import click

HEADER = "| metric | value and error | compared with HDQM |\n| --- | --- | --- |"


@click.command()
@click.argument("name", default="")
def metrics(name: str) -> None:
    """Print the metrics with their arguments as a table in Markdown, or those alone whose name contains NAME."""
    lines = [line for metric, line in metric_lines() if name.lower() in metric.lower()]
    if not lines:
        raise click.ClickException(f"The name of no metric contains {name}")
    click.echo("\n".join([HEADER, *lines]))


def metric_lines() -> list[tuple[str, str]]:
    """The name of each metric, and its line of the table."""
    import inspect

    from app.trends.custom.metric_list import metric_list
    from app.trends.metrics.differences import DIFFERENCES
    from app.trends.metrics.registry import METRICS

    found = []
    for metric in metric_list():
        text = " ".join((inspect.getdoc(METRICS[metric.name]) or "").split())
        cells = (f"`{metric.name}({metric.arguments})`", text, DIFFERENCES.get(metric.name, "the same"))
        found.append((metric.name, f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"))
    return found
