"""Backups of the hub: the database and the keys beside it, made under load, verified, rotated and restored.

A backup is a folder with the database, the files of `KEPT_FILES` and a manifest. It gets its name only when it is complete and
verified, so what looks like a backup is one.
"""

from __future__ import annotations

from app.ops.backup.errors import BackupError
from app.ops.backup.folder import backup_folder, backups, find_backup
from app.ops.backup.making import make_backup
from app.ops.backup.manifest import Backup
from app.ops.backup.restoring import restore
from app.ops.backup.verifying import verify

__all__ = ["Backup", "BackupError", "backup_folder", "backups", "find_backup", "make_backup", "restore", "verify"]
