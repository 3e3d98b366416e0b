"""The responses of the machines to a command, as they are stored."""

from __future__ import annotations

import json
from typing import Any, NamedTuple

import zstandard

from app.control.models import SubmittedCommand
from app.square.values import pack_json


class MachineResponse(NamedTuple):
    """The response of one machine to one request of a command."""

    machine: str  # "" for a response that no machine gave
    status: int | None  # of HTTP; None without a response
    text: str
    state: str  # the state of a command with this response alone
    error: str  # "" for a good response


def load_responses(row: SubmittedCommand) -> list[MachineResponse]:
    """The stored responses to a command; empty before the first, and once they were deleted by age."""
    return [_response(fields) for fields in json.loads(zstandard.decompress(bytes(row.answer)))] if row.answer is not None else []


def _response(fields: dict[str, Any]) -> MachineResponse:
    error = fields.get("error", fields.get("why", ""))  # "why": as versions before 0.2 stored it
    return MachineResponse(fields["machine"], fields["status"], fields["text"], fields["state"], error)


def dump_responses(responses: list[MachineResponse]) -> bytes:
    """Responses as they are stored."""
    return pack_json([response._asdict() for response in responses])
