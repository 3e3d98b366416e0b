"""Keeping a requested trend as a configuration, which is computed for all files from then on."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from peewee import fn

from app.core.database import rows
from app.queue.store import enqueue
from app.trends.configs.config import Place, TrendConfig, make_config
from app.trends.configs.page_configs import keep, used_page_configs
from app.trends.custom.requests import TrendRequest
from app.trends.errors import ConfigError
from app.trends.models import Trend, TrendVersion
from app.trends.scan import READ_CONFIGS

MAX_NAME, MAX_TITLE = 200, 200
_SUBSYSTEM = re.compile(r"[A-Za-z0-9_+-]{1,64}")


def suggested_fields(request: TrendRequest, title: str, own: Sequence[str] = ()) -> dict[str, str]:
    """Fields of the form to keep a trend: a subsystem, and a name that may be used.

    Args:
        own: The subsystems to which the user is limited, one of which is suggested; empty for no limit.
    """
    folder = request.me.partition("/")[0]
    used = subsystems_using(folder)
    fitting = [each for each in (*used, folder) if each in own] or own or used or [folder]
    name = re.sub(r"[^A-Za-z0-9_+-]+", "_", request.me.rpartition("/")[2]).strip("_")
    metric = request.metric.partition("(")[0].rpartition(".")[2]
    return {"subsystem": fitting[0], "name": f"{name}_{metric}", "title": title, "y_title": title}


def subsystems_using(folder: str) -> list[str]:
    """The subsystems whose trends have their monitor element in a folder of the first level, those with the most trends first.

    Their names differ from those of the folders: the trends of SiStrips are of SiStrip/.
    """
    start = f"{folder}/"
    query = TrendVersion.select(Trend.subsystem).join(Trend).where(fn.SUBSTR(TrendVersion.me, 1, len(start)) == start, ~Trend.retired)
    query = query.group_by(Trend.subsystem).order_by(fn.COUNT(Trend.id.distinct()).desc(), Trend.subsystem)
    return [subsystem for (subsystem,) in rows(query)]


def known_subsystems() -> list[str]:
    """The subsystems that have trends."""
    return [subsystem for (subsystem,) in rows(Trend.select(Trend.subsystem).where(~Trend.retired).distinct().order_by(Trend.subsystem))]


def config_of(request: TrendRequest, fields: Mapping[str, str]) -> TrendConfig:
    """The configuration of a request with subsystem, name, title and y title of a form. Raises `ConfigError`."""
    subsystem, name = fields["subsystem"].strip(), fields["name"].strip()
    if not _SUBSYSTEM.fullmatch(subsystem):
        raise ConfigError(f"The subsystem {subsystem[:80]!r} is not usable; right would be letters, digits, _, + and -")
    if max(len(name), len(fields["title"]), len(fields["y_title"])) > MAX_TITLE:
        raise ConfigError(f"Name and titles have at most {MAX_NAME} characters")
    texts = {"title": fields["title"].strip(), "y_title": fields["y_title"].strip(), "metric": request.metric, "me": request.me}
    further = {input: path for input, path in request.paths.items() if input != "main"}
    return make_config(subsystem, name, texts | further, Place("", 0))


def keep_config(config: TrendConfig, user: str) -> None:
    """Store a configuration and let it be computed. Raises `ConfigError` if a trend of its subsystem has the name."""
    used = Trend.get_or_none(Trend.subsystem == config.subsystem, Trend.name == config.name, ~Trend.retired)
    if used:
        raise ConfigError(f"The name {config.name} is taken: {config.subsystem} has a trend {config.name} in {used.place}")
    keep(config, user)
    enqueue(READ_CONFIGS, "now")


def kept_as(request: TrendRequest) -> list[TrendConfig]:
    """The configurations made on pages that compute the same."""
    return [config for config in used_page_configs() if (config.metric, config.paths) == (request.metric, request.paths)]
