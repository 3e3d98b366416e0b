"""The fragments of HTML that mirrors show, from what the sanitiser let through; templates/publish/mirror has their markup.

They hold moments, never ages, so that their bytes change only when what they say does.
"""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cache
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from app.core.settings import TREE
from app.square.models import SYSTEMS
from app.square.runs import short
from app.square.states import LOOKS
from app.web.clock import CERN, LAST_TIME


@cache
def _environment() -> Environment:
    made = Environment(
        loader=FileSystemLoader(TREE / "templates"), autoescape=True, trim_blocks=True, lstrip_blocks=True, undefined=StrictUndefined
    )
    made.globals |= {"looks": LOOKS, "moment": moment, "since": since, "short": short, "systems": SYSTEMS}
    return made


def fragment(name: str, **context: Any) -> str:
    """The template publish/mirror/NAME.html."""
    return _environment().get_template(f"publish/mirror/{name}.html").render(context)


def moment(at: float | None) -> Markup:
    """A moment, Unix s UTC: Swiss time for people, UTC and seconds for programs."""
    if at is None or not 0 <= at < LAST_TIME:
        return Markup("–")
    seconds = int(at)
    utc, swiss = datetime.fromtimestamp(seconds, UTC), datetime.fromtimestamp(seconds, CERN)
    text = '<time datetime="{}" data-at="{}">{}</time>'
    return Markup(text).format(f"{utc:%Y-%m-%dT%H:%M:%SZ}", seconds, f"{swiss:%Y-%m-%d %H:%M:%S}")


def since(at: float | None) -> Markup:
    """The age of a moment, which a script of the mirror fills in."""
    return Markup("–") if at is None or not 0 <= at < LAST_TIME else Markup('<span data-since="{}"></span>').format(int(at))
