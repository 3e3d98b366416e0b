"""Formats shared by processes that must not import each other.

* `snapshot`: the signed snapshots that a hub sends to its public mirrors.

Only the standard library and `cryptography` may be imported here: a mirror runs on machines that have only this
folder and `services/mirror` of DQM Hub.
"""
