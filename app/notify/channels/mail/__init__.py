"""Mail: one for each notification, or one for many."""
