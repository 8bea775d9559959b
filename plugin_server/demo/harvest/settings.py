"""What the simulator is told at its start."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

SEED = Path(__file__).resolve().parent.parent / "seed.json"


@dataclass(frozen=True)
class RateLimit:
    """At most ``calls`` API calls of one account within ``seconds``."""

    calls: int
    seconds: int

    @classmethod
    def parse(cls, text: str) -> RateLimit | None:
        """Read ``100/15``; ``off`` means no limit. Raises ValueError for anything else."""
        if text == "off":
            return None
        match = re.fullmatch(r"([1-9]\d*)/([1-9]\d*)", text)
        if match is None:
            raise ValueError(f"a rate limit is written calls/seconds, or off: {text!r}")
        return cls(int(match[1]), int(match[2]))


@dataclass(frozen=True)
class Settings:
    """Addresses carry no trailing slash; ``database`` is a PostgreSQL URL of a database of its own."""

    database: str
    host: str = "127.0.0.1"
    port: int = 8702
    seed: Path = SEED
    public_url: str = "http://127.0.0.1:8702"
    product_url: str = "http://127.0.0.1:8700"
    helpdesk_url: str = "http://127.0.0.1:8701"
    rate_limit: RateLimit | None = None

    @property
    def domain(self) -> str:
        """Host and port under which people reach the web pages (``company.full_domain``)."""
        return urlsplit(self.public_url).netloc
