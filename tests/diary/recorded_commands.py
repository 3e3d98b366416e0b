"""Commands that print recorded texts, in a folder for a `PATH`."""

from __future__ import annotations

from pathlib import Path

RECORDED = Path(__file__).parent / "recorded"


def write_command(folder: Path, name: str, script: str) -> None:
    """Write a command as a shell script."""
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(f"#!/bin/sh\n{script}\n")
    (folder / name).chmod(0o755)


def write_slurm(folder: Path, texts: Path) -> None:
    """Write `squeue` and `sacct` that print the texts of a folder."""
    write_command(folder, "squeue", f'case "$*" in *" -O "*) cat {texts}/logs.txt ;; *) cat {texts}/squeue.txt ;; esac')
    write_command(folder, "sacct", f"cat {texts}/sacct.txt")
