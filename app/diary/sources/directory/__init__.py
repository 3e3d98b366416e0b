"""Directories: jobs that leave traces there, found by rules of a configuration; submission logs and READMEs add details."""

from __future__ import annotations

from app.diary.sources.directory.source import make
from app.diary.sources.source import SourceKind

KIND = SourceKind("directory", make)
