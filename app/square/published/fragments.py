"""HTML fragments of DQM^2 on public mirrors; their templates are in templates/square/mirror."""

from __future__ import annotations

from typing import Any

from app.publish.fragments import render_fragment
from app.square.states import JOB_BADGES


def fragment(name: str, **context: Any) -> str:
    """Render templates/square/mirror/<name>.html; the states of jobs are in its context as `badges`."""
    return render_fragment(f"square/mirror/{name}.html", badges=JOB_BADGES, **context)
