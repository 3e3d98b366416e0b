"""Logs of jobs as files: opening those that may be read, and a bounded part of their text."""
