"""Declaration of the faulty area."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from app.core.area import Area, MenuItem

if TYPE_CHECKING:
    from flask import Flask


def _init_app(app: Flask) -> None:
    from tests.chaos.faulty.loop import count
    from tests.chaos.faulty.views import blueprint

    app.register_blueprint(blueprint)
    threading.Thread(target=count, args=(app.config["HUB"].data / "counted",), daemon=True).start()


AREA = Area(
    name="faulty",
    title="Faulty",
    init_app=_init_app,
    menu=(MenuItem("Faulty", "/faulty"),),
    roles={
        "faulty.notes": "viewer",
        "faulty.add": "viewer",
        "faulty.count": "viewer",
        "faulty.wait": "viewer",
        "faulty.forgotten": "viewer",
    },
)
