"""Reports of the real sender to a real server of the hub."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Any

import pytest
from werkzeug.serving import make_server

from app.transfers import runs
from app.transfers.hosts import hosts
from services.transfer import reporting
from services.transfer.hub import Hub
from services.transfer.journal import Journal
from services.transfer.reporting import Reporter
from tests.support.ports import free_port
from tests.support.processes import until
from tests.transfers.samples import RUN, concatenation_record, delivery_record, file_record, fu_state, merge_record, process, root_record

if TYPE_CHECKING:
    from flask import Flask


@contextmanager
def serving(application: Any, port: int) -> Iterator[None]:
    """A server of an application."""
    server = make_server("127.0.0.1", port, application, threaded=True)
    thread = Thread(target=server.serve_forever)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class LosesAnswers:
    """The hub behind a line that loses its first answers."""

    def __init__(self, app: Flask, count: int) -> None:
        self.app, self.left = app, count

    def __call__(self, environ: Any, start: Callable[..., Any]) -> Any:
        """Answer, or 502 though the hub has answered."""
        if self.left:
            self.left -= 1
            list(self.app(environ, lambda *_: lambda _: None))
            start("502 Bad Gateway", [("Content-Length", "0")])
            return [b""]
        return self.app(environ, start)


def records(count: int) -> list[dict[str, Any]]:
    """Records of all kinds as modes add them, without number."""
    found = [file_record(0) for _ in range(count)]
    found += [root_record(0), concatenation_record(0), merge_record(0), delivery_record(0)]
    return [{name: value for name, value in record.items() if name != "number"} for record in found]


def test_records_reach_the_hub_once_though_it_is_away_first_and_answers_are_lost(
    app: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reporting, "RETRY_S", 0.05)
    monkeypatch.setattr(reporting, "RETRY_MOST_S", 0.05)
    monkeypatch.setattr(reporting, "BATCH", 40)
    port = free_port()
    hub = Hub(f"http://127.0.0.1:{port}")
    journal = Journal(tmp_path / "fu.sqlite")
    state = fu_state(clients=(process(7),))
    reporter = Reporter(journal, [hub], "fu-1", "fu", lambda: state)
    try:
        for record in records(100):
            journal.add_record(record)
        with serving(LosesAnswers(app, 2), port):
            until(lambda: not journal.records_after(journal.acknowledged(hub.url), 1), "the acknowledgement of all records")
            journal.add_record(records(1)[0] | {"client": ""})
            until(lambda: any(client.client == "unnamed client" for client in runs.run(RUN).clients), "the last record")
    finally:
        reporter.close()
        journal.close()
    named = next(client for client in runs.run(RUN).clients if client.client == "SiStrip")
    assert named.snapshots == 100
    assert named.root_sent
    (summary,) = runs.runs()
    assert (summary.concatenations, summary.merges) == (1, 1)
    (host,) = hosts(60)
    assert (host.host, host.mode, host.refused, host.dropped) == ("fu-1", "fu", 0, 0)
