"""The check of layouts and workspaces: unknown plots, duplicates, layouts that no workspace shows."""
