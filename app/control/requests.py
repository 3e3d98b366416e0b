"""The requests to P5 that commands consist of."""

from __future__ import annotations

import json
from collections.abc import Callable
from urllib.parse import quote, urlencode

from app.control import impact, inventory
from app.control.arguments import Args
from app.control.specs import P5Request
from app.core.settings import Settings
from app.square.settings import SquareSettings
from app.square.systems import PLAYBACK
from app.square.upstream import short_name

RequestBuilder = Callable[[Settings, Args], list[P5Request]]


def gateway_request(what: str, **fixed: str) -> RequestBuilder:
    """A request to the gateway, which takes commands and queries alike by GET."""

    def build(settings: Settings, args: Args) -> list[P5Request]:
        return [
            P5Request(
                short_name(settings.of(SquareSettings).square_gateway), "GET", "/cr/exe?" + urlencode({"what": what, **args, **fixed})
            )
        ]

    return build


def clients_request(what: str) -> RequestBuilder:
    """A request on the clients of a machine; the gateway needs to know whether it is one of playback."""

    def build(settings: Settings, args: Args) -> list[P5Request]:
        is_playback = impact.system_of(settings, args) == PLAYBACK
        return gateway_request(what, playback="1" if is_playback else "0")(settings, args)

    return build


def player_request(command: str) -> RequestBuilder:
    """A command to the socket of the player."""

    def build(settings: Settings, args: Args) -> list[P5Request]:
        path = f"/utils/control_command/{quote(args['socket'], safe='')}/{command}"
        return [P5Request(impact.player_machine(settings, args), "POST", path)]

    return build


def kill_requests(settings: Settings, args: Args) -> list[P5Request]:
    """A signal to a process, from the machine on which it runs; none if the job is not known."""
    job = impact.find_job(args)
    if job is None:
        return []
    body = json.dumps({"pid": job.pid, "signal": int(args["signal"])})
    return [P5Request(short_name(job.host), "POST", f"/utils/kill_proc/{quote(args['key'], safe='')}", body)]


def drop_requests(settings: Settings, args: Args) -> list[P5Request]:
    """The deletion of the documents of a run, on each machine with some."""
    system, run = args["system"], int(args["run"])
    bodies = {host: {"ids": inventory.document_keys(system, run, host)} for host in impact.drop_run(settings, args).documents}
    return [P5Request(host, "POST", "/utils/drop_ids", json.dumps(body)) for host, body in bodies.items()]
