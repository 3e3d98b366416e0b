"""Files of every format have the same listings and histograms on an XRootD server as on disk."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from app.formats import FormatError, Kind, MEListing, payload, remote, scan
from tests.support.xrootd import XRootD, patient_client, xrootd_server

pytestmark = pytest.mark.slow

FILES = {"tdirectory": "classes.root", "dqmio": "types.root", "protobuf": "classes.pb"}


@pytest.fixture(scope="module")
def server() -> Iterator[XRootD]:
    with patient_client(), xrootd_server() as server:
        yield server


@pytest.fixture
def folders(root_files: Path, dqmio_files: Path, snapshot_files: Path) -> dict[str, Path]:
    return {"tdirectory": root_files, "dqmio": dqmio_files, "protobuf": snapshot_files}


def contents(listing: MEListing) -> tuple[list[bytes], bytes, bytes, int]:
    return list(listing.names), listing.columns.pack(), listing.facts.pack(), listing.unreadable


@pytest.mark.parametrize("format", FILES)
def test_listings_and_histograms_equal_those_of_the_local_file(folders: dict[str, Path], server: XRootD, format: str) -> None:
    path = folders[format] / FILES[format]
    url = server.add(path.name, path.read_bytes())
    local, far = scan(path, format), scan(url, format)
    assert far.unreadable == local.unreadable
    assert {key: contents(listing) for key, listing in far.samples.items()} == {
        key: contents(listing) for key, listing in local.samples.items()
    }
    for listing in local.samples.values():
        for row in map(listing.columns.row, range(len(listing.names))):
            if not Kind(row.kind).scalar:
                assert payload(url, format, row) == payload(path, format, row)


@pytest.mark.parametrize("format", FILES)
def test_truncated_file_gives_the_same_error_as_on_disk(folders: dict[str, Path], server: XRootD, tmp_path: Path, format: str) -> None:
    whole = (folders[format] / FILES[format]).read_bytes()
    cut = tmp_path / f"cut.{format}"
    cut.write_bytes(whole[:50])
    url = server.add(cut.name, whole[:50])
    with pytest.raises(FormatError) as local:
        scan(cut, format)
    with pytest.raises(FormatError) as far:
        scan(url, format)
    assert str(far.value) == str(local.value).replace(str(cut), url)


def test_histogram_is_read_with_one_request(folders: dict[str, Path], server: XRootD, monkeypatch: pytest.MonkeyPatch) -> None:
    request_sizes: list[int] = []
    piece = remote.RemoteFile._piece

    def count_read(file: remote.RemoteFile, seek: int, size: int) -> bytes:
        request_sizes.append(size)
        return piece(file, seek, size)

    monkeypatch.setattr(remote.RemoteFile, "_piece", count_read)
    for format, name in FILES.items():
        path = folders[format] / name
        url = server.add(path.name, path.read_bytes())
        (listing, *_) = [listing for listing in scan(url, format).samples.values() if len(listing.names)]
        rows = [listing.columns.row(index) for index in range(len(listing.names))]
        row = next(row for row in rows if not Kind(row.kind).scalar)
        request_sizes.clear()
        payload(url, format, row)
        assert request_sizes == [row.nbytes]
