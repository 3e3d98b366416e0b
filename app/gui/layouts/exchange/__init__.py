"""Reads and writes files and documents of layouts and workspaces, with the place of every problem; no database."""
