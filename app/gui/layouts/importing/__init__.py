"""Layouts and workspaces as files bring them into the database, and as exports take them out of it."""
