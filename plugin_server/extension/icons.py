"""Icons of one's own, looked at before browsers refuse them."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path

SIZES = (16, 32, 48, 128)
"""Pixels of a side: toolbar, its high-density form, the list of extensions, stores."""

_SIGNATURE = b"\x89PNG\r\n\x1a\n"


class IconsRefused(Exception):
    """Icons that can't be used; a line for each."""

    def __init__(self, lines: list[str]) -> None:
        super().__init__("\n".join(lines))


def read(folder: Path) -> dict[str, bytes]:
    """The icons of a folder by their names in the package, ``icons/icon-16.png`` and so on.

    Raises :class:`IconsRefused` with a line for each that is missing, no PNG, or of another size.
    """
    found, wrong = {}, []
    for size in SIZES:
        path = folder / f"icon-{size}.png"
        try:
            content = path.read_bytes()
        except OSError as error:
            wrong.append(f"{path}: can't be read: {error.strerror}")
            continue
        if trouble := _trouble(content, size):
            wrong.append(f"{path}: {trouble}")
        found[f"icons/{path.name}"] = content
    if wrong:
        raise IconsRefused(wrong)
    return found


def _trouble(content: bytes, size: int) -> str | None:
    """What is wrong with a PNG file (W3C's PNG specification, 5 and 11.2.1); None when nothing is."""
    if not content.startswith(_SIGNATURE):
        return "is no PNG file"
    kinds: list[bytes] = []
    place = len(_SIGNATURE)
    while place < len(content):
        length, kind = struct.unpack(">I4s", content[place : place + 8].ljust(8, b"\0"))
        body = content[place + 4 : place + 8 + length]
        if content[place + 8 + length : place + 12 + length] != struct.pack(">I", zlib.crc32(body)):
            return "is a damaged PNG file"
        if not kinds and kind == b"IHDR":
            width, height = struct.unpack(">II", body[4:12])
            if (width, height) != (size, size):
                return f"is {width} × {height} pixels; expected {size} × {size}"
        kinds.append(kind)
        place += 12 + length
    complete = kinds[:1] == [b"IHDR"] and b"IDAT" in kinds and kinds[-1] == b"IEND"
    return None if complete else "is a damaged PNG file"
