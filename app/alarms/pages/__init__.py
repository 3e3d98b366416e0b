"""The pages of alarms, and their number on all pages."""
