"""How one simulated helpdesk is set up, and the typed keys under which an application keeps its parts."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from aiohttp import web

from .database import Pool

SEED = Path(__file__).resolve().parents[1] / "seed.json"
"""The people, groups and tickets that the simulated Harvest knows too."""

COOKIE = "_zammad_session_d35c40a5e11"
"""Zammad names its session cookie after the installation: a fixed prefix and 11 hexadecimal digits."""


@dataclass(frozen=True)
class Settings:
    """What differs between two installations.

    ``product_url`` is the origin of the OAuth application (its redirect path comes from the seed), ``public_url`` the
    origin under which browsers reach this server. ``bare``: a Zammad that nobody has prepared for the product yet,
    without its application, service user and roles; it counts when the database is filled.
    """

    seed: Path = SEED
    product_url: str = "http://127.0.0.1:8700"
    public_url: str = "http://127.0.0.1:8701"
    bare: bool = False


POOL: web.AppKey[Pool] = web.AppKey("pool")
SETTINGS: web.AppKey[Settings] = web.AppKey("settings", Settings)
