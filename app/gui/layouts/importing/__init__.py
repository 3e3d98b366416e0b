"""Imports layouts and workspaces from files into the database, and selects those that are exported."""
