"""Kills of all processes of the product while clients use it: `python -m tests.kills`, and a short form in the suite."""
