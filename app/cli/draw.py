"""`dqmhub render FILE ME -o OUTPUT`: one plot from the command line, without a database; the suffix of OUTPUT is the format."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from urllib.parse import parse_qsl

import click
from werkzeug.datastructures import MultiDict

from app.formats import FormatError, Kind, payload, scan
from app.formats.detection import detect_format
from app.formats.reals import shortest_real
from app.formats.streamer_info import NO_LIST, streamer_list
from app.gui.plots.documents import with_properties
from render.client import EFFICIENCY, Request, StreamerLists
from render.errors import OptionError, RenderError
from render.options import FORMATS, IMAGE_FORMATS, Options
from render.own_service import client_of


def draw(file: Path, me: str, output: Path, query: str, socket: Path, service: list[str]) -> None:
    """Draw a monitor element (ME) into a file.

    Args:
        file: DQM file.
        me: Path of the ME.
        output: File of the plot.
        query: Drawing options in the form of addresses, or of the specifications in the log of the render service.
        socket: Socket of a running render service.
        service: Command that starts a render service for this plot if none is running.
    """
    try:
        options = replace(_options(query), format=_format(output))
        request = _request(file, me, options)
        with client_of(socket, service) as client:
            rendered = client.render(request, lambda: _streamers(file))
    except OptionError as error:
        raise click.ClickException(f"{error.field}: {error.problem}") from None
    except (FormatError, OSError, RenderError, ValueError) as error:
        raise click.ClickException(str(error)) from None
    if not rendered.image:
        raise click.ClickException(f"Nothing to draw for {me}: it is empty, or on the blacklist of the render service")
    output.write_bytes(_with_properties(rendered.image, request) if options.format == "json" else rendered.image)
    if rendered.code:
        click.echo(f"ROOT reported errors while drawing {me}; see the log of the render service", err=True)


def _options(query: str) -> Options:
    if ";" in query and "&" not in query:
        return Options.from_spec(query)
    return Options.from_query(MultiDict(parse_qsl(query, keep_blank_values=True)))


def _format(output: Path) -> str:
    form = output.suffix[1:].lower()
    if form not in FORMATS:
        raise click.ClickException(f"{output.name} has none of the suffixes {', '.join(f'.{known}' for known in FORMATS)}")
    return form


def _with_properties(content: bytes, request: Request) -> bytes:
    return json.dumps(with_properties(json.loads(content), bool(request.flags & EFFICIENCY)), indent=1).encode()


def _request(file: Path, me: str, options: Options) -> Request:
    """The request for the ME in the first sample of the file that has it."""
    spec = options.spec()
    format = detect_format(file) or "tdirectory"
    for listing in scan(file, format).samples.values():
        if (index := listing.names.find(me.encode(errors="surrogateescape"))) is None:
            continue
        row = listing.columns.row(index)
        if Kind(row.kind).scalar:
            text = listing.facts.scalars.get(index, "")
            shown = shortest_real(text) if row.kind == Kind.FLOAT and options.format in IMAGE_FORMATS else text
            return Request(me, spec, flags=row.kind, text=shown.encode(errors="replace"))
        found = payload(file, format, row)
        return Request(me, spec, [(found.data, found.displacement)], found.flags)
    raise click.ClickException(f"{file} has no monitor element {me}")


def _streamers(file: Path) -> StreamerLists:
    """The StreamerInfo of the file, for objects of older class versions."""
    try:
        return [streamer_list(file)]
    except FormatError:
        return [NO_LIST]
