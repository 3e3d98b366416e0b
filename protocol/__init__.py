"""What processes share that must not import each other.

* `snapshot`: the signed snapshots that a hub sends to its public mirrors
* `buffered_http`: the HTTP server of the hub and of its mirrors

Only the standard library, `cryptography` and, in `buffered_http`, gunicorn may be imported here: a mirror runs on machines
that have only this folder and `services/mirror` of DQM Hub.
"""
