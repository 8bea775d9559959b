"""A small SMTP server that takes mails, or misbehaves as it is told; a session at a time is all it needs."""

from __future__ import annotations

import asyncio
import base64
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path


class MailServer:
    """What a test may set, and the mails that were handed in. ``replies`` answers a command otherwise, by its word
    (``"RCPT": "550 no such person"``); ``drop_after_data`` so many times takes a mail and hangs up."""

    def __init__(self, certificate: Path | None = None) -> None:
        self.replies: dict[str, str] = {}
        self.drop_after_data = 0
        self.credentials: tuple[str, str] | None = None
        self.mails: list[EmailMessage] = []
        self.commands: list[str] = []
        self.port = 0
        self.hold: asyncio.Event | None = None  # a mail is taken, and answered when it is set
        self.taken = asyncio.Event()
        self._context: ssl.SSLContext | None = None
        if certificate is not None:
            self._context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
            self._context.load_cert_chain(certificate)

    @asynccontextmanager
    async def running(self, port: int = 0) -> AsyncIterator[MailServer]:
        """The server, on a port of 127.0.0.1."""
        server = await asyncio.start_server(self._serve, "127.0.0.1", port)
        self.port = server.sockets[0].getsockname()[1]
        try:
            yield self
        finally:
            server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await self._session(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError, ssl.SSLError):
            pass  # the other side has hung up, or does not trust us
        finally:
            writer.close()

    async def _session(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        async def say(line: str) -> None:
            writer.write(f"{line}\r\n".encode())
            await writer.drain()

        await say("220 mail.example.com ready")
        while line := (await reader.readline()).decode():
            word = line.split()[0].upper() if line.split() else ""
            self.commands.append(line.strip())
            if word in self.replies:
                await say(self.replies[word])
            elif word == "EHLO":
                more = ["STARTTLS"] if self._context else []
                more += ["AUTH PLAIN"] if self.credentials else []
                lines = ["mail.example.com", *more, "8BITMIME"]
                for one in lines[:-1]:
                    await say(f"250-{one}")
                await say(f"250 {lines[-1]}")
            elif word == "STARTTLS" and self._context:
                await say("220 go on")
                await writer.start_tls(self._context)
            elif word == "AUTH":
                given = base64.b64decode(line.split()[2]).decode().split("\0")
                await say("235 welcome" if tuple(given[1:]) == self.credentials else "535 5.7.8 no")
            elif word == "DATA":
                await say("354 go on")
                body = (await reader.readuntil(b"\r\n.\r\n"))[:-3].replace(b"\r\n..", b"\r\n.")
                self.mails.append(message_from_bytes(body, policy=policy.default))  # type: ignore[arg-type]
                self.taken.set()
                if self.hold is not None:
                    await self.hold.wait()
                if self.drop_after_data:
                    self.drop_after_data -= 1
                    return
                await say("250 taken")
            elif word == "QUIT":
                await say("221 bye")
                return
            else:
                await say("250 ok")
