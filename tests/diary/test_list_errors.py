"""The errors to look at that stand above the list."""

from __future__ import annotations

import re

from flask.testing import FlaskClient

from app.diary.observations.store import store
from tests.diary.observations import NOW, seen
from tests.diary.test_list import links
from tests.diary.test_pages import words


def test_the_errors_that_ended_last_stand_above_the_list_whenever_they_were_submitted(client: FlaskClient) -> None:
    day = 86_400
    found = [seen(NOW, "failed", str(age), name=f"quick_{age}", submitted=NOW - age * 60, ended=NOW - age * 60 + 1) for age in range(1, 5)]
    store("s", [*found, seen(NOW, "failed", "long", name="quick_but_long", submitted=NOW - day, ended=NOW - 5)], NOW)
    html = client.get("/diary").text
    block = html.partition('id="tolook-title"')[2].partition("</section>")[0]
    assert re.findall(r"quick_\w+", words(block)) == ["quick_but_long", "quick_1", "quick_2"]
    everything = client.get(links(html)["5 errors to look at"]).text.partition('"jobs cards diary"')[2]
    assert re.findall(r"quick_\w+", words(everything))[0] == "quick_but_long"


def test_errors_of_clients_of_one_name_are_told_apart_by_run_host_and_exit_code(client: FlaskClient) -> None:
    labels = {"run": "367144", "host": "fu-01", "system": "pb"}
    store("s", [seen(NOW, "failed", "1", name="sistrip", ended=NOW, exit_code=139, labels=labels)], NOW)
    assert re.search(r"sistrip run 367144 host fu-01 exit 139[^,]* \d{4}-", words(client.get("/diary").text))
