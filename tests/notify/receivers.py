"""Receivers of notifications: real servers for webhooks, mail and sound on this machine."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope

from tests.support.ports import free_port
from tests.support.raw_server import WAIT_S, Behaviour, served, server_context


@dataclass
class Hook:
    """A webhook."""

    address: str = ""
    status: int = 200  # of the next answers
    text: bytes = b"the channel is archived"  # of the next answers
    requests: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)  # path, headers and body
    hold: threading.Event = field(default_factory=threading.Event)  # it answers once this is set

    @property
    def messages(self) -> list[Any]:
        return [json.loads(body) for _, _, body in self.requests]


@contextmanager
def hook(certificate: str = "", host: str = "127.0.0.1") -> Iterator[Hook]:
    """A webhook on a free port of an address, over TLS with a certificate."""
    found = Hook()
    found.hold.set()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            found.requests.append((self.path, dict(self.headers), body))
            assert found.hold.wait(WAIT_S)
            with suppress(OSError):  # the client may be dead by now
                self.send_response(found.status)
                self.send_header("Location", f"{found.address}/elsewhere")
                self.end_headers()
                self.wfile.write(found.text)

        def log_message(self, *_: object) -> None:
            pass

    class Server(ThreadingHTTPServer):
        def handle_error(self, *_: object) -> None:
            """A handshake that fails is what some clients are here for."""

    with Server((host, 0), Handler) as server:
        if certificate:
            server.socket = server_context(certificate).wrap_socket(server.socket, server_side=True)
        found.address = f"http{'s' if certificate else ''}://{host}:{server.server_port}"
        with served(server):
            try:
                yield found
            finally:
                found.hold.set()


@dataclass
class Box:
    """A mail server."""

    place: str = ""
    mails: list[EmailMessage] = field(default_factory=list)  # accepted
    recipients: list[list[str]] = field(default_factory=list)
    rejections: dict[str, str] = field(default_factory=dict)  # answers by recipient
    answer: str = "250 accepted"  # to a mail
    users: list[bytes] = field(default_factory=list)  # that signed in

    async def handle_RCPT(self, _: SMTP, __: object, envelope: Envelope, address: str, options: list[str]) -> str:
        if address in self.rejections:
            return self.rejections[address]
        envelope.rcpt_tos.append(address)
        envelope.rcpt_options.extend(options)
        return "250 OK"

    async def handle_DATA(self, _: SMTP, __: object, envelope: Envelope) -> str:
        if self.answer.startswith("2"):
            assert isinstance(envelope.content, bytes)
            mail = message_from_bytes(envelope.content, policy=default)
            assert isinstance(mail, EmailMessage)
            self.mails.append(mail)
            self.recipients.append(list(envelope.rcpt_tos))
        return self.answer

    def sign_in(self, _: SMTP, __: object, ___: object, ____: str, login: Any) -> AuthResult:
        self.users.append(login.login)
        return AuthResult(success=login.password == b"right", handled=False)


@contextmanager
def mail_server(certificate: str = "", security: str = "none", *, accounts: bool = False) -> Iterator[Box]:
    """A mail server on a free port, in a thread of its own."""
    box = Box()
    context = server_context(certificate) if certificate else None
    options: dict[str, Any] = {"ssl_context": context} if security == "tls" else {"tls_context": context} if security == "starttls" else {}
    if accounts:
        options |= {"authenticator": box.sign_in, "auth_required": True, "auth_require_tls": security == "starttls"}
    controller = Controller(box, hostname="127.0.0.1", port=free_port(), require_starttls=security == "starttls", **options)
    controller.start()
    box.place = f"127.0.0.1:{controller.port}"
    try:
        yield box
    finally:
        controller.stop()


def sound_server(answer: bytes = b"All ok\n") -> Behaviour:
    """Reads a whole command and responds."""

    def behaviour(connection: socket.socket, received: bytearray, _: threading.Event) -> None:
        while b"</CommandSequence>" not in received and (part := connection.recv(4096)):
            received += part
        connection.sendall(answer)

    return behaviour
