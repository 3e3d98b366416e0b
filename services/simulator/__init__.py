"""Simulator of the experiment site (P5): the machines that run DQM jobs, their documents, and the web server for them.

`python -m services.simulator` starts it; docs/developers/simulator.md describes its runs and how tests control it. Its protocol is
that of DQM^2 (fff_web of fff_dqmtools), including its bugs, so that the same clients work with both.
"""
