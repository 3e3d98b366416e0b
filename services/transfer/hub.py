"""Requests to a hub: files to register, and reports. Each ends within its time limit, whatever the server does."""

from __future__ import annotations

import http.client
import json
import socket
import ssl
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, urlsplit

TIMEOUT_S = 10.0
"""Seconds for a request as a whole."""
MOST_ANSWER = 1 << 20
"""Bytes of an answer that are read."""
_TEMPORARY = {408, 425, 429}


class HubFailed(Exception):
    """A request that a hub did not accept.

    Attributes:
        is_refusal: The hub answered that it will not accept this request at another time either, for example because the token
            is wrong. Otherwise it is unreachable or overloaded.
    """

    def __init__(self, reason: str, is_refusal: bool = False) -> None:
        super().__init__(reason)
        self.reason, self.is_refusal = reason, is_refusal


class Hub:
    """One hub. Neither redirects nor proxies are followed; TLS is checked by the certificates of the system, or `SSL_CERT_FILE`."""

    def __init__(self, url: str, token_file: str = "") -> None:
        """Prepare requests; nothing is connected.

        Args:
            url: Its address, such as `https://dqm.example.com/hub`.
            token_file: File with an API token, read for each request; "" for none.
        """
        self.url, self._token_file = url.rstrip("/"), token_file

    def register(self, entries: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
        """Register files in the DQM GUI. Raises HubFailed, also when the server is not a hub."""
        answer = self._post("/api/v1/register", entries)
        numbers = [answer.get(name) for name in ("new", "replaced", "known")]
        if sum(number for number in numbers if type(number) is int) != len(entries):
            raise HubFailed(f"{self.url} is no DQM Hub: it answered without the number of files that it registered")
        return answer

    def report(self, document: Mapping[str, Any]) -> dict[str, Any]:
        """Send a report; returns the answer of the hub. Raises HubFailed, also when the server is not a hub."""
        answer = self._post("/api/v1/transfers/reports", document)
        if type(answer.get("acknowledged")) is not int or not isinstance(answer.get("refused"), list):
            raise HubFailed(f"{self.url} is no DQM Hub: it answered without the number of the last record that it acknowledges")
        return answer

    def _post(self, path: str, document: object) -> dict[str, Any]:
        headers = {
            "Content-Type": "application/json",
            "Accept": "application/json",
            "User-Agent": "dqmhub-transfer",
            **self._authorization(),
        }
        try:
            status, body = self._exchange(path, json.dumps(document).encode(), headers)
        except (OSError, http.client.HTTPException) as error:
            reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
            raise HubFailed(f"{self.url} is unreachable: {reason}") from error
        answer = _document(body)
        if not 200 <= status < 300:
            message = answer.get("message") or http.client.responses.get(status, "")
            raise HubFailed(f"{self.url} answered {status}: {message}"[:500], 300 <= status < 500 and status not in _TEMPORARY)
        return answer

    def _authorization(self) -> dict[str, str]:
        if not self._token_file:
            return {}
        try:
            return {"Authorization": f"Bearer {read_token(self._token_file)}"}
        except OSError as error:
            raise HubFailed(f"Cannot read the token file {self._token_file}: {error}") from error
        except ValueError as error:
            raise HubFailed(f"The token file {self._token_file} has no token") from error

    def _exchange(self, path: str, body: bytes, headers: Mapping[str, str]) -> tuple[int, bytes]:
        parts = urlsplit(self.url)
        is_late = threading.Event()
        sockets: list[socket.socket] = []  # the connection forgets its own when the other side closes after the answer

        def end() -> None:
            is_late.set()
            for one in sockets:
                with suppress(OSError):
                    one.shutdown(socket.SHUT_RDWR)

        timer = threading.Timer(TIMEOUT_S, end)  # a time-out of a socket begins again with each byte
        timer.daemon = True
        timer.start()
        connection = http.client.HTTPConnection(parts.hostname or "", parts.port)
        try:
            connection.sock = self._connect(parts, sockets)
            connection.request("POST", parts.path + path, body, dict(headers))
            with connection.getresponse() as response:
                answer = response.read(MOST_ANSWER + 1)
        except (OSError, http.client.HTTPException):
            if is_late.is_set():
                raise TimeoutError("timed out") from None
            raise
        finally:
            timer.cancel()
            connection.close()
            for one in sockets:
                one.close()
        if is_late.is_set():
            raise TimeoutError("timed out")
        if len(answer) > MOST_ANSWER:
            raise http.client.HTTPException(f"an answer of more than {MOST_ANSWER} bytes")
        return response.status, answer

    def _connect(self, parts: SplitResult, sockets: list[socket.socket]) -> socket.socket:
        """Connect; each socket is added to the list before it can block."""
        host, is_secure = parts.hostname or "", parts.scheme == "https"
        sockets.append(socket.create_connection((host, parts.port or (443 if is_secure else 80)), TIMEOUT_S))
        if is_secure:
            context = ssl.create_default_context()
            secure = context.wrap_socket(sockets[0], server_hostname=host, do_handshake_on_connect=False)
            sockets.append(secure)
            secure.do_handshake()
        return sockets[-1]


def read_token(path: str) -> str:
    """The token of a file. Raises `OSError`, and `ValueError` when there is none in it."""
    token = Path(path).read_text(encoding="ascii").strip()
    if not token or not token.isprintable() or " " in token:
        raise ValueError("there is no token in it")
    return token


def _document(body: bytes) -> dict[str, Any]:
    """The JSON object of an answer; an empty one when there is none."""
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return document if isinstance(document, dict) else {}
