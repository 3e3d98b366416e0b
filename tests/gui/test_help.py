"""The help page of the GUI names each field of an address and each status of a quality test, as the user guide does."""

from __future__ import annotations

import html
import re
from pathlib import Path

from flask.testing import FlaskClient

from app.gui.view_query import VIEW_FIELDS

GUIDE = Path("docs/users/gui.md").read_text()

CMS_STATUSES = {
    300: "error",
    200: "warning",
    60: "invalid",
    30: "other",
    90: "did not run",
    70: "too little data",
    100: "ok",
    50: "disabled",
}
"""Status codes of CMS software (dqm::qstatus of DataFormats/Histograms/interface/DQMToken.h), worst first."""


def test_the_help_lists_every_status_worst_first_as_the_guide_does(client: FlaskClient) -> None:
    page = client.get("/help/gui").text
    rows = re.findall(r'badge-text">([^<]*)<.*?<td class="number">(\d+)</td><td>([^<]*)</td>', page)
    assert [(int(code), name) for name, code, _ in rows] == [*CMS_STATUSES.items()]
    assert all(meaning.endswith(".") for _, _, meaning in rows)
    assert re.findall(r"^\| ([a-z ]+) \| (\d+) \|", GUIDE, re.M) == [(name, code) for name, code, _ in rows]
    searched = re.search(r"<code>status:error</code>.*?</dd>", page, re.S)
    assert searched
    names = [name.replace("_", " ") for name in re.findall(r"<code>([a-z_]+)</code>", searched[0])]
    assert names == [*CMS_STATUSES.values(), "none"]


def test_the_help_and_the_guide_name_every_field_of_an_address(client: FlaskClient) -> None:
    page, guide = client.get("/help/gui").text.partition("<h2>Addresses</h2>")[2], GUIDE.partition("\n## Addresses\n")[2]
    of_page = set(" ".join(re.findall(r"<dt>(.*?)</dt>", html.unescape(page))).replace("<code>", "").replace("</code>", "").split())
    of_guide = set(re.findall(r"`([\w.]+)`", " ".join(re.findall(r"^\| (`.*?) \|", guide, re.M))))
    expected = {*VIEW_FIELDS, "label1", "me1", "me1.ytype"}
    assert expected - of_page == set()
    assert expected - of_guide == set()
