"""Settings and receivers for the tests of single channels."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from app.core.settings import Settings
from tests.notify.receivers import Box, Hook, hook, mail_server
from tests.square.test_upstream import write_certificate


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> str:
    return write_certificate(tmp_path_factory.mktemp("certificates"), "server")


@pytest.fixture
def configured(settings: Settings) -> Settings:
    """Settings with mail addresses and a long time limit, for messages that must arrive."""
    return settings.replace(
        notify_mail_from="dqm-hub@cern.ch",
        notify_mail_to=("shifter@cern.ch", "expert@cern.ch"),
        notify_smtp_security="none",
        notify_timeout_s=60.0,
        instance_name="DQM production",
    )


@pytest.fixture
def receiver() -> Iterator[Hook]:
    with hook() as found:
        yield found


@pytest.fixture
def box() -> Iterator[Box]:
    with mail_server() as found:
        yield found
