"""Layouts and workspaces as people change them: saved, activated, rolled back, removed, with their history and rights."""
