"""HTML fragments of public mirrors, rendered in the hub from redacted values.

A fragment contains points in time and no ages, so that its bytes change only when its content does; a script of the
mirror fills in the ages.
"""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cache
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from app.core.settings import TREE
from app.core.zones import CERN
from app.web.clock import LAST_TIME


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(TREE / "templates"), autoescape=True, trim_blocks=True, lstrip_blocks=True, undefined=StrictUndefined
    )
    environment.globals |= {"moment": moment, "since": since}
    return environment


def render_fragment(template: str, **context: Any) -> str:
    """Render a template of templates/; `moment` and `since` are among its globals."""
    return _environment().get_template(template).render(context)


def moment(at: float | None) -> Markup:
    """A point in time (Unix s UTC) as a `<time>` element: Swiss time for people, UTC and seconds for programs."""
    if at is None or not 0 <= at < LAST_TIME:
        return Markup("–")
    seconds = int(at)
    utc, swiss = datetime.fromtimestamp(seconds, UTC), datetime.fromtimestamp(seconds, CERN)
    text = '<time datetime="{}" data-at="{}">{}</time>'
    return Markup(text).format(f"{utc:%Y-%m-%dT%H:%M:%SZ}", seconds, f"{swiss:%Y-%m-%d %H:%M:%S}")


def since(at: float | None) -> Markup:
    """The age of a point in time (Unix s UTC), as an element that a script of the mirror fills in."""
    return Markup("–") if at is None or not 0 <= at < LAST_TIME else Markup('<span data-since="{}"></span>').format(int(at))
