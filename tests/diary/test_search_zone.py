"""Days and times of searches are those of the page that shows the jobs."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from flask.testing import FlaskClient

from app.diary.observations.store import store
from app.diary.search.query import parse
from tests.diary.observations import NOW, seen
from tests.diary.test_list import listed


def at(*parts: int, zone: str = "UTC") -> float:
    """Unix s UTC of a date and time."""
    year, month, day, hour, minute = parts
    return datetime(year, month, day, hour, minute, tzinfo=ZoneInfo(zone)).timestamp()


def test_a_day_of_a_search_is_the_day_that_the_page_shows(client: FlaskClient) -> None:
    at_night = at(2023, 11, 10, 0, 30, zone="Europe/Zurich")  # the evening before in UTC
    store("s", [seen(NOW, "done", "1", submitted=at_night, name="fit_night")], NOW)
    assert listed(client.get("/diary?q=since:2023-11-10").text) == ["fit_night"]
    assert listed(client.get("/diary?q=since:2023-11-10&tz=utc").text) == []
    assert listed(client.get("/diary?q=until:2023-11-09&tz=utc").text) == ["fit_night"]
    assert listed(client.get("/diary?q=since:2023-11-10T00:00Z").text) == []
    for tz, number in (("", 1), ("&tz=utc", 0)):
        assert client.get(f"/api/v1/jobs?q=since:2023-11-10{tz}").json["count"] == number
        assert client.get(f"/diary/jobs.csv?q=since:2023-11-10{tz}").text.count("\n") == 1 + number
    assert "2023-11-09T23:30:00Z" in client.get("/diary/jobs.csv").text


def test_a_day_on_which_clocks_change_is_whole() -> None:
    zurich = ZoneInfo("Europe/Zurich")
    for day, hours in (("2026-10-25", 25), ("2026-03-29", 23)):
        found = parse(f"since:{day} until:{day}", NOW, zurich)
        assert (found.until or 0) - (found.since or 0) == hours * 3600
    assert parse("since:2026-07-01T12:30", NOW, zurich).since == datetime(2026, 7, 1, 10, 30, tzinfo=UTC).timestamp()
    assert parse("since:2026-07-01T12:30Z", NOW, zurich).since == datetime(2026, 7, 1, 12, 30, tzinfo=UTC).timestamp()
