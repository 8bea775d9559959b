"""Archives that are the same, byte for byte, whoever makes them, wherever and whenever."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping

_LONG_AGO = (1980, 1, 1, 0, 0, 0)  # the first moment that the format knows
_UNIX = 3
_PLAIN_FILE = 0o100644 << 16


def pack(files: Mapping[str, bytes]) -> bytes:
    """A zip archive of these files, in the order of their names.

    Stored, not compressed: what a compressor makes of the same bytes differs from one version of zlib to the next.
    Stores and browsers compress by themselves.
    """
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_STORED) as archive:
        for name in sorted(files):
            entry = zipfile.ZipInfo(name, _LONG_AGO)
            entry.create_system = _UNIX
            entry.external_attr = _PLAIN_FILE
            archive.writestr(entry, files[name])
    return made.getvalue()
