"""A user who pins plots to private layouts by the pages."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import quote

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from app.gui.layouts.editing import private
from app.gui.layouts.editing.private import PrivateLayout
from app.security.models import Audit

FOLDER = "/browse/367129/ZeroBias/Run2023C-Demo-v1/DQMIO"
PLOT = f"{FOLDER}/Muons?plot=Muons%2Fpt"
Browsers = Callable[[str], FlaskClient]


def pin(client: FlaskClient, address: str = PLOT, **form: str) -> TestResponse:
    return client.post("/my/plots/pin", data={"address": address} | form)


def pinned(client: FlaskClient, *names: str, to: str = "") -> PrivateLayout:
    """The layout of ada after she has pinned plots with these names."""
    for name in names:
        assert pin(client, f"{FOLDER}?plot={quote(name, safe='')}", to=to).status_code == 303
        to = str(latest().number)
    return latest()


def latest(user: str = "ada") -> PrivateLayout:
    return private.layouts_of(user)[0]


def names(found: PrivateLayout) -> list[list[str]]:
    return [[cell.plot if cell else "" for cell in row] for row in found.layout.rows]


def change(client: FlaskClient, do: str, version: int | None = None, **form: str) -> TestResponse:
    found = latest()
    return client.post(f"/my/plots/{found.number}", data={"do": do, "version": version or found.version} | form)


def actions() -> list[tuple[str, str, str]]:
    return [(row.user, row.action, row.target) for row in Audit.select().order_by(Audit.id) if "layout" in row.action]
