"""Layouts and workspaces as pages and the API show them: where they are, what they hold, and where their plots are in a sample."""
