"""How large an answer with points may be."""

from __future__ import annotations

from collections.abc import Sequence

from app.core.settings import Settings
from app.trends.errors import InvalidQuery
from app.trends.query.columns import candidate_runs
from app.trends.query.run_choice import RunChoice
from app.trends.query.series_key import Key

MAX_VALUES = 3_000_000
"""Runs times series of an answer: about 80 MB of JSON, and 200 MB of memory while it is made."""


def check_size(keys: Sequence[Key], choice: RunChoice, settings: Settings) -> None:
    """Refuse what is more than `MAX_VALUES`. Raises InvalidQuery."""
    runs = len(candidate_runs(keys, choice, settings))
    runs = min(runs, choice.latest) if choice.latest else runs
    if runs * len(keys) > MAX_VALUES:
        raise InvalidQuery(
            f"{len(keys):,} series of {runs:,} runs are more than the {MAX_VALUES:,} values of an answer: request them in parts"
        )
