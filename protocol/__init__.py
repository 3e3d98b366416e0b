"""Formats shared by processes that must not import each other.

* `snapshot`: the signed snapshots that a hub sends to its public mirrors.

Only the standard library and `cryptography` may be imported here: a mirror runs on machines that have nothing else of DQM Hub
but this folder and `services/mirror`.
"""
