"""The HTTP client: one deadline for a whole exchange, a largest size of answers, and errors that show what can be retried.

The deadline covers connecting, TLS, sending, the headers and the body, also when they trickle (see app/core/deadline.py).
Redirects are never followed. Proxies and passwords of the environment are not used: they are not meant for our servers.
"""

from __future__ import annotations

import ssl
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from io import BytesIO
from typing import IO, NamedTuple
from urllib.parse import urlsplit

from urllib3 import HTTPConnectionPool, HTTPSConnectionPool, PoolManager, Timeout, make_headers
from urllib3 import exceptions as urllib3_errors
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.response import BaseHTTPResponse

from app.core.deadline import DeadlineSocket, connect, deadline, tls_context
from app.core.version import VERSION

CHUNK = 1 << 18
"""Bytes of a body that are read at once."""

KEPT_BYTES = 1 << 18
"""Bytes of an unusable body that its error keeps."""


class HttpError(Exception):
    """No usable answer. Raised itself when the request cannot be made: the URL or a certificate file is wrong.

    Attributes:
        sent: Whether the server may have got the request.
        status: Status of the answer, when that much arrived.
        body: The first KEPT_BYTES of the body that arrived.
    """

    def __init__(self, why: str, *, sent: bool = False, status: int | None = None, body: bytes = b"") -> None:
        self.sent, self.status, self.body = sent, status, body
        super().__init__(why)


class HttpUnreachable(HttpError):
    """No connection could be made, or it ended before an answer began (then `sent` is true)."""


class HttpTimeout(HttpError):
    """The deadline passed before the answer was complete."""


class HttpBadAnswer(HttpError):
    """The answer is too long, or ends early."""


class HttpAnswer(NamedTuple):
    """A complete answer, of any status."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    """Decoded; empty when it was written into a file."""


class HttpClient:
    """A client for one thread, which keeps its connections open."""

    def __init__(self, *, ca: str = "", certificate: str = "", key: str = "", headers: Mapping[str, str] | None = None) -> None:
        """Prepare a client; nothing is read or connected yet.

        Args:
            ca: File (PEM) or folder of authorities; "" for those of the system and of certifi.
            certificate: File (PEM) of the client's certificate; "" for none.
            key: File (PEM) of its key; "" when it is in the file of the certificate.
            headers: Sent with each request, cookies among them.
        """
        self._tls = (ca, certificate, key)
        self._headers = {"User-Agent": f"DQMHub/{VERSION}", **make_headers(accept_encoding=True), **(headers or {})}
        self._pools: dict[str, PoolManager] = {}

    def close(self) -> None:
        """Close the connections."""
        for pools in self._pools.values():
            pools.clear()

    def request(
        self,
        method: str,
        url: str,
        *,
        deadline_s: float,
        max_bytes: int,
        connect_s: float | None = None,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        into: IO[bytes] | None = None,
        truncate: bool = False,
        retries: int = 0,
    ) -> HttpAnswer:
        """Send a request and return the complete answer, of any status.

        Args:
            method: GET, POST, ...
            url: Absolute URL.
            deadline_s: Seconds for the whole exchange, with its retries.
            max_bytes: Largest body.
            connect_s: Seconds for connecting; None for the whole deadline.
            body: Sent as it is.
            headers: Beside those of the client.
            into: Empty file for the body; None to have it in the answer.
            truncate: Return the first `max_bytes` of a longer body instead of an error.
            retries: Further attempts on HttpUnreachable; a kept connection may have been closed by the server meanwhile.

        Raises:
            HttpError: In particular HttpUnreachable, HttpTimeout and HttpBadAnswer.
        """
        content = BytesIO() if into is None else into
        timeout = Timeout(connect=deadline_s if connect_s is None else min(connect_s, deadline_s), read=deadline_s)
        pools = self._pools_for(url)  # before the deadline begins: the files of authorities take long to read
        with deadline(deadline_s):
            while True:
                try:
                    with self._open(pools, method, url, body, headers or {}, timeout) as response:
                        _read(response, content, max_bytes, deadline_s, truncate)
                        return HttpAnswer(response.status, response.headers, b"" if into else _beginning(content, max_bytes))
                except HttpUnreachable:
                    if not retries:
                        raise
                    retries -= 1

    @contextmanager
    def _open(
        self, pools: PoolManager, method: str, url: str, body: bytes | None, headers: Mapping[str, str], timeout: Timeout
    ) -> Iterator[BaseHTTPResponse]:
        """Send a request; returns the response with its body unread."""
        try:
            response = pools.request(
                method,
                url,
                body=body,
                headers={**self._headers, **headers},
                timeout=timeout,
                retries=False,
                redirect=False,
                preload_content=False,
            )
        except (urllib3_errors.HTTPError, ValueError) as error:  # ValueError: a header or a name of a host that cannot be sent
            raise _classified(error, timeout) from error
        with closing(response):
            yield response

    def _pools_for(self, url: str) -> PoolManager:
        try:
            scheme = urlsplit(url).scheme
            if scheme not in ("http", "https"):
                raise ValueError(f"{url} is no URL of HTTP")
            if scheme not in self._pools:
                self._pools[scheme] = _DeadlinePoolManager(tls_context(*self._tls) if scheme == "https" else None)
            return self._pools[scheme]
        except (OSError, ValueError) as error:
            raise HttpError(str(error)) from error


class _DeadlineHttpConnection(HTTPConnection):
    def _new_conn(self) -> DeadlineSocket:
        return _connected(self)


class _DeadlineHttpsConnection(HTTPSConnection):
    def _new_conn(self) -> DeadlineSocket:
        return _connected(self)


def _connected(conn: HTTPConnection) -> DeadlineSocket:
    """Connect in place of urllib3, with its errors."""
    try:
        return connect(conn._dns_host, conn.port or conn.default_port, conn.timeout or 0.0)
    except TimeoutError as error:
        raise urllib3_errors.ConnectTimeoutError(conn, "no connection in time") from error
    except (OSError, UnicodeError) as error:
        raise urllib3_errors.NewConnectionError(conn, str(error)) from error


class _DeadlineHttpPool(HTTPConnectionPool):
    ConnectionCls = _DeadlineHttpConnection


class _DeadlineHttpsPool(HTTPSConnectionPool):
    ConnectionCls = _DeadlineHttpsConnection


class _DeadlinePoolManager(PoolManager):
    """A PoolManager whose connections obey the deadline in force."""

    def __init__(self, ssl_context: ssl.SSLContext | None) -> None:
        super().__init__(ssl_context=ssl_context)
        self.pool_classes_by_scheme = {"http": _DeadlineHttpPool, "https": _DeadlineHttpsPool}


def _classified(error: Exception, timeout: Timeout) -> HttpError:
    """The error of this module for one that came before an answer began."""
    if isinstance(error, urllib3_errors.NewConnectionError):
        return HttpUnreachable(root_cause(error))
    if isinstance(error, urllib3_errors.ConnectTimeoutError):
        return HttpUnreachable(f"no connection within {timeout.connect_timeout:g} s")
    if isinstance(error, urllib3_errors.TimeoutError) or _is_timeout(error):
        return HttpTimeout(f"no answer within {timeout.read_timeout:g} s", sent=True)
    if isinstance(error, urllib3_errors.SSLError):
        return HttpUnreachable(f"TLS: {root_cause(error)}")
    if isinstance(error, urllib3_errors.ProtocolError):
        return HttpUnreachable(f"the connection ended without an answer: {root_cause(error)}", sent=True)
    return HttpError(f"the request cannot be made: {root_cause(error)}")


def _is_timeout(error: BaseException) -> bool:
    """Whether the deadline ended the sending of a request, which urllib3 does not distinguish from other failures."""
    return any(isinstance(cause, TimeoutError) for cause in (error.__cause__, error.__context__))


def _read(response: BaseHTTPResponse, into: IO[bytes], max_bytes: int, deadline_s: float, truncate: bool) -> None:
    """Write the body into a file as it arrives: `read` of a given size would lose the last part of one that ends early."""
    status = response.status
    try:
        while chunk := response.read1(CHUNK, decode_content=True):
            into.write(chunk)
            if into.tell() > max_bytes:
                break
    except urllib3_errors.TimeoutError as error:
        raise HttpTimeout(f"no whole answer within {deadline_s:g} s", sent=True, status=status, body=_beginning(into)) from error
    except urllib3_errors.HTTPError as error:
        raise HttpBadAnswer(f"the answer ends early: {root_cause(error)}", sent=True, status=status, body=_beginning(into)) from error
    if into.tell() > max_bytes and not truncate:
        limit = f"{max_bytes >> 20} MB" if max_bytes >= 1 << 20 else f"{max_bytes >> 10} kB"
        raise HttpBadAnswer(f"the answer is longer than {limit}", sent=True, status=status, body=_beginning(into))


def _beginning(file: IO[bytes], size: int = KEPT_BYTES) -> bytes:
    file.seek(0)
    return file.read(size)


def root_cause(error: BaseException) -> str:
    """Type and text of the error at the root of a chain of causes."""
    inner = error.__cause__ or error.__context__ or next((cause for cause in error.args if isinstance(cause, BaseException)), None)
    inner = inner or getattr(error, "reason", None)
    return root_cause(inner) if isinstance(inner, BaseException) else f"{type(error).__name__}: {error}"[:500]
