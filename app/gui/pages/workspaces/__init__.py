"""Pages of workspaces: quick collections, folders and summaries."""
