"""Watched folders: files with layouts and workspaces, such as a git checkout, that are shown and not edited in pages."""
