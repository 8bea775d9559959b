"""Tables as people download them."""

from __future__ import annotations

import csv
import io

BYTE_ORDER_MARK = "\ufeff"


def table(text: str) -> list[dict[str, str]]:
    """A downloaded CSV's rows by the names of its head; spreadsheets need it to begin with a byte order mark."""
    assert text.startswith(BYTE_ORDER_MARK), text[:80]
    return list(csv.DictReader(io.StringIO(text.removeprefix(BYTE_ORDER_MARK), newline="")))
