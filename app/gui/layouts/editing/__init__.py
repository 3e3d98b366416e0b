"""Changes of layouts and workspaces: save, activate, roll back, remove; history and rights."""
