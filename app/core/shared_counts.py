"""Numbers that several processes count, in memory that they share and that is no file.

Memory of a file ends its process by SIGBUS when the disk of the file is full, so counters are not kept on disk. The
parent process creates the memory and gives each child a *slot*, in which only this child writes. When a child has ended,
the next one continues its slot, so sums never decrease.

A slot is made of words of eight bytes: their number, then entries. An entry is the length of its name in bytes, the
name, filled up to whole words, and the number. A reader sees an entry once the number of words includes it.
"""

from __future__ import annotations

import logging
import mmap
import threading
from collections.abc import Iterator

log = logging.getLogger(__name__)

WORD = 8
SLOT_WORDS = 1 << 16
"""512 kB: room for some 5000 numbers. Only the pages that are written take memory."""


class SharedCounts:
    """Named numbers of this process and of those that share its memory. Threads may count at the same time."""

    def __init__(self, slots: int = 1) -> None:
        """
        Args:
            slots: Greatest number of processes that count at the same time.
        """
        self._slots: dict[int, int] = {}  # by process
        self._make_memory(slots)

    def _make_memory(self, slots: int) -> None:
        memory = memoryview(mmap.mmap(-1, slots * SLOT_WORDS * WORD))  # anonymous, and shared with forked processes
        self._bytes, self._counts, self._numbers = memory, memory.cast("Q"), memory.cast("d")
        self._free = list(range(slots))
        self._use(0)

    def reserve(self, process: int) -> None:
        """Give a slot to a process that is about to be started.

        Args:
            process: Any number that no other process has.
        """
        if self._free:
            self._slots[process] = self._free.pop(0)

    def start(self, process: int) -> None:
        """Count in the slot of this process from now on; without a slot, in memory of this process alone."""
        if process in self._slots:
            self._use(self._slots[process] * SLOT_WORDS)
        else:
            log.warning("More processes than expected: what this one counts is missing in /metrics of the others")
            self._make_memory(1)

    def end(self, process: int) -> None:
        """Keep the numbers of a process that has ended, for the next one."""
        if process in self._slots:
            self._free.insert(0, self._slots.pop(process))

    def _use(self, start: int) -> None:
        """Count in the slot that starts at this word, and continue its entries."""
        self._start, self._lock = start, threading.Lock()
        self._places = {name: place for name, place, _ in self._entries(start)}

    def add(self, name: str, amount: float) -> None:
        """Add to a number, which is 0 at first."""
        with self._lock:
            place = self._places.get(name) or self._add_entry(name)
            if place:
                self._numbers[place] += amount

    def _add_entry(self, name: str) -> int:
        """The word of a new number; 0 if the slot is full."""
        encoded = name.encode(errors="replace")
        words = -(-len(encoded) // WORD)
        used = self._counts[self._start] or 1
        place = self._start + used
        if used + words + 2 > SLOT_WORDS:
            return 0
        self._counts[place] = len(encoded)
        self._bytes[(place + 1) * WORD : (place + 1) * WORD + len(encoded)] = encoded
        self._numbers[place + 1 + words] = 0.0
        self._counts[self._start] = used + words + 2
        self._places[name] = place + 1 + words
        return self._places[name]

    def _entries(self, start: int) -> Iterator[tuple[str, int, float]]:
        """Name, word and value of each number of a slot."""
        place, end = start + 1, start + self._counts[start]
        while place < end:
            length = self._counts[place]
            value = place + 1 + -(-length // WORD)
            yield bytes(self._bytes[(place + 1) * WORD : (place + 1) * WORD + length]).decode(errors="replace"), value, self._numbers[value]
            place = value + 1

    def totals(self) -> dict[str, float]:
        """The sums over all processes, those that have ended included."""
        sums: dict[str, float] = {}
        for start in range(0, len(self._counts), SLOT_WORDS):
            for name, _, number in self._entries(start):
                sums[name] = sums.get(name, 0.0) + number
        return sums
