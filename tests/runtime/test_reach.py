"""Why a server can't be reached, in words: the judging by tables, and all of it against servers that are so."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from plugin_server.runtime import reach

URL = "https://desk.example.com"
SETTING = "helpdesk.url"
PAGE = b"<!doctype html><title>Sign in</title>"
JSON = {"Content-Type": "application/json; charset=utf-8"}
HTML = {"Content-Type": "text/html"}


@pytest.mark.parametrize(
    ("status", "headers", "body", "words", "todo"),
    [
        (302, {"Location": "https://desk.example.com/login"}, b"", "on to another page, /login", "sign-in"),
        (
            301,
            {"Location": "https://help.example.com/"},
            b"",
            "on to https://help.example.com",
            "Write that in helpdesk",
        ),
        (200, HTML, PAGE, "a web page where data", "let calls to it through"),
        (404, HTML, PAGE, "no such page at desk.example.com: /desk/api", "another program"),
        (407, HTML, PAGE, "asks for a sign-in (407)", "proxy"),
        (502, HTML, PAGE, "answered 502", "Check whether that server runs"),
        (500, HTML, PAGE, "answered 500 with a web page", "log"),
        (418, {"Content-Type": "text/plain"}, b"tea", "answered 418 with something else", "Check helpdesk.url"),
        (400, HTML, b"The plain HTTP request was sent to HTTPS port", "speaks https", "Write https://"),
    ],
)
def test_an_answer_of_somebody_else(status: int, headers: dict[str, str], body: bytes, words: str, todo: str) -> None:
    trouble = reach.of_answer(status, headers, body, f"{URL}/desk/api", SETTING)
    assert trouble is not None
    assert words in trouble.words, trouble
    assert todo in trouble.todo, trouble


def test_a_redirect_to_https_names_the_address_to_write() -> None:
    trouble = reach.of_answer(301, {"Location": f"{URL}/api"}, b"", "http://desk.example.com/api", SETTING)
    assert trouble == reach.Trouble("desk.example.com wants https.", "Write https://desk.example.com in helpdesk.url.")


@pytest.mark.parametrize("status", [200, 401, 403, 404, 422, 500])
def test_data_of_any_status_may_be_the_server_itself(status: int) -> None:
    assert reach.of_answer(status, JSON, b"{}", URL, SETTING) is None


@pytest.mark.parametrize(
    ("code", "words"),
    [(18, "signed by itself"), (10, "has expired"), (9, "not valid yet"), (62, "another name"), (20, "does not know")],
)
def test_what_is_wrong_with_a_certificate(code: int, words: str) -> None:
    error = ssl.SSLCertVerificationError()
    error.verify_code, error.verify_message = code, "…"
    assert words in reach.of_error(error, URL, SETTING).words


def test_an_unknown_host() -> None:
    error = aiohttp.ClientConnectorError(None, socket.gaierror(-2, "Name or service not known"))  # type: ignore[arg-type]
    assert reach.of_error(error, URL, SETTING).words == "Nobody knows the host desk.example.com."


def test_what_nobody_foresaw_is_told_with_its_reason() -> None:
    trouble = reach.of_error(OSError(113, "No route to host"), URL, SETTING)
    assert "desk.example.com can't be reached on port 443: [Errno 113] No route to host." in trouble.words


def certificate(folder: Path, *, name: str = "127.0.0.1", days: int = 30) -> ssl.SSLContext:
    """A server's side with a certificate that it has signed itself; ``days`` until it ends, or since it ended."""
    key = ec.generate_private_key(ec.SECP256R1())
    who = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "deskhours test")])
    now = datetime.now(UTC)
    other: x509.GeneralName = x509.IPAddress(ip_address(name)) if name[0].isdigit() else x509.DNSName(name)
    made = (
        x509.CertificateBuilder()
        .subject_name(who)
        .issuer_name(who)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=60))
        .not_valid_after(now + timedelta(days=days))
        .add_extension(x509.SubjectAlternativeName([other]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = folder / "server.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    pem.write_bytes(private + made.public_bytes(serialization.Encoding.PEM))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    return context


@asynccontextmanager
async def serving(context: ssl.SSLContext | None = None, **answer: object) -> AsyncIterator[str]:
    """A server that answers everything alike; gives host and port."""

    async def handle(_: web.Request) -> web.Response:
        return web.Response(**answer)  # type: ignore[arg-type]

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", handle)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=context)
    await site.start()
    try:
        host, port = runner.addresses[0][:2]
        yield f"{host}:{port}"
    finally:
        await runner.cleanup()


async def look(url: str, *, trust: Path | None = None, seconds: float = 5) -> reach.Trouble | None:
    context = ssl.create_default_context(cafile=str(trust)) if trust else True
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=context)) as session:
        return await reach.look(session, f"{url}/api/v1/users/me", SETTING, seconds=seconds)


async def words_of(url: str, **options: object) -> str:
    trouble = await look(url, **options)  # type: ignore[arg-type]
    assert trouble is not None
    return str(trouble)


async def test_a_certificate_signed_by_itself(tmp_path: Path) -> None:
    async with serving(certificate(tmp_path), text="{}", content_type="application/json") as where:
        assert "signed by itself" in await words_of(f"https://{where}")
        assert await look(f"https://{where}", trust=tmp_path / "server.pem") is None


async def test_a_certificate_that_has_expired(tmp_path: Path) -> None:
    async with serving(certificate(tmp_path, days=-1)) as where:
        assert "has expired" in await words_of(f"https://{where}", trust=tmp_path / "server.pem")


async def test_a_certificate_for_another_name(tmp_path: Path) -> None:
    async with serving(certificate(tmp_path, name="other.example.com")) as where:
        assert "another name than 127.0.0.1" in await words_of(f"https://{where}", trust=tmp_path / "server.pem")


async def test_http_where_https_was_typed() -> None:
    async with serving() as where:
        assert "does not speak https" in await words_of(f"https://{where}")


async def test_https_where_http_was_typed(tmp_path: Path) -> None:
    async with serving(certificate(tmp_path)) as where:
        assert "must begin with https://" in await words_of(f"http://{where}")


async def test_nothing_there(free_port: Callable[[], int]) -> None:
    port = free_port()
    assert f"Nothing answers at 127.0.0.1 on port {port}." in await words_of(f"http://127.0.0.1:{port}")


async def test_no_answer_in_time() -> None:
    asked = asyncio.Event()

    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readline()
        asked.set()
        await reader.read()  # until the caller has gone
        writer.close()

    server = await asyncio.start_server(silent, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        assert "did not answer in time" in await words_of(f"http://127.0.0.1:{port}", seconds=0.2)
    assert asked.is_set()


async def test_a_page_a_redirect_and_a_path_too_much() -> None:
    async with serving(body=PAGE, content_type="text/html") as where:
        assert "a web page where data were expected" in await words_of(f"http://{where}")
    async with serving(status=302, headers={"Location": "https://help.example.com/login"}) as where:
        assert "sends calls on to https://help.example.com" in await words_of(f"http://{where}")
    async with serving(status=404, body=PAGE, content_type="text/html") as where:
        assert "/zammad/api/v1/users/me" in await words_of(f"http://{where}/zammad")


async def test_no_web_server_at_all() -> None:
    async def greet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 mail.example.com ESMTP\r\n")
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(greet, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        assert "no web server that can be understood" in await words_of(f"http://127.0.0.1:{port}")
