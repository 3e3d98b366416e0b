"""`dqmhub render FILE ME -o PICTURE`: one plot from the command line, without a database."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import parse_qsl

import click
from werkzeug.datastructures import MultiDict

from app.formats import FormatError, Kind, payload, scan
from render.client import RenderClient, RenderError, Request
from render.options import OptionError, Options

START_S = 60.0


def draw(file: Path, me: str, output: Path, query: str, socket: Path, service: list[str]) -> None:
    """Draw an ME into a file, by the service at `socket`, or one that the command `service` starts for this plot alone."""
    try:
        options = Options.from_query(MultiDict(parse_qsl(query, keep_blank_values=True)))
        request = _request(file, me, options.spec())
        with _client(socket, service) as client:
            rendered = client.render(request)
    except OptionError as error:
        raise click.ClickException(f"{error.field}: {error.problem}") from None
    except (FormatError, OSError, RenderError, ValueError) as error:
        raise click.ClickException(str(error)) from None
    output.write_bytes(rendered.image)
    if rendered.code:
        click.echo(f"ROOT complained while it drew {me}; the log of the render service says of what", err=True)


def _request(file: Path, me: str, spec: str) -> Request:
    """Of the first sample in the file that has this ME."""
    for listing in scan(file).samples.values():
        if (index := listing.names.find(me.encode(errors="surrogateescape"))) is None:
            continue
        row = listing.columns.row(index)
        if Kind(row.kind).scalar:
            return Request(me, spec, flags=row.kind, text=listing.facts.scalars.get(index, "").encode(errors="replace"))
        found = payload(file, "tdirectory", row)
        return Request(me, spec, [(found.data, found.displacement)], found.flags)
    raise click.ClickException(f"there is no monitor element {me} in {file}")


@contextmanager
def _client(socket: Path, service: list[str]) -> Iterator[RenderClient]:
    client = RenderClient(socket)
    try:
        client.ping()
    except RenderError:
        with TemporaryDirectory(prefix="dqmhub-", ignore_cleanup_errors=True) as folder:
            log = Path(folder, "log")
            with log.open("wb") as errors:
                process = subprocess.Popen([*service, "--state-directory", f"{folder}/"], stderr=errors)
            try:
                yield _ready(process, Path(folder, "socket"), log)
            finally:
                process.terminate()
                process.wait()
    else:
        yield client


def _ready(process: subprocess.Popen[bytes], socket: Path, log: Path) -> RenderClient:
    end, client = time.monotonic() + START_S, RenderClient(socket)
    while time.monotonic() < end and process.poll() is None:
        try:
            client.ping()
        except RenderError:
            time.sleep(0.02)
        else:
            return client
    raise click.ClickException(f"the render service does not start: {log.read_text(errors='replace').strip()}")
