"""Errors of publishing; views and tasks map them to what people see."""

from __future__ import annotations


class PublishError(Exception):
    """Base of all errors of this package."""


class AreaConflict(PublishError):
    """Two areas render pieces of one kind."""


class ItemTooLarge(PublishError):
    """An item is larger than mirrors accept."""


class RevisionConflict(PublishError):
    """Another publisher stored a revision in the meantime."""


class SendError(PublishError):
    """A mirror did not accept a snapshot; the message is the reason."""
