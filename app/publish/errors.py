"""Errors of publishing; views and tasks map them to responses and log messages."""

from __future__ import annotations


class PublishError(Exception):
    """Base of all errors of this package."""


class AreaConflict(PublishError):
    """Two areas render pieces of one kind."""


class ItemTooLarge(PublishError):
    """An item exceeds the size limit of mirrors."""


class RevisionConflict(PublishError):
    """Another publisher stored a revision in the meantime."""


class SendError(PublishError):
    """A mirror did not accept a snapshot; the message is the reason."""
