"""A hub on many hosts: each is killed in turn under load. `python -m tests.hosts`, and a short form in the suite."""
