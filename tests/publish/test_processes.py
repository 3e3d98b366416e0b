"""Publishing by the real consumer: it survives kill -9 and faulty mirrors, and its pages show the state of the mirrors."""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from app import create_app
from app.areas import AREAS
from app.core.settings import TREE, Settings
from app.publish import revisions
from app.publish.models import MirrorState as Row
from app.publish.models import PublishedItem
from app.publish.sending import Sender
from app.publish.settings import PublishSettings
from app.queue import execution
from app.security import Role, accounts
from app.square.models import Job
from tests.conftest import Browser
from tests.publish import receivers
from tests.publish.copies import contents, published
from tests.square import data
from tests.support import storms
from tests.support.patience import PATIENCE_S
from tests.support.ports import free_port
from tests.support.processes import environment, service, until
from tests.support.site import bound

pytestmark = pytest.mark.slow


PASSWORD = "nobody will guess this one"


@pytest.fixture
def small_hub(tmp_path: Path, sqlite_template: Path, fixtures_dir: Path) -> Iterator[Settings]:
    """Only the newest run with few jobs, so that each start has little to do."""
    settings = Settings(data_dir=str(tmp_path / "var"), instance_name="Test")
    shutil.copytree(sqlite_template, settings.data)
    with bound(settings):
        execution.connect(settings)
        data.fill(fixtures_dir)
        leave_few_jobs()
        yield settings
        execution.disconnect()


def leave_few_jobs() -> None:
    for job in list(Job.select().where(Job.run != 358792)) + list(Job.select().where(Job.run == 358792).order_by(Job.tag))[6:]:
        data.Log.delete().where(data.Log.key == job.key).execute()
        job.delete_instance()
    data.Run.delete().where(data.Run.run != 358792).execute()
    data.summed(358792, data.version())


def change_something(chance: random.Random) -> None:
    job = chance.choice(list(Job.select().where(Job.run == 358792)))
    data.change(job.key, events=chance.randrange(10**9), reported=time.time())


def is_settled(mirror: receivers.Mirror) -> bool:
    """Whether the mirror has all published items, and these have the values of the tables."""
    events = {f"{job.events:,}" for job in Job.select().where(Job.run == 358792)}
    page = next((body.decode() for key, body in contents().items() if key.kind == "live" and key.system == "production"), "")
    return all(number in page for number in events) and mirror.contents() == published()


def is_beyond(revision: int) -> bool:
    return revisions.current().revision > revision


@pytest.mark.storm
def test_a_publisher_killed_at_any_moment_neither_loses_nor_repeats_anything(small_hub: Settings, tmp_path: Path) -> None:
    chance = storms.chance(11)
    with receivers.mirror(tmp_path / "mirror", small_hub) as mirror:
        settings = small_hub.replace(publish_mirrors=(mirror.url,), publish_s=0.2)
        for _ in range(2 * storms.TIMES):
            reached = revisions.current().revision
            with killed_afterwards(settings):
                until(partial(is_beyond, reached), "a publisher at work")
                for _ in range(chance.randrange(4)):
                    change_something(chance)
                    time.sleep(chance.uniform(0, 0.3))  # time of the kill
        with service(settings, "live"):
            change_something(chance)
            until(lambda: is_settled(mirror), "the mirror to have everything")
        assert receivers.consistent(mirror.accepted)
        untils = [snapshot.until for snapshot in mirror.accepted]
        assert untils == sorted(untils), "revisions never decrease"
        assert {snapshot.series for snapshot in mirror.accepted} == {revisions.current().name}


class killed_afterwards:
    """`dqmhub live`, killed at the end of the block."""

    def __init__(self, settings: Settings) -> None:
        command = [sys.executable, "-c", "from app.cli import main; main(['live'])"]
        self.process = subprocess.Popen(command, cwd=TREE, env=environment(settings) | {"DQMHUB_SUPERVISOR_PID": str(os.getpid())})

    def __enter__(self) -> None:
        pass

    def __exit__(self, *_: object) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(PATIENCE_S)


def test_failing_and_slow_mirrors_delay_neither_the_others_nor_the_folder(small_hub: Settings, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    with (
        receivers.mirror(tmp_path / "mirror", small_hub) as mirror,
        receivers.answering(b"{}", wait_s=PATIENCE_S) as slow,
        receivers.answering(b"<html>") as garbage,
    ):
        down = f"http://127.0.0.1:{free_port()}"
        settings = small_hub.replace(publish_mirrors=(down, slow, garbage, mirror.url), publish_folder=str(tmp_path / "out"), publish_s=0.2)
        with service(settings, "live"):
            until(lambda: is_settled(mirror), "the mirror that is well")
            change_something(random.Random(3))
            until(lambda: is_settled(mirror), "the mirror that is well, again")
            until(lambda: {down, garbage} <= {row.address for row in Row.select().where(Row.failures > 0)}, "the others to be written down")
            until(
                lambda: Row.get(Row.address == settings.of(PublishSettings).publish_folder).revision == revisions.current().revision,
                "the folder",
            )
            have = revisions.current().revision
            until(lambda: revisions.current().revision > have and mirror.have() > have, "a sign of life")
        assert not Row.get(Row.address == slow).revision
        assert Row.get(Row.address == slow).last_ok is None


@pytest.fixture
def expert(small_hub: Settings, tmp_path: Path) -> Iterator[FlaskClient]:
    """An expert with a browser, at a hub that published to a mirror that is up and one that is down."""
    from tests.square.published.test_published import complete, publisher_of

    with receivers.mirror(tmp_path / "mirror", small_hub) as mirror:
        settings = small_hub.replace(publish_mirrors=(mirror.url, "http://127.0.0.1:9"), publish_keep_runs=5)
        complete(publisher_of(small_hub))
        for address in settings.of(PublishSettings).publish_mirrors:
            Sender(address, settings).step(receivers.never)
        accounts.add("eve", Role.EXPERT, PASSWORD)
        app = create_app(settings)
        app.test_client_class = Browser
        client = app.test_client()
        answer = client.post("/account/sign-in", data={"name": "eve", "password": PASSWORD}, headers={"Sec-Fetch-Site": "same-origin"})
        assert answer.status_code == 303
        yield client


def test_experts_see_mirrors_and_previews_and_the_status_page_each_mirror(expert: FlaskClient) -> None:
    page = expert.get("/published").text
    assert "up to date" in page
    assert "Connection refused" in page
    assert "http://127.0.0.1:9" in page
    preview = expert.get("/published/preview?of=runs/358792?db=production")
    row = PublishedItem.get(PublishedItem.kind == "run", PublishedItem.name == "page", PublishedItem.run == 358792)
    found: Any = {key: body for key, body in contents().items() if (key.kind, key.name) == ("run", "page")}
    (body,) = found.values()
    assert body.decode() in preview.text
    assert f"since revision {row.revision}" in preview.text
    chart = expert.get("/published/charts/358792/delivery.svg?db=production&v=abc")
    assert (chart.status_code, chart.content_type) == (200, "image/svg+xml")
    link = expert.get("/published/runs/358792?db=production")
    assert link.headers["Location"] == "/published/preview?of=runs/358792?db%3Dproduction"
    assert expert.get(link.headers["Location"]).status_code == 200
    for nothing in ("runs/1", "etc/passwd", "charts/358792/other.svg", "logs/358792/x"):
        assert expert.get(f"/published/{nothing}").status_code == 404
    assert expert.get("/published/preview?of=nothing").status_code == 404
    status, metrics = expert.get("/status").text, expert.get("/metrics").text
    assert "mirror http://127.0.0.1:9" in status
    assert "up to date" in status
    assert 'dqmhub_publish_mirror_failures{mirror="http://127.0.0.1:9"} 1' in metrics
    assert "dqmhub_publish_revision" in metrics


def test_nothing_is_published_without_a_mirror_or_a_folder_in_the_settings(small_hub: Settings) -> None:
    import jobs
    from app.queue.periodic import configured_tasks

    jobs.load(AREAS)
    assert not [task.name for task in configured_tasks(small_hub) if task.name.startswith(("publish", "send", "write"))]
    both = small_hub.replace(publish_mirrors=("https://one", "https://two"), publish_folder="/out")
    names = {task.name for task in configured_tasks(both)}
    assert names >= {"publish", "send https://one", "send https://two", "write /out"}
