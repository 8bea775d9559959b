"""What a feature shows in the panel.

A feature's ``section.py`` offers a :class:`Section`; ``panel/`` lists the sections and composes what they return. So
no feature imports ``panel/``, and the panel knows no feature's rules.
"""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar

from markupsafe import Markup

from plugin_server.runtime.caller import Caller

Known = TypeVar("Known")


@dataclass(frozen=True)
class PanelRequest:
    """What a section may know: who looks at which ticket, in which language, and what was just typed.

    ``values`` and ``errors`` are the form's, by field name, when they were refused and are to be shown again.
    """

    caller: Caller
    ticket_id: int
    lang: str
    values: Mapping[str, str] = field(default_factory=dict)
    errors: Mapping[str, str] = field(default_factory=dict)
    _known: dict[str, Any] = field(default_factory=dict, compare=False, repr=False)

    async def once(self, name: str, ask: Callable[[], Awaitable[Known]]) -> Known:
        """What several sections need, found out by the first that asks."""
        if name not in self._known:
            self._known[name] = await ask()
        known: Known = self._known[name]
        return known


@dataclass(frozen=True)
class Region:
    """A part of the panel that is swapped as a whole, and only when its content changed."""

    name: str
    html: Markup
    tag: str = "div"

    @property
    def rev(self) -> str:
        """Changes exactly when the content does."""
        return hashlib.blake2s(self.html.encode(), digest_size=6).hexdigest()


@dataclass(frozen=True)
class Contribution:
    """A section's part of the panel.

    ``state``, ``band`` and ``poll`` (seconds until the panel asks again) are ``None`` where the section has no say.
    ``alerts`` stand at the panel's top, ``notes`` (news, no error) below them; ``placed`` names the errors that the
    section shows beside their fields (any others join the alerts); ``marks`` are further ``data-`` attributes of the
    panel's root, for the extension; ``data`` is the section's part of the JSON form.
    """

    regions: tuple[Region, ...] = ()
    state: str | None = None
    band: str | None = None
    locked: bool = False
    poll: float | None = None
    alerts: tuple[Markup, ...] = ()
    notes: tuple[Markup, ...] = ()
    placed: frozenset[str] = frozenset()
    marks: Mapping[str, str] = field(default_factory=dict)
    data: Mapping[str, object] = field(default_factory=dict)


class Section(Protocol):
    """One feature's part of the panel."""

    async def render(self, request: PanelRequest) -> Contribution: ...
