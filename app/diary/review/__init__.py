"""What people add to jobs: reviews with their history, tags, reviews of many jobs at once, saved searches, and rights."""
