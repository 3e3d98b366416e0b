"""The command `dqmhub`. Each module has one group of commands; slow imports are inside the commands."""

from __future__ import annotations

import logging
import os
import sys
import time
from collections.abc import Callable, Iterable
from importlib import import_module
from pathlib import Path
from typing import Any

import click

from app.areas import AREAS
from app.core.area import COMMAND_GROUPS, Area
from app.core.file_rights import user_name
from app.core.log_output import is_json, start_logging
from app.core.settings import SettingError, Settings, load
from app.core.version import VERSION


class Commands(click.Group):
    """The commands that the areas declare; their modules are loaded when they are needed."""

    def __init__(self, *args: Any, areas: Iterable[Area] = AREAS, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.declared = {name: command for area in areas for name, command in area.commands.items()}

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command. Errors that users can fix are one line on stderr, without a traceback; JSON where log lines are JSON."""
        try:
            return super().invoke(ctx)
        except click.ClickException as error:
            if not is_json():
                raise
            logging.getLogger(__name__).critical(error.format_message())
            ctx.exit(error.exit_code)
        except (click.exceptions.Exit, click.Abort):
            raise
        except Exception as error:  # here, where the command still has the rights of its user: the reason may be what that user may not
            if (message := message_of(error)) is None:
                raise
            if is_json():
                logging.getLogger(__name__).critical(message)
            else:
                click.echo(f"dqmhub: {message}", err=True)
            ctx.exit(1)

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names in the order of their groups, `run` first."""
        return sorted(self.declared, key=lambda name: (COMMAND_GROUPS.index(self.declared[name].group), name != "run", name))

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of this name."""
        if cmd_name not in self.declared:
            return None
        command: click.Command = getattr(import_module(self.declared[cmd_name].module), cmd_name.replace("-", "_"))
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """A section of the help for each group."""
        width = max(map(len, self.declared), default=0)
        for group in COMMAND_GROUPS:
            rows = []
            for name in self.list_commands(ctx):
                command = self.get_command(ctx, name) if self.declared[name].group == group else None
                if command:
                    rows.append((name.ljust(width), command.get_short_help_str(formatter.width - width - 6)))
            if rows:
                with formatter.section(group):
                    formatter.write_dl(rows)


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--config", type=click.Path(path_type=Path), help="Main configuration file (see `dqmhub config show`).")
@click.version_option(VERSION, prog_name="dqmhub")
def dqmhub(config: Path | None) -> None:
    """DQM Hub: run the services, register files, manage accounts, background jobs and the database."""
    if config:
        os.environ["DQMHUB_CONFIG"] = str(config.absolute())  # so that the processes a command starts read it too


def settings() -> Settings:
    """Load the settings and start logging. An invalid setting ends the command with name, value and allowed values."""
    os.umask(0o027)  # data of the program, which includes password hashes, is for its user and group only
    found = load()
    _leave_out_drivers(found)
    context = click.get_current_context(silent=True)
    start_logging(found, (context and context.info_name) or "dqmhub")
    return found


def _leave_out_drivers(found: Settings) -> None:
    """Keep peewee and huey from loading drivers of servers that this hub does not have: half of the start of each process.

    Both import each driver that they find, and have no option against it. PyMySQL is only for importing an old diary.
    """
    for driver, server in (("psycopg", found.database_url), ("redis", found["huey_url"]), ("pymysql", "")):
        if not server:
            sys.modules.setdefault(driver, None)  # type: ignore[arg-type]  # None: import says that it is not installed


RETRY_S = 0.5
"""Pause between tries to start a service in an outage."""


def open_database() -> Settings:
    """Load the settings, act as the user of the services, check the database and connect the queues."""
    found = settings()
    act_as_owner(found)
    _connect(found)
    return found


def act_as_owner(found: Settings) -> None:
    """Act as the owner of `data_dir` until the command ends, if the superuser runs it: what it makes belongs to the services."""
    from app.ops.owner import acting_as_owner

    if context := click.get_current_context(silent=True):  # none in programs that are no command
        context.find_root().with_resource(acting_as_owner(found.data))


def refuse_superuser(data: Path) -> None:
    """Raise ClickException if the superuser starts a service in a data folder of another user, who could not use what it makes."""
    if data.exists() and (owner := data.stat().st_uid) and not os.geteuid():
        command, name = click.get_current_context().command_path, user_name(owner)
        raise click.ClickException(f"{data} belongs to {name}, and this is root: `runuser -u {name} -- {command}`")


def _connect(found: Settings) -> None:
    from app.core import database_schema
    from app.queue.execution import connect as connect_queues

    database_schema.open_usable(found)
    connect_queues(found)


def open_for_service(prepare: Callable[[Settings], object] = lambda _: None) -> Settings:
    """As `open_database`, for a service: waits while the disk is full or the database is busy.

    A service manager gives up after some restarts, so the service would stay down when there is space again.
    """
    from app.core.outages import log_outage, outage_of

    found = settings()
    refuse_superuser(found.data)
    while True:
        try:
            _connect(found)
            prepare(found)
            return found
        except Exception as error:
            outage = outage_of(error)
            if outage is None or outage.kind not in ("full", "busy"):
                raise
            log_outage("The start waits", outage)
            time.sleep(RETRY_S)


def hub_address(settings: Settings) -> str:
    """The address of the hub for this machine, with a slash at its end."""
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(settings.web_host, settings.web_host)
    return f"http://{f'[{host}]' if ':' in host else host}:{settings.web_port}{settings.url_prefix}/"


def main(arguments: list[str] | None = None) -> Any:
    """The console script."""
    return dqmhub(arguments, prog_name="dqmhub")


def message_of(error: Exception) -> str | None:
    """What a user can do about an error, or its cause outside of the hub; None for a fault of the hub."""
    if isinstance(error, SettingError):
        return str(error)
    from app.core.database import is_sqlite  # here, since it loads database drivers
    from app.core.outages import outage_of

    outage = outage_of(error)
    if outage is None:
        if isinstance(error, PermissionError) and error.filename:
            return f"{error.filename}: permission denied for the user {user_name(os.getuid())}"
        return None
    causes = {"full": "The disk is full", "busy": "The database is busy", "unreachable": "The database cannot be used", "unusable": ""}
    remedy = "; check database_url and the server" if outage.kind == "unreachable" and not is_sqlite() else ""
    return f"{causes[outage.kind]}: {' '.join(outage.reason.split())}{remedy}".removeprefix(": ")
