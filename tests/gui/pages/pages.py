"""What tests read from the pages of the demo samples."""

from __future__ import annotations

import html
import re

from flask.testing import FlaskClient

ZERO_BIAS = "/ZeroBias/Run2023C-Demo-v1/DQMIO"

MUON = "/Muon/Run2023C-Demo-v1/DQMIO"

COSMICS = "/browse/367140/Cosmics/Run2023C-Demo-v1/DQMIO"

HTMX = {"HX-Request": "true"}


def words(page: str) -> str:
    """The text of a page without its tags."""
    return " ".join(html.unescape(re.sub(r"<[^>]*>", " ", page)).split())


def read(client: FlaskClient, address: str, status: int = 200, **headers: str) -> str:
    answer = client.get(address, headers=headers)
    assert answer.status_code == status, answer.text
    assert "HX-Request" in answer.headers["Vary"]
    return answer.text
