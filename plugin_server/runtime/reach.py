"""Why another server could not be reached at the address a person has typed, in words, and what to change.

For setting things up and checking them; the running service tells people less and tries again. ``setting`` is the name
of what was typed, as the manifest has it: ``helpdesk.url``.
"""

from __future__ import annotations

import socket
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeVar
from urllib.parse import urljoin, urlsplit

import aiohttp

from plugin_server.runtime.i18n import later

Error = TypeVar("Error", bound=BaseException)

_LOGIN_STATUSES = (200, 401, 403)


@dataclass(frozen=True)
class Trouble:
    """What happened (``words``) and what to do about it (``todo``), each a sentence for people."""

    words: str
    todo: str

    def __str__(self) -> str:
        return f"{self.words} {self.todo}"


async def look(session: aiohttp.ClientSession, url: str, setting: str, *, seconds: float = 10) -> Trouble | None:
    """Call an address that answers with JSON, whatever its status; what stands in the way, or None."""
    options = {"timeout": aiohttp.ClientTimeout(total=seconds), "headers": {"Accept": "application/json"}}
    try:
        async with session.get(url, allow_redirects=False, **options) as response:  # type: ignore[arg-type]
            return of_answer(response.status, response.headers, await response.read(), url, setting)
    except (TimeoutError, aiohttp.ClientError, OSError, ValueError) as error:
        return of_error(error, url, setting)


def of_error(error: BaseException, url: str, setting: str) -> Trouble:
    """The trouble behind an exception of aiohttp's client, or of the one below it."""
    host, port = _host(url), _port(url)
    certificate = _find(error, ssl.SSLCertVerificationError)
    if certificate is not None:
        return _certificate(certificate, host, setting)
    if _find(error, ssl.SSLError) is not None:
        words = f"{host} does not speak https on port {port}."
        return Trouble(words, f"Write http:// in {setting} if that is meant, or the port where https answers.")
    if isinstance(error, aiohttp.ClientHttpProxyError):
        return _proxy(error.status)
    if _find(error, socket.gaierror) is not None or isinstance(error, aiohttp.ClientConnectorDNSError):
        words = later("Nobody knows the host {host}.").format(host=host)
        todo = later("Check how it is spelled in {setting}, and this machine's name server.")
        return Trouble(words, todo.format(setting=setting))
    if _find(error, ConnectionRefusedError) is not None:
        words = later("Nothing answers at {host} on port {port}.").format(host=host, port=port)
        todo = later("Check host and port in {setting}, and whether the server there runs.")
        return Trouble(words, todo.format(setting=setting))
    if isinstance(error, TimeoutError | aiohttp.ServerTimeoutError):
        words = later("{host} did not answer in time.").format(host=host)
        todo = later("Check {setting}, and whether a firewall stands between this machine and port {port}.")
        return Trouble(words, todo.format(setting=setting, port=port))
    if isinstance(error, aiohttp.ServerDisconnectedError) or _find(error, ConnectionResetError) is not None:
        words = later("{host} closed the connection on port {port} without an answer.").format(host=host, port=port)
        other = "http" if urlsplit(url).scheme == "https" else "https"
        todo = later("Check whether {setting} must begin with {other}://, and the log of the server there.")
        return Trouble(words, todo.format(setting=setting, other=other))
    if isinstance(error, aiohttp.ClientResponseError | aiohttp.ClientPayloadError):
        words = f"What answers at {host} on port {port} is no web server that can be understood."
        return Trouble(words, f"Check host and port in {setting}.")
    if isinstance(error, aiohttp.InvalidURL):
        return Trouble(f"{url} is no address.", f"Write {setting} as https://host.")
    reason = str(error) or type(error).__name__
    return Trouble(f"{host} can't be reached on port {port}: {reason}.", f"Check {setting} and the network between.")


def of_answer(status: int, headers: Mapping[str, str], body: bytes, url: str, setting: str) -> Trouble | None:
    """The trouble behind an answer that is none of the server meant; None for one that may be: JSON, of any status
    but a proxy's. ``url`` is the address that was called; redirects must not have been followed."""
    if status == 407:
        return _proxy(status)
    if 300 <= status < 400:
        return _redirect(headers.get("Location", ""), url, setting)
    if "json" in headers.get("Content-Type", ""):
        return None
    host = _host(url)
    if status == 400 and b"plain HTTP request was sent to HTTPS port" in body:
        return Trouble(f"{host} speaks https there, not http.", f"Write https:// in {setting}.")
    if status in (502, 503, 504):
        words = later("A proxy before {host} answered {status}: it does not reach the server behind it.")
        todo = later("Check whether that server runs; its start may take some minutes.")
        return Trouble(words.format(host=host, status=status), todo)
    if status == 404:
        words = f"There is no such page at {host}: {urlsplit(url).path}."
        return Trouble(words, f"Check {setting}: another program answers there, or the path is not the one meant.")
    kind = "a web page" if b"<html" in body[:2000].lower() or b"<!doctype" in body[:2000].lower() else "something else"
    if kind == "a web page" and status in _LOGIN_STATUSES:
        words = f"{host} answered with a web page where data were expected."
        todo = "A sign-in in front of it, a proxy or another program may stand there: let calls to it through, or"
        return Trouble(words, f"{todo} correct {setting}.")
    words = f"{host} answered {status} with {kind} where data were expected."
    return Trouble(words, f"Check {setting}, and the log of the server there.")


def _certificate(error: ssl.SSLCertVerificationError, host: str, setting: str) -> Trouble:
    """Source of the codes: OpenSSL's ``X509_V_ERR`` numbers."""
    if error.verify_code in (18, 19):
        return Trouble(
            f"The certificate of {host} is signed by itself, or by an authority that only it knows.",
            "Give it a certificate of a known authority, or name the authority's file in the variable SSL_CERT_FILE.",
        )
    if error.verify_code == 10:
        words = later("The certificate of {host} has expired.").format(host=host)
        return Trouble(words, later("Renew it on that server."))
    if error.verify_code == 9:
        return Trouble(
            f"The certificate of {host} is not valid yet.", "Check the clocks of that server and of this machine."
        )
    if error.verify_code in (62, 64):
        return Trouble(
            f"The certificate that answers is for another name than {host}.",
            f"Write in {setting} the name that it was made for.",
        )
    if error.verify_code in (2, 20, 21):
        return Trouble(
            f"The certificate of {host} is signed by an authority that this machine does not know.",
            "Let that server send the certificates between, too, or name the authority's file in SSL_CERT_FILE.",
        )
    return Trouble(f"The certificate of {host} is refused: {error.verify_message}.", "Put it right on that server.")


def _redirect(location: str, url: str, setting: str) -> Trouble:
    target = urlsplit(urljoin(url, location))
    here = urlsplit(url)
    origin = f"{target.scheme}://{target.netloc}"
    if target.hostname == here.hostname and (here.scheme, target.scheme) == ("http", "https"):
        return Trouble(f"{here.hostname} wants https.", f"Write {origin} in {setting}.")
    if target.netloc == here.netloc:
        words = f"{here.hostname} sends the call on to another page, {target.path}, as for a sign-in."
        return Trouble(words, f"Check {setting}; a sign-in in front of the server must let calls to it through.")
    return Trouble(f"{here.hostname} sends calls on to {origin}.", f"Write that in {setting} if it is the right one.")


def _proxy(status: int) -> Trouble:
    if status == 407:
        words = "The proxy between asks for a sign-in (407)."
        return Trouble(words, "Let this machine call the address without the proxy; Deskhours uses none by itself.")
    return Trouble(f"The proxy between refused the connection ({status}).", "Let this machine through.")


def _host(url: str) -> str:
    return urlsplit(url).hostname or url


def _port(url: str) -> int:
    parts = urlsplit(url)
    return parts.port or (443 if parts.scheme == "https" else 80)


def _find(error: BaseException | None, kind: type[Error]) -> Error | None:
    """The exception of this kind in a chain. aiohttp's own, which only look like one of ssl's or the system's, keep it
    as ``certificate_error`` or ``os_error``, else as the cause."""
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        below = getattr(error, "certificate_error", None) or getattr(error, "os_error", None)
        if isinstance(error, kind) and below is None:
            return error
        error = below or error.__cause__ or error.__context__
    return None
