"""Shifters pin runs, with a reason."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient

from app.core.settings import Settings
from app.security import Role
from app.security.models import Audit
from app.square.models import Pin
from tests.square.test_pages_whole_log import bearer

pytestmark = pytest.mark.both_databases

RUN = "/square/runs/358792"


def test_shifter_pins_and_unpins_a_run(filled: Settings, client: FlaskClient) -> None:
    own = bearer(Role.SHIFTER)
    assert "Pin run" in client.get(RUN, headers=own).text
    assert client.post(f"{RUN}/pin", headers=own, data={"reason": "beam <b>dump</b>"}).status_code == 303
    assert client.post(f"{RUN}/pin", headers=own, data={"reason": "another"}).status_code == 303
    (row,) = Pin.select()
    assert (row.system, row.run, row.reason) == ("production", 358792, "beam <b>dump</b>")
    assert "beam &lt;b&gt;dump&lt;/b&gt;" in client.get(RUN).text
    assert client.post(f"{RUN}/unpin", headers=own).status_code == 303
    assert Pin.select().count() == 0
    assert [row.action for row in Audit.select().where(Audit.target == "production run 358792").order_by(Audit.id)] == [
        "pin run",
        "pin run",
        "unpin run",
    ]


def test_viewers_see_the_pin_but_cannot_change_it(filled: Settings, client: FlaskClient) -> None:
    page = client.get(RUN).text
    assert "Retention" in page
    assert "Pin run" not in page
    assert client.post(f"{RUN}/pin", headers=bearer(Role.VIEWER)).status_code == 403


def test_unknown_run_cannot_be_pinned(filled: Settings, client: FlaskClient) -> None:
    assert client.post("/square/runs/999/pin", headers=bearer(Role.SHIFTER)).status_code == 404
