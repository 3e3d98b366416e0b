"""Files and documents of layouts and workspaces: reading with the place of every problem, and writing; no database."""
