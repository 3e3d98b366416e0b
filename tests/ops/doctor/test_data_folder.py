"""The check of the data folder: which file systems are right for it."""

from __future__ import annotations

import os
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from app.core.settings import Settings
from app.ops.doctor.checks.data_folder import file_systems, rights
from tests.ops.doctor.other_user import as_user

ELSEWHERE = {"database_url": "postgresql://db/dqm", "huey_url": "redis://queue:6379/0"}


@pytest.mark.parametrize(
    ("elsewhere", "remedy"), [((), "the database and the queues"), (("huey_url",), "the database"), (("database_url",), "the queues")]
)
def test_sqlite_on_a_network_file_system_is_an_error(settings: Settings, elsewhere: tuple[str, ...], remedy: str) -> None:
    given = settings.replace(**{name: ELSEWHERE[name] for name in elsewhere})
    (finding,) = file_systems(given, f"ceph {settings.data} ceph rw 0 0\n")
    assert (finding.level, finding.text) == ("error", f"{settings.data} is on a network file system (ceph), where SQLite loses data")
    assert finding.remedy == f"Set data_dir to a folder on a local disk, or have PostgreSQL and Redis keep {remedy}"


def test_hosts_with_postgresql_and_redis_share_a_data_folder_but_not_the_socket_of_the_render_service(settings: Settings) -> None:
    given, shared = settings.replace(**ELSEWHERE), f"ceph {settings.data} ceph rw 0 0\n"
    assert list(file_systems(given, f"{shared}tmpfs {settings.data}/render tmpfs rw 0 0\n")) == []
    (finding,) = file_systems(given, shared)
    assert finding.text.startswith(f"{settings.data}/render is on a network file system (ceph), and the socket")
    assert finding.remedy == f"Mount a folder of this host, such as a tmpfs, at {settings.data}/render"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
def test_a_volume_that_belongs_to_root_is_right_for_a_pod_whose_group_may_write_it() -> None:
    """So are the volumes of Kubernetes, with that of the socket in that of the data."""
    with TemporaryDirectory() as name:
        folder, sockets, keys = Path(name), Path(name, "render"), Path(name, "publish")
        sockets.mkdir()
        for each in (folder, sockets):
            os.chown(each, 0, 10001)
            each.chmod(0o2775)
        with as_user(10001):
            (folder / "secret").touch(0o600)
            assert [finding.level for finding in rights(folder)] == ["ok"]
        keys.mkdir(0o755)
        with as_user(10001):
            (finding,) = rights(folder)
        assert (finding.level, finding.text) == ("error", f"publish in {folder} cannot be written by this user")
