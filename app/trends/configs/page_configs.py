"""Configurations that experts made on pages: rows of the database beside the files of the folder.

A trend of a file takes precedence over one of the same name that was made on a page.
"""

from __future__ import annotations

import time

from peewee import IntegrityError

from app.core.counters import advance
from app.core.database import proxy, rows
from app.security.audit_log import acting_user, audit
from app.trends.configs.config import Place, TrendConfig
from app.trends.errors import ConfigError
from app.trends.models import PAGE_CONFIGS, PageConfig

FIELDS = ("title", "y_title", "metric", "me", "histo1", "histo2", "reference", "threshold")

PAGE = "page: "
"""Places of these configurations begin so."""


def used_page_configs() -> list[TrendConfig]:
    """The configurations made on pages that were not removed, by subsystem and name."""
    columns = [getattr(PageConfig, name) for name in ("subsystem", "name", "kept_by", "kept_at", *FIELDS)]
    query = PageConfig.select(*columns).where(PageConfig.removed_at.is_null()).order_by(PageConfig.subsystem, PageConfig.name)
    return [
        TrendConfig(subsystem, name, place=page_place(kept_by, kept_at), **dict(zip(FIELDS, values, strict=True)))
        for subsystem, name, kept_by, kept_at, *values in rows(query)
    ]


def page_place(user: str, at: float) -> Place:
    """The place of a configuration that a user made at a time, Unix s UTC."""
    return Place(f"{PAGE}{user}, {time.strftime('%Y-%m-%d', time.gmtime(at))}", 0)


def keep(config: TrendConfig, user: str) -> None:
    """Store a configuration, as made by a user now. Raises `ConfigError` if one of this name was made on a page already."""
    try:
        with proxy.atomic():
            advance(PAGE_CONFIGS)
            values = {name: getattr(config, name) for name in FIELDS}
            PageConfig.create(subsystem=config.subsystem, name=config.name, kept_by=user, kept_at=time.time(), **values)
            audit("keep trend", f"{config.subsystem}/{config.name}", answer=f"{config.metric} {config.me}", user=user)
    except IntegrityError:
        raise ConfigError(f"The name {config.name} is taken: a trend of {config.subsystem} made on a page has it") from None


def remove(subsystem: str, name: str, *, reason: str = "") -> bool:
    """Remove a configuration that was made on a page; False if there is none. Points stay."""
    with proxy.atomic():
        advance(PAGE_CONFIGS)
        used = PageConfig.subsystem == subsystem, PageConfig.name == name, PageConfig.removed_at.is_null()
        removed: int = PageConfig.update(removed_by=acting_user(), removed_at=time.time()).where(*used).execute()
        if removed:
            audit("remove trend", f"{subsystem}/{name}", reason)
    return bool(removed)


def page_config_history(subsystem: str = "") -> list[PageConfig]:
    """All configurations made on pages, also removed ones, by subsystem and name, the latest first."""
    query = PageConfig.select().order_by(PageConfig.subsystem, PageConfig.name, PageConfig.id.desc())
    return list(query.where(PageConfig.subsystem == subsystem) if subsystem else query)
