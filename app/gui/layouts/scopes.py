"""Scopes: the kinds of samples that layouts and workspaces are for."""

from __future__ import annotations

SCOPES = ("online", "offline", "relval")

ONLINE_DATASET = "/Global/Online/ALL"


def scope_of(dataset: str) -> str:
    """The scope of the samples of a dataset, as the legacy DQM GUI decides it."""
    if dataset == ONLINE_DATASET:
        return "online"
    return "relval" if "relval" in dataset.lower() else "offline"
