"""The accounting file of Grid Engine, read on from where the last scan stopped."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from app.diary.errors import CommandFailed
from app.diary.sources.command import CommandOptions, run, run_bytes
from app.diary.sources.grid_engine_text import Ended, Torn, accounting_lines

MOST_BYTES = 8 << 20
"""Read by one scan."""


class AccountingPosition(NamedTuple):
    """How far an accounting file was read. In JSON a list."""

    file: int  # number of the inode
    offset: int
    is_end: bool


def read_accounting(path: str, position: Sequence[int] | None, options: CommandOptions) -> tuple[list[Ended], Torn, AccountingPosition]:
    """The jobs of the lines that were added, text and reason of each line that cannot be used, and where to go on.

    Args:
        path: Of the file, where the commands run.
        position: Where the last scan stopped; None: the last MOST_BYTES are read. A file that was replaced is read from its start.
        options: Where the commands run.
    """
    try:
        said = run(["stat", "-L", "-c", "%i %s", path], options).split()
    except CommandFailed as error:
        if position is None or "No such file" not in error.errors:
            raise
        return [], [], AccountingPosition(0, 0, True)  # it was moved, and no job has ended since
    if len(said) != 2 or not all(each.isdigit() for each in said):
        raise CommandFailed("stat", "It printed no inode and size")
    file, size = map(int, said)
    most = min(MOST_BYTES, options.max_mib << 20)
    is_first = position is None
    begin = max(0, size - most) if position is None else position[1]
    if position is not None and (file != position[0] or size < begin):
        begin = 0
    if begin == size:
        return [], [], AccountingPosition(file, size, True)
    part = ["iflag=skip_bytes,count_bytes", f"skip={begin}", f"count={most}"]
    text = run_bytes(["dd", f"if={path}", "bs=1M", "status=none", *part], options)
    cut = text.find(b"\n") + 1 if is_first and begin else 0  # the first line may be a part of one
    end = text.rfind(b"\n") + 1  # the last one may still be written
    if not end and len(text) >= most:
        end = len(text)  # no line is so long
    found, torn = accounting_lines(text[cut:end].decode(errors="replace"))
    return found, torn, AccountingPosition(file, begin + end, (begin + end >= size or not end) and not (is_first and begin))
