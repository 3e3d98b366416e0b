"""A stand-in for the experiment site (P5): the machines that run DQM jobs, their documents, and the web server that serves them.

`python -m services.simulator` starts it; docs/developers/simulator.md says what it plays and how tests drive it. It speaks as
DQM^2 does (fff_web of fff_dqmtools): what works against it works against the machines at P5, and the other way round.
"""
