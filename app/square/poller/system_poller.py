"""Polling of all machines of a system, each in a thread of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import contextmanager

from app.core.database import end_thread
from app.core.settings import Settings
from app.queue.periodic import TaskRun
from app.square.errors import P5Unreachable
from app.square.plausibility import judge_recent
from app.square.poller import store
from app.square.poller.host_poller import HostPoller
from app.square.settings import SquareSettings
from app.square.upstream import short_name


@contextmanager
def system_poller(system: str, machines: Sequence[str], settings: Settings, run: TaskRun) -> Iterator[Callable[[], None]]:
    """Yields a function that starts to poll each idle machine, and waits for them at most one period."""
    square = settings.of(SquareSettings)
    store.delete_unlisted_hosts({name: [short_name(host) for host in hosts] for name, hosts in square.square_machines.items()})
    judge_recent(system)
    pollers = [HostPoller(system, name, settings) for name in machines]
    running: dict[HostPoller, Future[bool]] = {}

    def poll(poller: HostPoller) -> bool:
        try:
            return poller.poll(run.should_stop)
        finally:
            end_thread()

    def pop_ended() -> list[Future[bool]]:
        return [running.pop(poller) for poller, future in list(running.items()) if future.done()]

    with ThreadPoolExecutor(len(pollers), thread_name_prefix=f"poll-{system}") as pool:

        def step() -> None:
            ended = pop_ended()
            running.update({poller: pool.submit(poll, poller) for poller in pollers if poller not in running})
            wait(running.values(), timeout=square.square_poll_s)
            ended += pop_ended()
            responded = [future.result() for future in ended]
            if not any(responded) and not running:
                raise P5Unreachable(f"no host of {system} responds")

        yield step
    for poller in pollers:
        poller.upstream.close()
