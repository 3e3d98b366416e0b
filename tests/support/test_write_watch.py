"""The watch on write transactions."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from app.core.database import end_thread, proxy
from app.core.settings import Settings
from app.gui.catalog.storing import forget_names
from app.gui.files import register
from app.gui.files.entries import Entry
from app.gui.models import Dataset, NameList
from tests.support.write_watch import WriteWatch, watched


def entries(count: int) -> list[Entry]:
    return [Entry("/A/B/C", run, 0, f"/data/{run}.root", "tdirectory") for run in range(1, count + 1)]


def test_a_long_transaction_of_the_product_is_found_with_its_place(hub: Settings) -> None:
    watch = WriteWatch(500)
    with watched(watch):
        register.register(entries(100))
        assert watch.too_long == []
        register.register(entries(600))
    (found,) = watch.too_long
    assert found.writes > 1000  # 500 files and their samples are new
    assert found.place.startswith("app/gui/files/register.py:")


def test_what_a_transaction_reads_counts(hub: Settings) -> None:
    register.register(entries(500))
    watch = WriteWatch(most_instructions=20_000)
    with watched(watch):
        register.register(entries(1))
        assert watch.too_long == []
        register.register(entries(500))  # which changes nothing
    (found,) = watch.too_long
    assert found.instructions > 20_000
    assert found.writes < 100


def test_other_threads_and_single_statements_count(hub: Settings) -> None:
    NameList.insert_many([{"sha256": f"{number}", "blob": b"", "count": 0} for number in range(300)]).execute()

    def write() -> None:
        register.register(entries(300))
        end_thread()

    watch = WriteWatch(250)
    with watched(watch):
        with ThreadPoolExecutor(1) as pool:
            pool.submit(write).result()
        forget_names()
    assert [found.place.partition(":")[0] for found in watch.longest[:2]] == ["app/gui/files/register.py", "app/gui/catalog/storing.py"]


def test_what_a_test_writes_does_not_count(hub: Settings) -> None:
    watch = WriteWatch(0)
    with watched(watch):
        with proxy.atomic():
            Dataset.insert_many([{"name": f"/A/B/{number}"} for number in range(600)]).execute()
        Dataset.update(name=Dataset.name + "x").execute()
    assert watch.longest == watch.too_long == []
