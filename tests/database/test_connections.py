"""Connections of the two databases."""

from __future__ import annotations

from app import database
from app.gui.models import Dataset
from app.settings import Settings


def test_a_row_is_written_and_read(hub: Settings) -> None:
    Dataset.create(name="/ZeroBias/Run2023C-PromptReco-v1/DQMIO")
    database.release()
    assert [row.name for row in Dataset.select()] == ["/ZeroBias/Run2023C-PromptReco-v1/DQMIO"]


def test_redis_answers(redis_url: str) -> None:
    import redis

    with redis.Redis.from_url(redis_url) as client:
        assert client.ping()
