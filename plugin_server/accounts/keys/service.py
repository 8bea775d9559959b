"""Changing the key that tokens are encrypted with, while servers and workers go on using them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass

from cryptography.fernet import Fernet, InvalidToken

from plugin_server.accounts.crypto import Vault
from plugin_server.accounts.keys import store
from plugin_server.accounts.keys.store import Sealed
from plugin_server.runtime.database import Pool

BATCH = 200
PASSES = 3
"""A token that was renewed while we were at it is looked at again, so often at most."""


@dataclass(frozen=True)
class Held:
    """How many grants each key holds, in the manifest's order; and how many none of them opens. A grant is an agent's
    access to one system; it counts for every key that one of its two tokens needs."""

    by_key: tuple[int, ...]
    unreadable: int

    @property
    def settled(self) -> bool:
        """Whether only the first key is needed."""
        return not any(self.by_key[1:])


class TokenKeys:
    """The manifest's ``server.token_keys``: the first encrypts, all decrypt."""

    def __init__(self, pool: Pool, keys: Sequence[str]) -> None:
        self._pool = pool
        self._keys = [Fernet(key) for key in keys]
        self._vault = Vault(keys)

    async def held(self) -> Held:
        """Count what each key holds."""
        counts, unreadable = [0] * len(self._keys), 0
        async for grant in self._grants():
            holders = {self._holder(grant.access), self._holder(grant.refresh)}
            unreadable += None in holders
            for number in holders - {None}:
                assert number is not None
                counts[number] += 1
        return Held(tuple(counts), unreadable)

    async def rotate(self) -> int:
        """Encrypt with the first key what another one holds, and say how many grants that were.

        Each grant is replaced by itself, and only if it still is what was read: nothing is held up, a token that is
        renewed meanwhile is not overwritten, and who is cut off begins again without harm.
        """
        done = 0
        for _pass in range(PASSES):
            missed = 0
            async for grant in self._grants():
                holders = {self._holder(grant.access), self._holder(grant.refresh)}
                if None in holders or holders == {0}:
                    continue
                sealed = [self._vault.seal(self._vault.open(token)) for token in (grant.access, grant.refresh)]
                if await store.replace(self._pool, grant, *sealed):
                    done += 1
                else:
                    missed += 1
            if not missed:
                break
        return done

    async def _grants(self) -> AsyncIterator[Sealed]:
        place = store.FIRST
        while batch := await store.after(self._pool, place, BATCH):
            for grant in batch:
                yield grant
            place = batch[-1].place

    def _holder(self, sealed: bytes) -> int | None:
        """Which key opens it."""
        for number, key in enumerate(self._keys):
            try:
                key.decrypt(sealed)
            except InvalidToken:
                continue
            return number
        return None
