"""The accounting file of Grid Engine, read on from where the last scan stopped."""

from __future__ import annotations

import posixpath
from collections.abc import Sequence
from typing import NamedTuple

from app.diary.errors import CommandFailed
from app.diary.sources.command import CommandOptions, run, run_bytes
from app.diary.sources.grid_engine_text import BadRecords, FinishedJob, accounting_lines

MOST_BYTES = 8 << 20
"""Read by one scan."""


class AccountingPosition(NamedTuple):
    """How far an accounting file was read. In JSON a list."""

    file: int  # number of the inode
    offset: int
    is_end: bool


class _File(NamedTuple):
    inode: int
    size: int


def read_accounting(
    path: str, position: Sequence[int] | None, options: CommandOptions
) -> tuple[list[FinishedJob], BadRecords, AccountingPosition]:
    """The jobs of the lines that were added, text and reason of each line that cannot be used, and where to go on.

    Args:
        path: Of the file, where the commands run.
        position: Where the last scan stopped; None: the last MOST_BYTES are read. When the file was replaced, the rest of the former
            one is read, if it is PATH.0 or PATH.1 now, and then the new one from its start.
        options: Where the commands run.
    """
    file = _file(path, options)
    if position is None:
        if file is None:
            return _not_yet_there(path, options)
        begin = max(0, file.size - _most(options))
        found, bad, end = _lines(path, begin, options, is_within=begin > 0)
        return found, bad, AccountingPosition(file.inode, end, begin == 0 and end >= file.size)
    inode, begin, _ = position
    if file is None or file.inode != inode:
        return _read_replaced(path, file, position, options)
    begin = begin if begin <= file.size else 0  # it was emptied
    if begin == file.size:
        return [], [], AccountingPosition(inode, begin, True)
    found, bad, end = _lines(path, begin, options)
    return found, bad, AccountingPosition(inode, end, end >= file.size or end == begin)


def _not_yet_there(path: str, options: CommandOptions) -> tuple[list[FinishedJob], BadRecords, AccountingPosition]:
    """The file appears when the first job ends; until then it is logged once, since its path may be wrong. Raises without its folder."""
    if _file(posixpath.dirname(path), options) is None:
        raise CommandFailed("stat", f"{posixpath.dirname(path)}: No such file or directory")
    return [], [(path, "There is no such file: no job has ended yet, or the option accounting is wrong")], AccountingPosition(0, 0, False)


def _read_replaced(
    path: str, file: _File | None, position: Sequence[int], options: CommandOptions
) -> tuple[list[FinishedJob], BadRecords, AccountingPosition]:
    """The same after another file has come, or will come, to this path. What was not found is not the end: more may have been there."""
    inode, begin, _ = position
    former = next(((name, old) for name in (f"{path}.0", f"{path}.1") if (old := _file(name, options)) and old.inode == inode), None)
    if former and former[1].size > begin:
        found, bad, end = _lines(former[0], begin, options, is_last=former[1].size - begin <= _most(options))
        return found, bad, AccountingPosition(inode, end, False)
    if file:
        found, bad, end = _lines(path, 0, options)
        return found, bad, AccountingPosition(file.inode, end, False)
    return [], [], AccountingPosition(inode, begin, True) if former else AccountingPosition(0, 0, inode == 0)


def _most(options: CommandOptions) -> int:
    return min(MOST_BYTES, options.max_mib << 20)


def _file(path: str, options: CommandOptions) -> _File | None:
    """Inode and size of a file; None: there is none."""
    try:
        printed = run(["stat", "-L", "-c", "%i %s", path], options).split()
    except CommandFailed as error:
        if "No such file" not in error.errors:
            raise
        return None
    if len(printed) != 2 or not all(each.isdigit() for each in printed):
        raise CommandFailed("stat", "It printed no inode and size")
    return _File(*map(int, printed))


def _lines(
    path: str, begin: int, options: CommandOptions, *, is_within: bool = False, is_last: bool = False
) -> tuple[list[FinishedJob], BadRecords, int]:
    """The jobs of a part of a file, the lines that cannot be used, and where the part ends.

    Args:
        begin: Where the part begins.
        is_within: It may begin within a line, which is left out.
        is_last: Nothing will be added: the last line is used also without its end.
    """
    part = ["iflag=skip_bytes,count_bytes", f"skip={begin}", f"count={_most(options)}"]
    text = run_bytes(["dd", f"if={path}", "bs=1M", "status=none", *part], options)
    cut = text.find(b"\n") + 1 if is_within else 0
    end = len(text) if is_last else text.rfind(b"\n") + 1  # the last line may still be written
    if not end and len(text) >= _most(options):
        end = len(text)  # no line is so long
    found, bad = accounting_lines(text[cut:end].decode(errors="replace"))
    return found, bad, begin + end
