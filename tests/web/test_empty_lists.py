"""A hub with nothing in it says so on each list, and what makes something appear."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from app.security import Role
from tests.security.conftest import HOME, make_user, sign_in

if TYPE_CHECKING:
    from flask import Flask


def test_each_list_of_an_empty_hub_says_what_makes_something_appear(app: Flask) -> None:
    make_user("ada", Role.ADMIN)
    client = app.test_client()
    sign_in(client, "ada")
    sentences = {
        "/": "No files registered yet",
        "/account/sessions": "You have no API tokens. A script needs one to act with your rights; New token makes one.",
        "/account/audit?user=nobody-such": "No entry of this user and action.",
        "/alarms": "No open alarms. A plot that breaks a rule appears here.",
        "/alarms/rules": "There are no rules yet, so there are no alarms. Experts add a rule here, or from a file with dqmhub alarms import FILE.",
        "/control": "No activity. Commands that are given here, and what happens at P5, appear in this list.",
        "/diary": "No jobs yet. They appear as soon as a source finds them",
        "/events": "No events yet. Runs that begin or end, crashes and other problems appear here.",
        "/notifications": "No maintenance is announced; the form below announces one: all events are sent.",
        "/notifications/channels": "No channels were added yet. Choose one of the kinds above to add one.",
        "/status": "no backups are made",
        "/transfers": "No process has reported yet. Those of dqmhub-transfer appear here when their reports arrive.",
        "/walls": "There is no wall. Operators add one here, or from a file with dqmhub wall import FILE.",
    }
    missing = []
    for address, sentence in sentences.items():
        text = re.sub(r"\s+", " ", re.sub(r"<[^>]*>", "", client.get(address, base_url=HOME).text))
        missing += [] if sentence in text else [f"{address}: {sentence}"]
    assert missing == []
