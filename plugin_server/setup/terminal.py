"""Where setup speaks with a person: what is told, what is asked, and whether anybody is there."""

from __future__ import annotations

import asyncio
import getpass
import sys
import textwrap
from dataclasses import dataclass, field
from typing import TextIO

WIDTH = 80


@dataclass
class Terminal:
    """Standard output for what was asked for, standard error for what went wrong."""

    out: TextIO = field(default_factory=lambda: sys.stdout)
    err: TextIO = field(default_factory=lambda: sys.stderr)

    @property
    def attended(self) -> bool:
        """Whether somebody can answer."""
        return sys.stdin is not None and sys.stdin.isatty()

    def tell(self, text: str = "") -> None:
        print(text, file=self.out, flush=True)

    def complain(self, text: str) -> None:
        for line in text.splitlines():
            print(textwrap.fill(line, WIDTH, break_long_words=False, break_on_hyphens=False), file=self.err, flush=True)

    def secret(self, question: str) -> str:
        """What is typed without being shown; empty text when there is no answer."""
        try:
            return getpass.getpass(question).strip()
        except EOFError:
            return ""

    async def agreed(self, question: str) -> bool:
        """Whether the answer is yes; anything else is no."""
        self.out.write(question)
        self.out.flush()
        # Waiting within readline would not let Ctrl-C through.
        typed, loop = asyncio.Event(), asyncio.get_running_loop()
        loop.add_reader(sys.stdin.fileno(), typed.set)
        try:
            await typed.wait()
        finally:
            loop.remove_reader(sys.stdin.fileno())
        return sys.stdin.readline().strip().lower() in ("y", "yes")
