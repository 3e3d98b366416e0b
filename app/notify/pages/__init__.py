"""The pages of notifications, and of the events of all areas."""
