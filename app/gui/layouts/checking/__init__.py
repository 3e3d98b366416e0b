"""What is wrong with layouts and workspaces: names of plots that do not exist, duplicates, what nobody can reach."""
