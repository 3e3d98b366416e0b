"""Layouts and workspaces for pages and the API: index of their paths, contents, and their plots in a sample."""
