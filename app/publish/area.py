"""Declaration of the area "Public mirrors"."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from app import publish
from app.core.area import Area, CliCommand, MenuItem, StatusLine
from app.publish.settings import PublishSettings

if TYPE_CHECKING:
    from prometheus_client import Metric

    from app.core.settings import Settings
    from app.publish.areas import PublishedArea


def _status(settings: Settings) -> Iterable[StatusLine]:
    from app.publish.status import lines

    return lines(settings)


def _metrics(settings: Settings) -> Iterable[Metric]:
    from app.publish.status import metrics

    return metrics(settings)


def _published() -> PublishedArea:
    from app.publish.redactions import REDACTIONS

    return REDACTIONS


AREA = Area(
    name="publish",
    title="Public mirrors",
    init_app=publish.init_app,
    menu=(MenuItem("Public mirrors", "/published", "expert"),),
    status=_status,
    metrics=_metrics,
    jobs="jobs.publish",
    commands={"mirror-key": CliCommand("app.cli.publish", "Maintenance"), "publish": CliCommand("app.cli.publish", "Maintenance")},
    settings=PublishSettings,
    published=_published,
    roles={
        "publish.published": "expert",
        "publish.preview": "expert",
        "publish.published_item": "expert",
    },
)
