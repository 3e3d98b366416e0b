"""Search of the jobs: what people type, which jobs a page shows, and how they are found."""
