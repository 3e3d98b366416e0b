"""The areas of the product: one line for each.

Menu, help, status page, metrics, API document, commands, background jobs, settings and the least roles of all pages
come from the declarations named here. Importing this module makes the settings of all areas known, and these areas those
of the process; `create_app` and `jobs.load` can be given others.
"""

from __future__ import annotations

from collections.abc import Iterable

from app.alarms.area import AREA as ALARMS
from app.control.area import AREA as CONTROL
from app.core.area import Area, set_areas
from app.core.settings import CoreSettings, reference
from app.diary.area import AREA as DIARY
from app.gui.area import AREA as GUI
from app.home.area import AREA as HOME
from app.notify.area import AREA as NOTIFY
from app.ops.area import AREA as OPS
from app.publish.area import AREA as PUBLISH
from app.queue.area import AREA as QUEUE
from app.runs.area import AREA as RUNS
from app.security.area import AREA as SECURITY
from app.square.area import AREA as SQUARE
from app.transfers.area import AREA as TRANSFERS
from app.trends.area import AREA as TRENDS
from app.wall.area import AREA as WALL

AREAS: tuple[Area, ...] = (HOME, GUI, ALARMS, SQUARE, RUNS, TRENDS, DIARY, TRANSFERS, CONTROL, NOTIFY, WALL, PUBLISH, QUEUE, SECURITY, OPS)
"""In the order of the menu."""

set_areas(AREAS)


def settings_reference(areas: Iterable[Area] = AREAS) -> str:
    """The settings in Markdown, as in docs/operators/settings.md; `more_settings` are documented with the parts that have them."""
    return reference([("The instance", CoreSettings), *((area.title, area.settings) for area in areas if area.settings)])
