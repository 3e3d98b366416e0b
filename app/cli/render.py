"""`dqmhub render`: the render service, its build and that of plugins, or one plot."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import click

from app import cli
from app.core.installation import release
from app.core.log_output import log_format
from app.core.settings import TREE, Settings
from app.gui.settings import GuiSettings, local_roots


class RenderCommands(click.Group):
    """The commands; `dqmhub render FILE ME` without the name of one is `plot`."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Add the name that is left out."""
        named = not args or args[0] in self.commands or args[0] in (*ctx.help_option_names, "--help")
        return super().parse_args(ctx, args if named else ["plot", *args])


@click.group(cls=RenderCommands, invoke_without_command=True)
@click.pass_context
def render(context: click.Context) -> None:
    """Run the render service; or build it, or draw one plot.

    The service runs in the environment of the CMSSW release that the variable CMSSW_RELEASE names.
    """
    if context.invoked_subcommand:
        return
    settings = cli.settings()
    cli.refuse_superuser(settings.data)
    program = built_program()
    folder = settings.data / "render"
    folder.mkdir(parents=True, exist_ok=True)
    workers = settings.of(GuiSettings).render_workers or os.cpu_count() or 1
    command = [str(program), *render_arguments(settings, workers), "--state-directory", f"{folder}/"]
    if os.environ.get("CMSSW_RELEASE"):
        command.insert(0, str(TREE / "render" / "in_release.sh"))
    os.execv(command[0], command)


@render.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.argument("me")
@click.option(
    "-o",
    "--output",
    required=True,
    type=click.Path(dir_okay=False, writable=True, path_type=Path),
    help="File to write: .png, .svg, .pdf, .root or .json.",
)
@click.option(
    "--options", default="", help="Drawing options as in the URL of a plot, e.g. 'w=800&h=600&ytype=log', or in the log of the service."
)
def plot(file: Path, me: str, output: Path, options: str) -> None:
    """Draw the monitor element ME of the DQM file FILE; the name of this command may be left out."""
    from app.cli.draw import draw

    settings = cli.settings()
    command = [str(built_program()), *render_arguments(settings, 1)]
    draw(file, me, output, options, settings.data / "render" / "socket", command)


@render.command()
@click.option(
    "--python", default=sys.executable, help="Python whose environment has the package `root`, where root-config is not on the path."
)
def build(python: str) -> None:
    """Build the render service on this machine, against its ROOT.

    Uses the ROOT whose root-config is on the path, for example in a CMSSW release after `cmsenv`, and the compiler that CXX names
    or that this ROOT was built with. Needs no network. A running service is not changed until it is restarted.
    """
    from render.build import build as build_service
    from render.errors import ToolsMissing

    os.umask(0o022)  # the service runs as another user than the one who builds it
    try:
        program = build_service(TREE, python)
    except ToolsMissing as error:
        raise click.ClickException(str(error)) from None
    except PermissionError as error:
        raise click.ClickException(f"Cannot write to {error.filename}: run this as the owner of {TREE}") from None
    except subprocess.CalledProcessError as error:
        raise click.ClickException(f"{error.cmd[0]} failed with code {error.returncode}; its messages are above") from None
    click.echo(f"Built {program}; restart the render service to use it")


@render.command()
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option(
    "-o",
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    help="The library, by default plugins/<FOLDER>.so of the data folder.",
)
def plugins(folder: Path, output: Path | None) -> None:
    """Build the render plugins whose sources are in FOLDER into one library, for the setting render_plugins."""
    from render.errors import PluginBuildError
    from render.make_plugins import build_folder

    folder = folder.resolve()
    library = output or _library(folder.name)
    try:
        sys.exit(build_folder(folder, library.absolute()))
    except PluginBuildError as error:
        raise click.ClickException(str(error)) from None


def _library(name: str) -> Path:
    """Where the plugins of a folder of this name belong."""
    settings = cli.settings()
    cli.act_as_owner(settings)
    return settings.data / "plugins" / f"{name}.so"


def built_program() -> Path:
    """The render service of this checkout or release. Raises ClickException when it is not built."""
    from render.build import binary

    program = binary(TREE)
    if not program.exists():
        command = "dqmhub render build" if release() else "make build"
        raise click.ClickException(f"{program} does not exist: build it with `{command}`")
    return program


def render_arguments(settings: Settings, workers: int) -> list[str]:
    """Arguments of the render service, without its folder."""
    gui = settings.of(GuiSettings)
    options = {
        "--workers": str(workers),
        "--timeout": f"{gui.render_timeout_s:g}",
        "--cpu": f"{gui.render_cpu_s:g}",
        "--memory": str(gui.render_memory_mb),
        "--log-format": log_format(settings),
        "--log-level": settings.log_level,
    }
    arguments = [text for option in options.items() for text in option]
    arguments += [f"--root={root}" for root in local_roots(settings)]
    return arguments + (["--load", gui.render_plugins] if gui.render_plugins else [])
