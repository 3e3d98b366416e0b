"""`python -m app.cli.manual SECONDS`: prints the manual page dqmhub(1) in the language of man(7), of that day since 1970."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from datetime import UTC, datetime

import click

from app import cli
from app.core.version import VERSION

FILES = (
    ("/etc/dqmhub/dqmhub.toml", "The settings, with those of /etc/dqmhub/conf.d; `dqmhub config reference` prints all."),
    ("/var/lib/dqmhub", "The data."),
    ("/opt/dqmhub/current", "The release in use; its folder docs has the whole documentation."),
)


def page(day: datetime) -> str:
    """The manual page."""
    lines = [f'.TH DQMHUB 1 {day:%Y-%m-%d} "DQM Hub {VERSION}"', ".SH NAME", r"dqmhub \- data quality monitoring of CMS"]
    lines += [".SH SYNOPSIS", ".B dqmhub", r"[\fIOPTION\fR...] \fICOMMAND\fR [\fIARGUMENT\fR...]"]
    lines += [".SH DESCRIPTION", *_paragraphs(cli.dqmhub.help or ""), *_options(click.Context(cli.dqmhub, info_name="dqmhub"))]
    lines += [".SH COMMANDS", *(line for context in _commands(click.Context(cli.dqmhub, info_name="dqmhub")) for line in _command(context))]
    lines += [".SH FILES", *(line for name, text in FILES for line in (".TP", f".I {_escaped(name)}", _escaped(text)))]
    return "\n".join(lines) + "\n"


def _commands(parent: click.Context) -> Iterator[click.Context]:
    """All commands below a group, each with its full name; hidden ones are left out."""
    group = parent.command
    if isinstance(group, click.Group):
        for name in group.list_commands(parent):
            command = group.get_command(parent, name)
            if command and not command.hidden:
                context = click.Context(command, parent=parent, info_name=name)
                yield context
                yield from _commands(context)


def _command(context: click.Context) -> Iterator[str]:
    usage = " ".join(context.command.collect_usage_pieces(context))
    yield f".SS {_escaped(f'{context.command_path} {usage}')}"
    yield from _paragraphs(context.command.help or "")
    yield from _options(context)


def _options(context: click.Context) -> Iterator[str]:
    for parameter in context.command.get_params(context):
        if record := parameter.get_help_record(context):
            names, text = record
            yield from (".TP", f".B {_escaped(names)}", _escaped(text))


def _paragraphs(text: str) -> Iterator[str]:
    for number, paragraph in enumerate(re.split(r"\n\s*\n", text.replace("\b", "").strip())):
        if number:
            yield ".PP"
        yield _escaped(" ".join(paragraph.split()))


def _escaped(text: str) -> str:
    """Text that man prints as it is."""
    text = text.replace("\\", r"\e").replace("-", r"\-")
    return rf"\&{text}" if text.startswith((".", "'")) else text


if __name__ == "__main__":
    print(page(datetime.fromtimestamp(int(sys.argv[1]), UTC)), end="")
