"""Threads of tests that do the same at the same time."""

from __future__ import annotations

import threading
from collections.abc import Callable

from app.core.database import end_thread


def run_at_once(run: Callable[[], object], count: int = 2) -> list[BaseException]:
    """Run a function in several threads, until all have ended; what it raised in them."""
    together, failures = threading.Barrier(count), list[BaseException]()

    def thread() -> None:
        try:
            together.wait()
            run()
        except BaseException as error:
            failures.append(error)
        finally:
            end_thread()

    threads = [threading.Thread(target=thread) for _ in range(count)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    return failures
