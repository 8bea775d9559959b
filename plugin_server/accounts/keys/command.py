"""``deskhours keys``: changing keys, with somebody looking on. Run by :mod:`plugin_server.cli`."""

from __future__ import annotations

import argparse
from typing import TextIO

from plugin_server.accounts.keys.service import Held, TokenKeys


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What can be done."""
    parser.add_argument(
        "action",
        choices=["status", "rotate-tokens"],
        help="status: how many grants each of server.token_keys holds; rotate-tokens: encrypt all with the first one",
    )


async def run(keys: TokenKeys, options: argparse.Namespace, stream: TextIO) -> int:
    """Do what the options say, and tell on ``stream``. 0: only the first key is needed; 1: others hold grants still."""
    if options.action == "rotate-tokens":
        done = await keys.rotate()
        stream.write(f"{done} grant(s) encrypted with the first key\n")
    held = await keys.held()
    stream.writelines(f"{line}\n" for line in _lines(held))
    return 0 if held.settled else 1


def _lines(held: Held) -> list[str]:
    lines = []
    for number, count in enumerate(held.by_key, 1):
        name = "the first key" if number == 1 else f"key {number}"
        words = f"{name} of server.token_keys: {count} grant(s)"
        if number > 1:
            words += "; needed until keys rotate-tokens has run" if count else "; it is new, or may be removed"
        lines.append(words)
    if held.settled and len(held.by_key) > 1:
        lines.append("Remove the others only when every server and worker runs with the first key in front.")
    if held.unreadable:
        lines.append(
            f"{held.unreadable} grant(s) can't be read with any of these keys: put the key back that they were"
            " encrypted with, or those people connect again"
        )
    return lines
